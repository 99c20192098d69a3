#include "crypto/privkey.h"

#include "base/base64.h"
#include "base/limits.h"

#include <stdatomic.h>
#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

struct privkey {
	EVP_PKEY *pkey;
	enum key_type type;
	atomic_uint owners;
};

/* Never asks a terminal for a password.
 * NOLINTNEXTLINE(readability-non-const-parameter): OpenSSL's type */
static int no_password(char *buf, int size, int rwflag, void *arg)
{
	(void)buf, (void)size, (void)rwflag, (void)arg;
	return 0;
}

static EVP_PKEY *from_pem(str text)
{
	BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
	EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password,
						       NULL)
			     : NULL;

	BIO_free(bio);
	return pkey;
}

static EVP_PKEY *from_der(str der)
{
	const unsigned char *p = (const unsigned char *)der.p;

	return d2i_AutoPrivateKey(NULL, &p, (long)der.n);
}

static EVP_PKEY *from_base64(str text)
{
	struct arena *arena = arena_new(text.n + 64);
	EVP_PKEY *pkey = NULL;
	str der;

	if (!arena)
		return NULL;
	if (base64_decode(arena, text, true, &der)) {
		pkey = from_der(der);
		/* NOLINTNEXTLINE(performance-no-int-to-ptr): our own copy */
		OPENSSL_cleanse((void *)(uintptr_t)der.p, der.n);
	}
	arena_free(arena);
	return pkey;
}

static bool contains(str text, str what)
{
	for (size_t i = 0; i + what.n <= text.n; i++)
		if (str_eq(str_head(str_skip(text, i), what.n), what))
			return true;
	return false;
}

static struct privkey *wrap(EVP_PKEY *pkey, struct err *e)
{
	int id = EVP_PKEY_get_base_id(pkey);
	struct privkey *key = calloc(1, sizeof *key);

	if (!key || (id != EVP_PKEY_RSA && id != EVP_PKEY_ED25519)) {
		err_set(e, ERR_DATA,
			key ? "neither an RSA nor an Ed25519 key"
			    : "out of memory");
		EVP_PKEY_free(pkey);
		free(key);
		return NULL;
	}
	key->pkey = pkey;
	key->type = id == EVP_PKEY_RSA ? KEY_RSA : KEY_ED25519;
	key->owners = 1;
	if (key->type == KEY_RSA && (privkey_bits(key) < LIMIT_RSA_BITS_MIN ||
				     privkey_bits(key) > LIMIT_RSA_BITS_MAX)) {
		err_set(e, ERR_DATA,
			"RSA key of %u bits: nobody accepts its signatures; "
			"make one of 2048 bits",
			privkey_bits(key));
		privkey_free(key);
		return NULL;
	}
	return key;
}

struct privkey *privkey_parse(str text, struct err *e)
{
	EVP_PKEY *pkey = NULL;

	if (text.n > LIMIT_KEY_FILE) {
		err_set(e, ERR_DATA, "larger than a key can be");
		return NULL;
	}
	if (contains(text, STR("ENCRYPTED"))) {
		err_set(e, ERR_DATA,
			"the key is encrypted: store it without a password "
			"(openssl pkey -in OLD -out NEW)");
		return NULL;
	}
	if (contains(text, STR("PUBLIC KEY-----")) &&
	    !contains(text, STR("PRIVATE KEY-----"))) {
		err_set(e, ERR_DATA,
			"this is a public key; the private one is needed");
		return NULL;
	}
	if (contains(text, STR("-----BEGIN")))
		pkey = from_pem(text);
	else if (text.n)
		pkey = from_base64(text);
	if (!pkey && text.n)
		pkey = from_der(text);
	ERR_clear_error();
	if (!pkey) {
		err_set(e, ERR_DATA, "no private key found in it");
		return NULL;
	}
	return wrap(pkey, e);
}

struct privkey *privkey_generate(enum key_type type, unsigned bits,
				 struct err *e)
{
	EVP_PKEY *pkey = NULL;

	if (type == KEY_RSA &&
	    (bits < LIMIT_RSA_BITS_MIN || bits > LIMIT_RSA_BITS_MAX)) {
		err_set(e, ERR_USAGE, "an RSA key has %d to %d bits, not %u",
			LIMIT_RSA_BITS_MIN, LIMIT_RSA_BITS_MAX, bits);
		return NULL;
	}
	if (type == KEY_RSA)
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
	else
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (!pkey) {
		err_set(e, ERR_INTERNAL, "key generation failed");
		return NULL;
	}
	return wrap(pkey, e);
}

struct privkey *privkey_share(struct privkey *key)
{
	atomic_fetch_add(&key->owners, 1);
	return key;
}

void privkey_free(struct privkey *key)
{
	if (!key || atomic_fetch_sub(&key->owners, 1) > 1)
		return;
	EVP_PKEY_free(key->pkey); /* cleanses the secret numbers */
	free(key);
}

EVP_PKEY *privkey_pkey(const struct privkey *key)
{
	return key->pkey;
}

enum key_type privkey_type(const struct privkey *key)
{
	return key->type;
}

unsigned privkey_bits(const struct privkey *key)
{
	return key->type == KEY_RSA ? (unsigned)EVP_PKEY_get_bits(key->pkey)
				    : 256;
}

str privkey_public(const struct privkey *key, struct arena *arena)
{
	size_t n = 32;

	if (key->type == KEY_ED25519) {
		unsigned char *raw = arena_alloc(arena, n);

		if (EVP_PKEY_get_raw_public_key(key->pkey, raw, &n) != 1)
			arena_out_of_memory(arena);
		return (str){ (char *)raw, n };
	}

	int size = i2d_PUBKEY(key->pkey, NULL);

	if (size <= 0)
		arena_out_of_memory(arena);

	unsigned char *der = arena_alloc(arena, (size_t)size), *to = der;

	(void)i2d_PUBKEY(key->pkey, &to);
	return (str){ (char *)der, (size_t)size };
}

static bool sign_rsa(EVP_PKEY *pkey, str digest, unsigned char *to, size_t *n)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	bool ok = ctx && EVP_PKEY_sign_init(ctx) == 1 &&
		  EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
		  EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
		  EVP_PKEY_sign(ctx, to, n, (const unsigned char *)digest.p,
				digest.n) == 1;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static bool sign_ed25519(EVP_PKEY *pkey, str digest, unsigned char *to,
			 size_t *n)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
		  EVP_DigestSign(ctx, to, n, (const unsigned char *)digest.p,
				 digest.n) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

bool privkey_sign(const struct privkey *key, struct arena *arena, str digest,
		  str *signature, struct err *e)
{
	size_t n = (size_t)EVP_PKEY_get_size(key->pkey);
	unsigned char *to = arena_alloc(arena, n);
	bool ok = key->type == KEY_RSA
			  ? sign_rsa(key->pkey, digest, to, &n)
			  : sign_ed25519(key->pkey, digest, to, &n);

	if (!ok) {
		ERR_clear_error();
		return err_set(e, ERR_INTERNAL, "the key cannot sign");
	}
	*signature = (str){ (char *)to, n };
	return true;
}

bool privkey_to_pem(const struct privkey *key, struct bio_st *bio)
{
	return PEM_write_bio_PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL,
					NULL) == 1;
}
