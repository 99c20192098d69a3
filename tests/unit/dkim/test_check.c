/* RFC 6376 6.1.2, 6.1.3: one good signature against keys, times and bodies that
 * are not as they should be. */
#include "dkim/judge.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

enum { NOW = 1790000000 };

static struct privkey *rsa, *ed25519;

static int make_keys(void **state)
{
	struct err e;

	(void)state;
	rsa = privkey_generate(KEY_RSA, 1024, &e);
	ed25519 = privkey_generate(KEY_ED25519, 0, &e);
	return rsa && ed25519 ? 0 : -1;
}

static int free_keys(void **state)
{
	(void)state;
	privkey_free(rsa);
	privkey_free(ed25519);
	return 0;
}

static const char *const message[] = { "From: a@example.org",
				       "To: b@example.net", "Subject: x" };

static struct dkim_sign_options options_for(struct privkey *key)
{
	return (struct dkim_sign_options){
		.domain = STR("example.org"),
		.selector = STR("s1"),
		.key = key,
		.header_canon = CANON_RELAXED,
		.body_canon = CANON_RELAXED,
		.sign = dkim_names_recommended,
		.never = dkim_names_never,
		.oversign = dkim_names_oversign,
		.timestamp = NOW,
		.body_length = -1,
	};
}

/* The message with its signature on top. */
static struct header signed_message(struct arena *a,
				    const struct dkim_sign_options *o, str body)
{
	struct header h = header_from(a, message, TEST_COUNT(message));
	struct header with = header_of(a, 0, 0);
	struct bodyhash *bh = bodyhash_new(a);
	struct dkim_sign *s = dkim_sign_new(a, o, bh);
	struct err e;
	str field;

	bodyhash_feed(bh, body);
	bodyhash_end(bh);
	assert_true(dkim_sign_finish(s, &h, bh, &field, &e));
	assert_true(header_add_raw(&with, field));
	for (size_t i = 0; i < h.n; i++)
		assert_true(header_add_raw(&with, h.fields[i].raw));
	return with;
}

static void is(const struct dkim_check *c, enum dkim_result want,
	       const char *why)
{
	if (c->result != want || strcmp(c->why ? c->why : "", why) != 0)
		print_error("got %s %s, want %s %s\n",
			    dkim_result_word(c->result), c->why,
			    dkim_result_word(want), why);
	assert_int_equal(c->result, want);
	assert_string_equal(c->why ? c->why : "", why);
}

/* "@" stands for "k=...; p=..." of the key that signed. */
static const struct {
	const char *records[3];
	const char *identity;
	enum dkim_result want;
	const char *why;
} keys[] = {
	{ { "v=DKIM1; @" }, "", DKIM_PASS, "" },
	{ { "@" }, "", DKIM_PASS, "" },
	{ { "v=DKIM1; t=y; @" }, "", DKIM_PASS, "" },
	{ { "v=DKIM1; t=s; @" }, "x@example.org", DKIM_PASS, "" },
	{ { "v=DKIM1; t=s; @" }, "x@EXAMPLE.org", DKIM_PASS, "" },
	{ { "v=DKIM1; @" }, "x@sub.example.org", DKIM_PASS, "" },
	{ { "v=DKIM1; t=y:s; @" },
	  "x@sub.example.org",
	  DKIM_PERMERROR,
	  "key does not allow a subdomain in i=" },
	{ { "v=DKIM1; h=sha256; @" }, "", DKIM_PASS, "" },
	{ { "v=DKIM1; h=sha1; @" },
	  "",
	  DKIM_PERMERROR,
	  "key does not allow this hash" },
	{ { "v=DKIM1; s=email; @" }, "", DKIM_PASS, "" },
	{ { "v=DKIM1; s=tlsrpt; @" },
	  "",
	  DKIM_PERMERROR,
	  "key is not for email" },
	{ { "v=DKIM1; p=" }, "", DKIM_PERMERROR, "key revoked" },
	{ { "v=DKIM1; p=QUJD" }, "", DKIM_PERMERROR, "not an RSA public key" },
	{ { "v=DKIM1; k=ed25519; p=QUJD" },
	  "",
	  DKIM_PERMERROR,
	  "key type does not fit the algorithm" },
	{ { "v=DKIM1; p=Q" }, "", DKIM_PERMERROR, "malformed key record" },
	{ { "v=DKIM2; @" }, "", DKIM_PERMERROR, "malformed key record" },
	{ { "v=spf1 -all" }, "", DKIM_PERMERROR, "no key for signature" },
	{ { NULL }, "", DKIM_PERMERROR, "no key for signature" },
	/* several records: the first that works, else the first one */
	{ { "v=spf1 -all", "v=DKIM1; @" }, "", DKIM_PASS, "" },
	{ { "v=DKIM1; p=", "v=DKIM1; @" }, "", DKIM_PASS, "" },
	{ { "v=DKIM1; p=Q", "v=DKIM1; s=x; @", "@" }, "", DKIM_PASS, "" },
	{ { "v=DKIM1; p=", "v=DKIM1; s=x; @" },
	  "",
	  DKIM_PERMERROR,
	  "key revoked" },
};

