/* headerhash: RFC 6376 3.7, the header half of what a signature covers. */
#ifndef DKIM_HEADERHASH_H
#define DKIM_HEADERHASH_H

#include "crypto/hash.h"
#include "dkim/canon.h"

struct headerhash {
	enum hash_algorithm algorithm;
	enum canon canon;
	const str *names; /* h=, in order */
	size_t n_names;
	const struct field *own; /* the signature itself: never an instance */
	struct buf *scratch; /* shared by all digests of a message, or NULL */
};

/* The digest of the fields that h= names, each name taking the next instance
 * from the bottom up (5.4.2), and then of the signature's own field, without
 * its final CRLF.  own_raw: that field; own_room: what is emptied in it (the
 * value of b=), a slice of own_raw or empty.
 *
 * Time is O(names + fields).  Memory, beyond the scratch buffer, is that of
 * own_raw twice and a few octets for each name and field. */
str headerhash_digest(struct arena *arena, const struct headerhash *hh,
		      const struct header *header, str own_raw, str own_room);

/* A copy of the field without what is in room, a slice of raw or empty. */
str headerhash_emptied(struct arena *arena, str raw, str room);

#endif
