/* selfsigned: see crypto/selfsigned.h (RFC 5280). */
#include "crypto/selfsigned.h"

#include "crypto/privkey.h"

#include <stdio.h>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

enum { BITS = 2048, YEARS = 10, DAYS = 366 * YEARS, HOST_MAX = 253 };

/* A number that no other certificate of ours has. */
static bool set_serial(X509 *x)
{
	uint64_t n = 0;

	return RAND_bytes((unsigned char *)&n, sizeof n) == 1 &&
	       ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), n >> 1) == 1;
}

/* Common names end at 64 octets; the name that counts is the other one. */
static bool set_names(X509 *x, const char *host)
{
	char alternative[HOST_MAX + 8];
	X509_NAME *name = X509_get_subject_name(x);
	X509_EXTENSION *ext;
	int n = strlen(host) <= 64 ? -1 : 64;
	bool ok;

	(void)snprintf(alternative, sizeof alternative, "DNS:%s", host);
	ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name,
				  alternative);
	ok = ext && X509_add_ext(x, ext, -1) == 1 &&
	     X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
					(const unsigned char *)host, n, -1,
					0) == 1 &&
	     X509_set_issuer_name(x, name) == 1;
	X509_EXTENSION_free(ext);
	return ok;
}

static X509 *make(EVP_PKEY *pkey, const char *host, int64_t now)
{
	X509 *x = X509_new();
	time_t t = (time_t)now;

	if (x && X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x) &&
	    X509_time_adj_ex(X509_getm_notBefore(x), -1, 0, &t) &&
	    X509_time_adj_ex(X509_getm_notAfter(x), DAYS, 0, &t) &&
	    X509_set_pubkey(x, pkey) == 1 && set_names(x, host) &&
	    X509_sign(x, pkey, EVP_sha256()) > 0)
		return x;
	X509_free(x);
	return NULL;
}

bool selfsigned_write(const char *path, str host, int64_t now, struct err *e)
{
	struct privkey *key;
	char name[HOST_MAX + 1];
	X509 *x;
	BIO *bio;
	bool ok;

	if (!host.n || host.n > HOST_MAX)
		return err_set(e, ERR_DATA, "no name for a certificate");
	memcpy(name, host.p, host.n);
	name[host.n] = '\0';
	key = privkey_generate(KEY_RSA, BITS, e);
	if (!key)
		return false;
	x = make(privkey_pkey(key), name, now);
	bio = BIO_new(BIO_s_secmem());
	ok = x && bio && privkey_to_pem(key, bio) &&
	     PEM_write_bio_X509(bio, x) == 1;
	ok = ok ? privkey_write_pem(bio, path, e)
		: err_set(e, ERR_INTERNAL, "cannot make a certificate for %s",
			  name);
	BIO_free(bio);
	X509_free(x);
	privkey_free(key);
	return ok;
}
