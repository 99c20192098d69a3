/* Public keys as strangers publish them: every way to be wrong is told before
 * any cryptography sees the key. */
#include "base/base64.h"
#include "base/buf.h"
#include "crypto/privkey.h"
#include "crypto/pubkey.h"
#include "test.h"

static void put_length(struct buf *b, size_t n)
{
	if (n >= 256) {
		buf_putc(b, (char)0x82);
		buf_putc(b, (char)(n >> 8));
	} else if (n >= 128) {
		buf_putc(b, (char)0x81);
	}
	buf_putc(b, (char)(n & 0xff));
}

static str element(struct arena *a, unsigned char type, str content)
{
	struct buf b = buf_of(a, 1 << 17);

	buf_putc(&b, (char)type);
	put_length(&b, content.n);
	buf_put(&b, content);
	return buf_str(&b);
}

static str two(struct arena *a, str x, str y)
{
	struct buf b = buf_of(a, 1 << 17);

	buf_put(&b, x);
	buf_put(&b, y);
	return buf_str(&b);
}

/* An odd number of so many bits, as the content of an INTEGER. */
static str odd(struct arena *a, unsigned bits)
{
	size_t n = bits / 8 + 1;
	char *p = arena_alloc(a, n);

	p[n - 1] = 1;
	p[(n * 8 - bits) / 8] |= (char)(1 << ((bits - 1) % 8));
	if (p[0] == 0 && n > 1 && !((unsigned char)p[1] & 0x80))
		return (str){ p + 1, n - 1 };
	return (str){ p, n };
}

static str pkcs1(struct arena *a, str n, str e)
{
	return element(a, 0x30, two(a, element(a, 2, n), element(a, 2, e)));
}

static str spki(struct arena *a, str algorithm, str key)
{
	str bits = element(a, 3, two(a, (str){ "", 1 }, key));

	return element(a, 0x30, two(a, element(a, 0x30, algorithm), bits));
}

#define RSA_ID "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
#define F4 STR("\x01\x00\x01")

static const char *why_not(enum key_type type, str bytes)
{
	const char *why = NULL;
	struct pubkey *key = pubkey_new(type, bytes, &why);

	pubkey_free(key);
	assert_int_equal(key == NULL, why != NULL);
	return why ? why : "";
}

static void rsa_sizes_and_exponents(void **state)
{
	static const struct {
		unsigned bits;
		str e;
		const char *why;
	} cases[] = {
		{ 1024, STR_INIT("\x01\x00\x01"), "" },
		{ 512, STR_INIT("\x03"), "" }, /* read, and then too short */
		{ 8192, STR_INIT("\x03"), "" },
		{ 8193, STR_INIT("\x03"), "RSA key too large" },
		{ 16384, STR_INIT("\x03"), "RSA key too large" },
		{ 1024, STR_INIT("\x01"), "RSA exponent out of range" },
		{ 1024, STR_INIT("\x02"), "RSA exponent out of range" },
		{ 1024, STR_INIT("\x01\x00\x00"), "RSA exponent out of range" },
		{ 1024, STR_INIT("\x00\xff\xff\xff\xff"), "" },
		{ 1024, STR_INIT("\x01\x00\x00\x00\x01"),
		  "RSA exponent out of range" },
		{ 1024, STR_INIT("\x01\x00\x00\x00\x00\x01"),
		  "RSA exponent out of range" },
		{ 1024, STR_INIT("\x00"), "not an RSA public key" },
		{ 1024, STR_INIT(""), "not an RSA public key" },
		{ 1024, STR_INIT("\xff"), "not an RSA public key" },
		{ 1024, STR_INIT("\x00\x03"), "not an RSA public key" },
	};
	struct arena *a = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		str der = pkcs1(a, odd(a, cases[i].bits), cases[i].e);

		assert_string_equal(why_not(KEY_RSA, der), cases[i].why);
		der = spki(a, STR(RSA_ID "\x05\x00"), der);
		assert_string_equal(why_not(KEY_RSA, der), cases[i].why);
	}

	const char *why;
	struct pubkey *key = pubkey_new(KEY_RSA, pkcs1(a, odd(a, 1023), F4),
					&why);

	assert_non_null(key);
	assert_int_equal(pubkey_bits(key), 1023);
	pubkey_free(key);

	char even[128] = { 0x40 };

	assert_string_equal(why_not(KEY_RSA, pkcs1(a, (str){ even, 128 }, F4)),
			    "RSA modulus is not odd");
	arena_free(a);
}

