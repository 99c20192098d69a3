/* cert: see crypto/cert.h. */
#include "crypto/cert.h"

#include "base/limits.h"
#include "crypto/hash.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

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

bool cert_key_digest(struct arena *arena, str pem, str *out, struct err *e)
{
	BIO *bio = pem.n <= LIMIT_CERTIFICATE_FILE
			   ? BIO_new_mem_buf(pem.p, (int)pem.n)
			   : NULL;
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	bool ok = cert && digest_of(arena, cert, out);

	X509_free(cert);
	BIO_free(bio);
	return ok || err_set(e, ERR_DATA,
			     "no certificate in PEM form is in "
			     "it");
}
