#include "crypto/pubkey.h"

#include "base/limits.h"
#include "crypto/der.h"

#include <stdint.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

struct pubkey {
	enum key_type type;
	unsigned bits;
	unsigned owners;
	EVP_PKEY *pkey;
	EVP_PKEY_CTX *rsa; /* ready to verify; by hash algorithm below */
	enum hash_algorithm rsa_hash;
};

enum { ED25519_BYTES = 32, ED25519_SIGNATURE = 64 };

const char *key_type_name(enum key_type type)
{
	return type == KEY_RSA ? "rsa" : "ed25519";
}

static unsigned bits_of(str integer)
{
	unsigned char top;

	if (!integer.n)
		return 0;
	top = (unsigned char)integer.p[0];
	return (unsigned)(integer.n - 1) * 8 + 32 -
	       (unsigned)__builtin_clz(top | 1u);
}

/* e odd and 3..2^32: e = 1 lets anybody sign, a huge one costs seconds */
static const char *judge_rsa(str n, str e, unsigned bits)
{
	if (bits > LIMIT_RSA_BITS_MAX)
		return "RSA key too large";
	if (!n.n || !((unsigned char)n.p[n.n - 1] & 1))
		return "RSA modulus is not odd";
	if (!e.n || bits_of(e) > 32 || !((unsigned char)e.p[e.n - 1] & 1) ||
	    (e.n == 1 && (unsigned char)e.p[0] < 3))
		return "RSA exponent out of range";
	return NULL;
}

enum { LITTLE_ENDIAN_MACHINE = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ };

/* OSSL_PARAM wants integers in the machine's byte order. */
static void native(unsigned char *to, str big_endian)
{
	for (size_t i = 0; i < big_endian.n; i++) {
		size_t from = LITTLE_ENDIAN_MACHINE ? big_endian.n - 1 - i : i;

		to[i] = (unsigned char)big_endian.p[from];
	}
}

static EVP_PKEY *rsa_from(str n, str e)
{
	unsigned char nn[LIMIT_RSA_BITS_MAX / 8 + 1], ee[8];
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *pkey = NULL;

	native(nn, n);
	native(ee, e);

	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, nn, n.n),
		OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, ee, e.n),
		OSSL_PARAM_construct_end(),
	};

	if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

static const char *make_rsa(struct pubkey *key, str bytes)
{
	str n, e;

	if (!der_rsa_public(bytes, &n, &e))
		return "not an RSA public key";
	key->bits = bits_of(n);

	const char *why = judge_rsa(n, e, key->bits);

	if (why)
		return why;
	key->pkey = rsa_from(n, e);
	return key->pkey ? NULL : "RSA key not usable";
}

/* y, without the sign bit, is p - 1 or not below p = 2^255 - 19: small order or
 * not canonical (RFC 8032 5.1.3). */
static bool ed25519_past_p(const unsigned char *y)
{
	if (y[0] < 0xec || y[31] != 0x7f)
		return false;
	for (size_t i = 1; i < 31; i++)
		if (y[i] != 0xff)
			return false;
	return true;
}

/* The other y coordinates of points of small order: with such a key anybody
 * can sign. */
static bool ed25519_weak(const unsigned char *p)
{
	static const unsigned char small_order[][ED25519_BYTES] = {
		{ 0 },
		{ 1 },
		{ 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0,
		  0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
		  0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39,
		  0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
		{ 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f,
		  0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
		  0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6,
		  0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
	};
	unsigned char y[ED25519_BYTES];

	memcpy(y, p, sizeof y);
	y[31] &= 0x7f;
	for (size_t i = 0; i < sizeof small_order / sizeof *small_order; i++)
		if (memcmp(y, small_order[i], sizeof y) == 0)
			return true;
	return ed25519_past_p(y);
}

static const char *make_ed25519(struct pubkey *key, str bytes)
{
	str raw = bytes;

	if (raw.n != ED25519_BYTES && !der_ed25519_public(bytes, &raw))
		return "Ed25519 key is not 32 octets";
	if (ed25519_weak((const unsigned char *)raw.p))
		return "Ed25519 key of small order or not canonical";
	key->bits = 256;
	key->pkey = EVP_PKEY_new_raw_public_key(
		EVP_PKEY_ED25519, NULL, (const unsigned char *)raw.p, raw.n);
	return key->pkey ? NULL : "Ed25519 key not usable";
}

struct pubkey *pubkey_new(enum key_type type, str bytes, const char **why)
{
	struct pubkey *key = calloc(1, sizeof *key);

	if (!key) {
		*why = "out of memory";
		return NULL;
	}
	key->type = type;
	key->owners = 1;
	*why = type == KEY_RSA ? make_rsa(key, bytes)
			       : make_ed25519(key, bytes);
	if (!*why)
		return key;
	ERR_clear_error();
	pubkey_free(key);
	return NULL;
}

struct pubkey *pubkey_share(struct pubkey *key)
{
	key->owners++;
	return key;
}

void pubkey_free(struct pubkey *key)
{
	if (!key || --key->owners)
		return;
	EVP_PKEY_CTX_free(key->rsa);
	EVP_PKEY_free(key->pkey);
	free(key);
}

enum key_type pubkey_type(const struct pubkey *key)
{
	return key->type;
}

unsigned pubkey_bits(const struct pubkey *key)
{
	return key->bits;
}

/* The prepared context is kept: preparing costs as much as a fifth of a
 * verification. */
static bool prepare_rsa(struct pubkey *key, enum hash_algorithm algorithm)
{
	const EVP_MD *md = algorithm == HASH_SHA1 ? EVP_sha1() : EVP_sha256();

	if (key->rsa && key->rsa_hash == algorithm)
		return true;
	EVP_PKEY_CTX_free(key->rsa);
	key->rsa = EVP_PKEY_CTX_new(key->pkey, NULL);
	key->rsa_hash = algorithm;
	return key->rsa && EVP_PKEY_verify_init(key->rsa) == 1 &&
	       EVP_PKEY_CTX_set_rsa_padding(key->rsa, RSA_PKCS1_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_signature_md(key->rsa, md) == 1;
}

static bool verify_ed25519(struct pubkey *key, str digest, str signature)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx && signature.n == ED25519_SIGNATURE &&
		  EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key->pkey) == 1 &&
		  EVP_DigestVerify(ctx, (const unsigned char *)signature.p,
				   signature.n, (const unsigned char *)digest.p,
				   digest.n) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

bool pubkey_verify(struct pubkey *key, enum hash_algorithm algorithm,
		   str digest, str signature)
{
	bool ok;

	if (key->type == KEY_ED25519)
		ok = verify_ed25519(key, digest, signature);
	else
		ok = digest.n == hash_size(algorithm) &&
		     prepare_rsa(key, algorithm) &&
		     EVP_PKEY_verify(key->rsa,
				     (const unsigned char *)signature.p,
				     signature.n,
				     (const unsigned char *)digest.p,
				     digest.n) == 1;
	if (!ok)
		ERR_clear_error();
	return ok;
}