/* Cut short, made longer, flipped anywhere: never read as a key by mistake of
 * ours; the sanitizers watch. */
static void der_is_strict(void **state)
{
	struct arena *a = arena_new(4096);
	str n = odd(a, 1024), key = pkcs1(a, n, F4);
	str good = spki(a, STR(RSA_ID "\x05\x00"), key);
	static const char not_rsa[] = "not an RSA public key";

	(void)state;
	assert_string_equal(why_not(KEY_RSA, good), "");
	assert_string_equal(why_not(KEY_RSA, spki(a, STR(RSA_ID), key)), "");
	for (size_t i = 0; i < good.n; i++)
		assert_string_equal(why_not(KEY_RSA, str_head(good, i)),
				    not_rsa);
	assert_string_equal(why_not(KEY_RSA, two(a, good, STR("x"))), not_rsa);
	assert_string_equal(why_not(KEY_RSA, two(a, key, STR("\0"))), not_rsa);
	assert_string_equal(
		why_not(KEY_RSA, spki(a, STR(RSA_ID "\x05\x00\x05\x00"), key)),
		not_rsa);
	assert_string_equal(why_not(KEY_RSA,
				    spki(a, STR("\x06\x03\x2b\x65\x70"), key)),
			    not_rsa);
	assert_string_equal(
		why_not(KEY_RSA, spki(a, STR(RSA_ID), two(a, key, STR("x")))),
		not_rsa);
	/* lengths that are not minimal, or indefinite */
	assert_string_equal(why_not(KEY_RSA, STR("\x30\x81\x06\x02\x01\x03"
						 "\x02\x01\x03")),
			    not_rsa);
	assert_string_equal(why_not(KEY_RSA, STR("\x30\x80\x02\x01\x03\x02\x01"
						 "\x03\x00\x00")),
			    not_rsa);
	for (size_t i = 0; i < good.n * 8; i++) {
		char *p = arena_cstr(a, good);

		p[i / 8] = (char)(p[i / 8] ^ 1 << i % 8);
		(void)why_not(KEY_RSA, (str){ p, good.n });
	}
	arena_free(a);
}

/* Little-endian y, as RFC 8032 writes a point. */
static str point(struct arena *a, unsigned char low, unsigned char middle,
		 unsigned char high)
{
	unsigned char *p = arena_alloc(a, 32);

	memset(p, middle, 32);
	p[0] = low;
	p[31] = high;
	return (str){ (char *)p, 32 };
}