static const char *filled_in(struct arena *a, const char *text,
			     const struct privkey *key)
{
	struct buf b = buf_of(a, 8192);
	str s = str_of(text);
	size_t at = str_find(s, '@');

	buf_put(&b, str_head(s, at));
	if (at < s.n)
		buf_put(&b, str_of(record_for(a, key, "")));
	return arena_cstr(a, buf_str(&b));
}

static void key_records(void **state)
{
	str body = STR("Hi\r\n");

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(keys); i++) {
		struct arena *a = arena_new(4096);
		struct dkim_sign_options o = options_for(rsa);
		const char *records[3];
		size_t n = 0;

		o.identity = str_of(keys[i].identity);
		for (; n < 3 && keys[i].records[n]; n++)
			records[n] = filled_in(a, keys[i].records[n], rsa);

		struct header h = signed_message(a, &o, body);

		is(judge_at(a, &h, body, records_of(a, records, n), NOW),
		   keys[i].want, keys[i].why);
		arena_free(a);
	}
}

static const struct {
	int64_t timestamp, lifetime, now;
	enum dkim_result want;
	const char *why;
} times[] = {
	{ NOW, 100, NOW, DKIM_PASS, "" },
	{ NOW, 100, NOW + 100 + DKIM_DRIFT, DKIM_PASS, "" },
	{ NOW, 100, NOW + 101 + DKIM_DRIFT, DKIM_NEUTRAL, "signature expired" },
	{ NOW + DKIM_DRIFT, 0, NOW, DKIM_PASS, "" },
	{ NOW + DKIM_DRIFT + 1, 0, NOW, DKIM_NEUTRAL, "signed in the future" },
	{ -1, 0, 1, DKIM_PASS, "" },
	{ 999999999999, 0, NOW, DKIM_NEUTRAL, "signed in the future" },
};

static void judged_by_time(void **state)
{
	str body = STR("Hi\r\n");

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(times); i++) {
		struct arena *a = arena_new(4096);
		struct dkim_sign_options o = options_for(ed25519);
		const char *record = record_for(a, ed25519, "");

		o.timestamp = times[i].timestamp;
		o.lifetime = times[i].lifetime;

		struct header h = signed_message(a, &o, body);

		is(judge_at(a, &h, body, records_of(a, &record, 1),
			    times[i].now),
		   times[i].want, times[i].why);
		arena_free(a);
	}
}

