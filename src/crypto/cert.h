/* cert: what DANE says of a certificate (RFC 6698, 7671). */
#ifndef CRYPTO_CERT_H
#define CRYPTO_CERT_H

#include "base/arena.h"
#include "base/err.h"

/* The SHA-256 digest of the public key (SubjectPublicKeyInfo) of the first
 * certificate in a PEM text, 32 octets in the arena. */
bool cert_key_digest(struct arena *arena, str pem, str *out, struct err *e);

#endif
