/* cert: see crypto/cert.h. */
#include "crypto/cert.h"

#include "base/limits.h"
#include "crypto/hash.h"

#include <stdlib.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static bool digest_of(struct arena *arena, const X509 *cert, str *out)
{
	unsigned char *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);

	if (n <= 0)
		return false;
	*out = hash_of(arena, HASH_SHA256, (str){ (char *)der, (size_t)n });
	OPENSSL_free(der);
	return true;
}

static BIO *bio_of(str pem)
{
	return pem.n <= LIMIT_CERTIFICATE_FILE
		       ? BIO_new_mem_buf(pem.p, (int)pem.n)
		       : NULL;
}

struct cert {
	X509 *x509;
};

struct cert *cert_read(str pem)
{
	BIO *bio = bio_of(pem);
	struct cert *c = malloc(sizeof *c);

	if (c)
		c->x509 = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	BIO_free(bio);
	if (c && c->x509)
		return c;
	free(c);
	return NULL;
}

void cert_free(struct cert *c)
{
	if (c)
		X509_free(c->x509);
	free(c);
}

int64_t cert_not_after(const struct cert *c)
{
	struct tm tm;

	return ASN1_TIME_to_tm(X509_get0_notAfter(c->x509), &tm) ? timegm(&tm)
								 : 0;
}

bool cert_names(const struct cert *c, str host)
{
	return X509_check_host(c->x509, host.p, host.n, 0, NULL) == 1;
}

bool cert_has_key(const struct cert *c, str pem)
{
	BIO *bio = bio_of(pem);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL)
			    : NULL;
	bool same = key && X509_check_private_key(c->x509, key) == 1;

	EVP_PKEY_free(key);
	BIO_free(bio);
	return same;
}

bool cert_key_digest(struct arena *arena, str pem, str *out, struct err *e)
{
	BIO *bio = bio_of(pem);
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	bool ok = cert && digest_of(arena, cert, out);

	X509_free(cert);
	BIO_free(bio);
	return ok || err_set(e, ERR_DATA,
			     "no certificate in PEM form is in "
			     "it");
}