static void ed25519_keys(void **state)
{
	static const char weak[] =
		"Ed25519 key of small order or not canonical";
	struct arena *a = arena_new(4096);
	str good, der;

	(void)state;
	assert_true(base64_decode(
		a, STR("A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="), false,
		&good));
	der = spki(a, STR("\x06\x03\x2b\x65\x70"), good);
	assert_int_equal(der.n, 44);
	assert_string_equal(why_not(KEY_ED25519, good), "");
	assert_string_equal(why_not(KEY_ED25519, der), "");
	assert_string_equal(why_not(KEY_ED25519, str_head(good, 31)),
			    "Ed25519 key is not 32 octets");
	assert_string_equal(why_not(KEY_ED25519, two(a, good, STR("x"))),
			    "Ed25519 key is not 32 octets");
	assert_string_equal(why_not(KEY_ED25519, two(a, der, STR("x"))),
			    "Ed25519 key is not 32 octets");
	assert_string_equal(why_not(KEY_ED25519, STR("")),
			    "Ed25519 key is not 32 octets");
	assert_string_equal(why_not(KEY_ED25519, spki(a, STR(RSA_ID), good)),
			    "Ed25519 key is not 32 octets");

	/* y = 0, 1, -1 and what is past p, with either sign of x */
	for (unsigned low = 0xec; low <= 0xff; low++) {
		unsigned char y = (unsigned char)low;

		assert_string_equal(
			why_not(KEY_ED25519, point(a, y, 0xff, 0x7f)), weak);
		assert_string_equal(
			why_not(KEY_ED25519, point(a, y, 0xff, 0xff)), weak);
	}
	for (unsigned char low = 0; low < 2; low++) {
		assert_string_equal(why_not(KEY_ED25519, point(a, low, 0, 0)),
				    weak);
		assert_string_equal(
			why_not(KEY_ED25519, point(a, low, 0, 0x80)), weak);
	}
	assert_string_equal(
		why_not(KEY_ED25519,
			STR("\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89"
			    "\xf2\xef\x98\xf0\xd5\xdf\xac\x05\xd3\xc6\x33\x39"
			    "\xb1\x38\x02\x88\x6d\x53\xfc\x85")),
		weak);
	assert_string_not_equal(
		why_not(KEY_ED25519, point(a, 0xeb, 0xff, 0x7f)), weak);
	arena_free(a);
}

/* S + L verifies where S is not compared with L (RFC 8032 5.1.7). */
static void add_group_order(unsigned char *s)
{
	static const unsigned char order[32] = {
		0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
		0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10
	};
	unsigned carry = 0;

	for (size_t i = 0; i < 32; i++) {
		carry += (unsigned)s[i] + order[i];
		s[i] = (unsigned char)carry;
		carry >>= 8;
	}
}

static void verifies(void **state)
{
	struct arena *a = arena_new(4096);
	struct err e;
	str digest = hash_of(a, HASH_SHA256, STR("text")), sig;
	str other = hash_of(a, HASH_SHA256, STR("Text"));

	(void)state;
	for (int i = 0; i < 2; i++) {
		enum key_type type = i ? KEY_ED25519 : KEY_RSA;
		struct privkey *priv = privkey_generate(type, 1024, &e);
		const char *why;
		struct pubkey *pub = pubkey_new(type, privkey_public(priv, a),
						&why);

		assert_non_null(pub);
		assert_int_equal(pubkey_bits(pub), i ? 256 : 1024);
		assert_true(privkey_sign(priv, a, digest, &sig, &e));
		assert_true(pubkey_verify(pub, HASH_SHA256, digest, sig));
		assert_true(pubkey_verify(pub, HASH_SHA256, digest, sig));
		assert_false(pubkey_verify(pub, HASH_SHA256, other, sig));
		assert_false(pubkey_verify(pub, HASH_SHA256, digest,
					   str_head(sig, sig.n - 1)));
		assert_false(pubkey_verify(pub, HASH_SHA256, digest,
					   two(a, sig, STR("\0"))));
		assert_false(pubkey_verify(pub, HASH_SHA256, digest, STR("")));
		if (!i)
			assert_false(pubkey_verify(pub, HASH_SHA1,
						   str_head(digest, 20), sig));
		/* and it still works after all these refusals */
		assert_true(pubkey_verify(pub, HASH_SHA256, digest, sig));

		char *bad = arena_cstr(a, sig);

		if (i) {
			add_group_order((unsigned char *)bad + 32);
			assert_false(pubkey_verify(pub, HASH_SHA256, digest,
						   (str){ bad, sig.n }));
		}
		pubkey_free(pubkey_share(pub));
		pubkey_free(pub);
		privkey_free(priv);
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rsa_sizes_and_exponents),
		cmocka_unit_test(der_is_strict),
		cmocka_unit_test(ed25519_keys),
		cmocka_unit_test(verifies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
