/* sums: what packs.h keeps, row by row in the order of traffic's key: domain, day,
 * source and the others as in a pack; rows that are alike are one. */
#ifndef STORE_SUMS_H
#define STORE_SUMS_H

#include "store/packs.h"

struct sums_choice {
	str domain; /* empty: all */
	int64_t since, until;
	const struct traffic *after; /* borrowed; NULL: from the first row on */
	uint64_t most; /* rows */
};

/* In one state of the store (store_read_begin).  The arena takes the texts that
 * are read: what waits of each domain, and not much more than the rows that are
 * given.  So ask for some thousands and reset it. */
typedef bool sums_fn(void *arg, const struct traffic *t);
bool sums_read(struct store *s, const struct sums_choice *c,
	       struct arena *arena, sums_fn *fn, void *arg, struct err *e);

#endif
