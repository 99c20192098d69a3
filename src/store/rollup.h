/* rollup: traffic added up to what is alike in all that a page or a list asks
 * for, in bounded memory. */
#ifndef STORE_ROLLUP_H
#define STORE_ROLLUP_H

#include "store/backend.h"

struct rollup;

struct rollup *rollup_new(size_t max); /* rows; NULL: no memory */
void rollup_free(struct rollup *r);

void rollup_reset(struct rollup *r);
/* A record's traffic, without a domain and a day: those of its report. */
struct traffic rollup_row(const struct store_record *r);
/* False: full, flush first; it was not taken. */
bool rollup_add(struct rollup *r, const struct traffic *t);

/* The rows, in the order of traffic's key: domain, day, source and the others as
 * in a pack.  Nothing may be added then before it is empty again. */
const struct traffic *rollup_sorted(struct rollup *r, size_t *n);

/* The days that a report counts for, from the first on; and the share that day i
 * of n has of its messages.  One that covers more than 36 hours is spread over
 * its days by largest remainder, so that sums stay exact; another counts for the
 * day that its middle is in. */
uint64_t rollup_days(int64_t begin, int64_t end, int64_t *first);
uint64_t rollup_share(uint64_t messages, uint64_t i, uint64_t n);

/* Gives rows that have no day yet, in pieces and in no order, day after day, and
 * is empty again. */
typedef bool rollup_fn(void *arg, const struct traffic *t, size_t n);
bool rollup_spread(struct rollup *r, int64_t begin, int64_t end, rollup_fn *fn,
		   void *arg);

#endif