static const struct {
	int64_t length;
	const char *signed_body, *body;
	enum dkim_result want;
	const char *why;
	unsigned unsigned_octets;
} bodies[] = {
	{ -1, "a\r\n", "a\r\n", DKIM_PASS, "", 0 },
	{ -1, "a\r\n", "a  \r\n\r\n \r\n", DKIM_PASS, "", 0 },
	{ -1, "a\r\n", "a", DKIM_PASS, "", 0 },
	{ -1, "", " \r\n\t\r\n", DKIM_PASS, "", 0 },
	{ -1, "a\r\n", "b\r\n", DKIM_FAIL, "body hash did not verify", 0 },
	{ -1, "a\r\n", "a\r\nb", DKIM_FAIL, "body hash did not verify", 0 },
	{ 3, "a\r\n", "a\r\n", DKIM_PASS, "", 0 },
	{ 99, "a\r\n", "a\r\n", DKIM_PASS, "", 0 },
	{ 3, "a\r\n", "a\r\nb\r\n", DKIM_POLICY,
	  "only a part of the body is signed", 3 },
	{ 0, "a\r\n", "b\r\n", DKIM_POLICY, "only a part of the body is signed",
	  3 },
	{ 0, "", "", DKIM_PASS, "", 0 },
	{ 2, "a\r\n", "ab\r\n", DKIM_FAIL, "body hash did not verify", 0 },
	{ 3, "a\r\n", "", DKIM_PERMERROR, "l= is more than the body", 0 },
};

static void judged_by_body(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(bodies); i++) {
		struct arena *a = arena_new(4096);
		struct dkim_sign_options o = options_for(ed25519);
		const char *record = record_for(a, ed25519, "");

		o.body_length = bodies[i].length;

		struct header h = signed_message(a, &o,
						 str_of(bodies[i].signed_body));
		struct dkim_check *c = judge_at(a, &h, str_of(bodies[i].body),
						records_of(a, &record, 1), NOW);

		is(c, bodies[i].want, bodies[i].why);
		assert_int_equal(c->unsigned_octets, bodies[i].unsigned_octets);
		arena_free(a);
	}
}

/* Of "a CRLF b CRLF" (6 octets) l= covers 3, of the long one 3 of 1203. */
static const struct {
	struct dkim_cover cover;
	bool is_long;
	enum dkim_result want;
} covers[] = {
	{ { DKIM_ALL, 0 }, false, DKIM_POLICY },
	{ { DKIM_OCTETS, 3 }, false, DKIM_PASS },
	{ { DKIM_OCTETS, 4 }, false, DKIM_POLICY },
	{ { DKIM_OCTETS, 0 }, true, DKIM_PASS },
	{ { DKIM_PERCENT, 50 }, false, DKIM_PASS },
	{ { DKIM_PERCENT, 67 }, false, DKIM_POLICY },
	{ { DKIM_PERCENT, 100 }, true, DKIM_POLICY },
	{ { DKIM_PERCENT, 1 }, true, DKIM_POLICY },
	{ { DKIM_PERCENT, 0 }, true, DKIM_PASS },
	{ { DKIM_ALL_BUT, 3 }, false, DKIM_PASS },
	{ { DKIM_ALL_BUT, 2 }, false, DKIM_POLICY },
	{ { DKIM_ALL_BUT, 1200 }, true, DKIM_PASS },
	{ { DKIM_ALL_BUT, 1199 }, true, DKIM_POLICY },
};

static void judged_by_cover(void **state)
{
	static char text[1203];

	(void)state;
	memcpy(text, "a\r\n", 3);
	memset(text + 3, 'x', 1198);
	memcpy(text + 1201, "\r\n", 2);
	for (size_t i = 0; i < TEST_COUNT(covers); i++) {
		struct arena *a = arena_new(4096);
		struct dkim_sign_options o = options_for(ed25519);
		const char *record = record_for(a, ed25519, "");

		o.body_length = 3;

		struct header h = signed_message(a, &o, STR("a\r\n"));
		str body = covers[i].is_long ? (str){ text, sizeof text }
					     : STR("a\r\nb\r\n");
		struct dkim_check *c = judge_by(
			a, &h, body, records_of(a, &record, 1),
			(struct dkim_policy){ .now = NOW,
					      .drift = DKIM_DRIFT,
					      .min_key_bits = 1024,
					      .cover = covers[i].cover });

		is(c, covers[i].want,
		   covers[i].want == DKIM_PASS
			   ? ""
			   : "only a part of the body is signed");
		assert_int_equal(c->unsigned_octets, body.n - 3);
		arena_free(a);
	}
}

static const char *weak_record(struct arena *a)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)768);
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(pkey, &der);
	struct buf b = buf_of(a, 4096);
	str p = base64_encode(a, (str){ (char *)der, (size_t)n });

	buf_printf(&b, "v=DKIM1; t=y; p=%.*s", STR_ARG(p));
	OPENSSL_free(der);
	EVP_PKEY_free(pkey);
	return arena_cstr(a, buf_str(&b));
}

