/* sealhash: RFC 8617 5.1.1, what each ARC-Seal of a chain covers: the fields of
 * all sets up to its own, in the relaxed canonicalization, itself last with b=
 * emptied.  Each field is canonicalized once for all seals. */
#ifndef ARC_SEALHASH_H
#define ARC_SEALHASH_H

#include "base/buf.h"
#include "crypto/hash.h"

struct sealhash {
	struct arena *arena;
	struct hash *before; /* all fields so far */
	struct buf *b; /* scratch */
	struct buf own;
};

/* scratch: of the message, or NULL. */
void sealhash_init(struct sealhash *h, struct arena *arena,
		   struct buf *scratch);

/* The next set, from instance 1 on (for a seal with cv=fail over a broken chain
 * the new set alone, 5.1.2): whole fields, and what is emptied in the seal.
 * Gives the digest that its b= signs. */
str sealhash_next(struct sealhash *h, str aar, str ams, str seal, str room);

#endif
