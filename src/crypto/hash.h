/* hash: SHA-1 and SHA-256 streams and the one comparison of digests.  SHA-1 is
 * there only to say truthfully what an rsa-sha1 signature covers: nothing that
 * uses it ever passes (RFC 8301). */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include "base/arena.h"

enum hash_algorithm { HASH_SHA1, HASH_SHA256 };

enum { HASH_MAX = 32 }; /* octets of the longest digest */

struct hash;

/* The stream's memory ends with the arena. */
struct hash *hash_new(struct arena *arena, enum hash_algorithm algorithm);
/* A second stream with all that was added to the first so far. */
struct hash *hash_copy(struct arena *arena, const struct hash *h);
void hash_add(struct hash *h, const void *p, size_t n);
/* The digest, in the arena; the stream is finished. */
str hash_end(struct hash *h);

/* The digest of one piece. */
str hash_of(struct arena *arena, enum hash_algorithm algorithm, str bytes);

/* Octets of a digest: 20 or 32. */
size_t hash_size(enum hash_algorithm algorithm);

/* Equal in length and content; the time taken depends on the lengths only. */
bool hash_equal(str a, str b);

#endif
