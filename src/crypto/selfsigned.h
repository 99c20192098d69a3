/* selfsigned: a certificate that nobody vouches for, for TLS until there is one
 * from an authority. */
#ifndef CRYPTO_SELFSIGNED_H
#define CRYPTO_SELFSIGNED_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

/* Creates path, mode 0600: a new RSA-2048 key and a certificate of it for the
 * host's name, good for ten years from now (Unix time), in PEM; synced, never
 * over another file. */
bool selfsigned_write(const char *path, str host, int64_t now, struct err *e);

#endif