/* RFC 8301: short keys and SHA-1 never pass, and are told as what they are. */
static void weak_cryptography(void **state)
{
	struct arena *a = arena_new(4096);
	struct dkim_sign_options o = options_for(rsa);
	struct header h = signed_message(a, &o, STR(""));
	const char *weak = weak_record(a);
	struct dkim_check *c = judge_at(a, &h, STR(""), records_of(a, &weak, 1),
					NOW);

	(void)state;
	is(c, DKIM_POLICY, "key too short");
	assert_int_equal(c->key_bits, 768);
	assert_true(c->testing);

	static const char *const sha1[] = {
		"From: a@example.org",
		"DKIM-Signature: v=1; a=rsa-sha1; d=example.org; s=s1; h=from; "
		"bh=uoq1oCgLlTqpdDX/iUbLy7J1Wic=; b=QUJD",
	};

	h = header_from(a, sha1, 2);
	is(judge_at(a, &h, STR(""), records_of(a, &weak, 1), NOW), DKIM_POLICY,
	   "rsa-sha1 is not accepted");
	arena_free(a);
}

static void own_minimum_of_bits(void **state)
{
	struct arena *a = arena_new(4096);
	struct dkim_sign_options o = options_for(rsa);
	struct header h = signed_message(a, &o, STR(""));
	struct dkim_policy policy = { .now = NOW, .min_key_bits = 2048 };
	const char *record = record_for(a, rsa, "");
	struct asks *asks = asks_new(a, records_of(a, &record, 1), 10);
	struct bodyhash *bh = bodyhash_new(a);
	struct dkim_check c;

	(void)state;
	dkim_check_init(&c, a, &h.fields[0], &policy);
	dkim_check_headers(&c, &h, bh);
	bodyhash_end(bh);
	dkim_check_step(&c, asks, bh);
	is(&c, DKIM_POLICY, "key too short");
	assert_int_equal(c.key_bits, 1024);
	arena_free(a);
}

static void other_signatures_do_not_verify(void **state)
{
	struct arena *a = arena_new(4096);
	struct dkim_sign_options o = options_for(rsa);
	struct header h = signed_message(a, &o, STR("x\r\n"));
	const char *record = record_for(a, rsa, "");
	struct resolver *r = records_of(a, &record, 1);

	(void)state;
	is(judge_at(a, &h, STR("x\r\n"), r, NOW), DKIM_PASS, "");
	assert_true(header_add_raw(&h, STR("X-Other: not signed")));
	is(judge_at(a, &h, STR("x\r\n"), r, NOW), DKIM_PASS, "");
	assert_true(header_add_raw(&h, STR("Reply-To: c@example.com")));
	is(judge_at(a, &h, STR("x\r\n"), r, NOW), DKIM_FAIL,
	   "signature did not verify");
	arena_free(a);
}

static void names_of_keys(void **state)
{
	static char label[64];
	struct arena *a = arena_new(4096);
	struct buf d = buf_of(a, 512);

	(void)state;
	assert_str(dkim_key_name(a, STR("s.t"), STR("a.example")),
		   STR("s.t._domainkey.a.example"));
	memset(label, 'a', 63);
	for (int i = 0; i < 3; i++)
		buf_printf(&d, "%s.", label);
	buf_put(&d, STR("example"));
	assert_int_equal(buf_str(&d).n, 199);
	assert_int_equal(
		dkim_key_name(a, str_head(str_of(label), 42), buf_str(&d)).n,
		253);
	assert_int_equal(
		dkim_key_name(a, str_head(str_of(label), 43), buf_str(&d)).n,
		0);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_records),
		cmocka_unit_test(judged_by_time),
		cmocka_unit_test(judged_by_body),
		cmocka_unit_test(judged_by_cover),
		cmocka_unit_test(weak_cryptography),
		cmocka_unit_test(own_minimum_of_bits),
		cmocka_unit_test(other_signatures_do_not_verify),
		cmocka_unit_test(names_of_keys),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
