/* cert: certificates in files: their time, names and key, and what DANE says of
 * them (RFC 6698, 7671). */
#ifndef CRYPTO_CERT_H
#define CRYPTO_CERT_H

#include "base/arena.h"
#include "base/err.h"

#include <stdint.h>

/* The SHA-256 digest of the public key (SubjectPublicKeyInfo) of the first
 * certificate in a PEM text, 32 octets in the arena. */
bool cert_key_digest(struct arena *arena, str pem, str *out, struct err *e);

struct cert;

/* The first certificate of a PEM text; NULL: there is none. */
struct cert *cert_read(str pem);
void cert_free(struct cert *c); /* NULL is fine */
int64_t cert_not_after(const struct cert *c); /* seconds since 1970 */
bool cert_names(const struct cert *c, str host); /* wildcards too */
/* Is the private key in this PEM text the certificate's? */
bool cert_has_key(const struct cert *c, str pem);

#endif
