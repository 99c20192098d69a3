/* index: where in a table's text the entries with a given hash stand.  Made
 * for a million entries: 9 bytes each, entries of one hash in file order, no
 * pointers.  Built in two rounds over the same hashes: count, then place. */
#ifndef SIGN_INDEX_H
#define SIGN_INDEX_H

#include "base/arena.h"

#include <stdint.h>

struct index_slot {
	uint32_t hash;
	uint32_t at; /* offset in the text: the order of the file */
};

struct index {
	struct index_slot *slots;
	uint32_t *start; /* of each bucket; one more than there are */
	size_t n;
	unsigned shift; /* hash >> shift is the bucket */
};

/* n: how many entries will come */
void index_init(struct index *x, struct arena *arena, size_t n);
void index_count(struct index *x, uint32_t hash); /* every entry once */
void index_sum(struct index *x); /* after counting */
void index_place(struct index *x, uint32_t hash, uint32_t at);
void index_end(struct index *x); /* after placing */

/* The slots to look at for hash: [*first, return value).  Others may be among
 * them. */
static inline const struct index_slot *index_find(
	const struct index *x, uint32_t hash, const struct index_slot **first)
{
	if (!x->n) {
		*first = NULL;
		return NULL;
	}

	size_t b = hash >> x->shift;

	*first = x->slots + x->start[b];
	return x->slots + x->start[b + 1];
}

#endif
