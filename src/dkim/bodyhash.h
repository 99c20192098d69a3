/* bodyhash: all hashes that the signatures of one message need of its body, in
 * one pass.  Equal wants share one hash; each canonicalization runs once. */
#ifndef DKIM_BODYHASH_H
#define DKIM_BODYHASH_H

#include "crypto/hash.h"
#include "dkim/canon.h"

#include <stdint.h>

struct bodyhash;

struct bodyhash *bodyhash_new(struct arena *arena);

/* length: octets of the canonical body that count (l=), or -1 for all.  Before
 * the first bodyhash_feed only.  The id names the hash below. */
unsigned bodyhash_want(struct bodyhash *b, enum canon canon,
		       enum hash_algorithm algorithm, int64_t length);

void bodyhash_feed(struct bodyhash *b, str chunk);
void bodyhash_end(struct bodyhash *b);

/* After bodyhash_end: the digest, and the octets of the whole canonical body
 * (more than the wanted length when only a part was hashed). */
str bodyhash_digest(const struct bodyhash *b, unsigned id);
uint64_t bodyhash_length(const struct bodyhash *b, unsigned id);

/* True when no more body can change any digest: every wanted length is full. */
bool bodyhash_full(const struct bodyhash *b);

#endif
