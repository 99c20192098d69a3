#include "crypto/dane.h"

#include "base/limits.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

enum { USAGE_TA = 2, USAGE_EE = 3, CHAIN_MAX = 20 };

static unsigned octet(str rdata, size_t i)
{
	return (unsigned char)rdata.p[i];
}

const char *dane_problem(str rdata)
{
	if (rdata.n < 4)
		return "too short for a TLSA record";
	if (octet(rdata, 0) < USAGE_TA)
		return "usage 0 and 1 are not used for mail (RFC 7672 3.1.3)";
	if (octet(rdata, 0) > USAGE_EE)
		return "the usage is not 2 or 3";
	if (octet(rdata, 1) > 1)
		return "the selector is not 0 or 1";
	if (octet(rdata, 2) > 2)
		return "the matching type is not 0, 1 or 2";
	if (octet(rdata, 2) && rdata.n - 3 != (size_t)32 * octet(rdata, 2))
		return "the digest has another length than its matching type";
	return NULL;
}

static bool same(str rdata, const unsigned char *der, size_t n)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned type = octet(rdata, 2), length = 0;
	str want = str_skip(rdata, 3);

	if (!type)
		return str_eq(want, (str){ (const char *)der, n });
	return EVP_Digest(der, n, digest, &length,
			  type == 1 ? EVP_sha256() : EVP_sha512(), NULL) == 1 &&
	       str_eq(want, (str){ (const char *)digest, length });
}

/* The certificate itself, or its public key. */
static bool names(str rdata, const X509 *cert)
{
	unsigned char *der = NULL;
	int n = octet(rdata, 1)
			? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der)
			: i2d_X509(cert, &der);
	bool ok = n > 0 && same(rdata, der, (size_t)n);

	OPENSSL_free(der);
	return ok;
}

static STACK_OF(X509) * read_chain(str pem)
{
	BIO *bio = pem.n <= LIMIT_CERTIFICATE_FILE
			   ? BIO_new_mem_buf(pem.p, (int)pem.n)
			   : NULL;
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509 *x;

	while (bio && chain && sk_X509_num(chain) < CHAIN_MAX &&
	       (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
		if (!sk_X509_push(chain, x))
			X509_free(x);
	BIO_free(bio);
	return chain;
}

/* With the anchor as the only one that is trusted. */
static bool holds(X509 *anchor, STACK_OF(X509) * chain, str host, int64_t now)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	bool ok = false;

	if (store && ctx && X509_STORE_add_cert(store, anchor) &&
	    X509_STORE_CTX_init(ctx, store, sk_X509_value(chain, 0), chain)) {
		param = X509_STORE_CTX_get0_param(ctx);
		(void)X509_VERIFY_PARAM_set_flags(param,
						  X509_V_FLAG_PARTIAL_CHAIN);
		X509_VERIFY_PARAM_set_time(param, (time_t)now);
		ok = X509_VERIFY_PARAM_set1_host(param, host.p, host.n) &&
		     X509_verify_cert(ctx) == 1;
	}
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return ok;
}

bool dane_matches(str rdata, str pem, str host, int64_t now)
{
	STACK_OF(X509) * chain;
	bool found = false;

	if (dane_problem(rdata))
		return false;
	chain = read_chain(pem);
	for (int i = 0; chain && !found && i < sk_X509_num(chain); i++) {
		X509 *x = sk_X509_value(chain, i);

		if (octet(rdata, 0) == USAGE_EE && i > 0)
			break;
		found = names(rdata, x) && (octet(rdata, 0) == USAGE_EE ||
					    holds(x, chain, host, now));
	}
	sk_X509_pop_free(chain, X509_free);
	return found;
}
