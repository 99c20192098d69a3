/* rollup: the records of one report added up to what is alike in all that a
 * page or a list asks for, in bounded memory. */
#ifndef STORE_ROLLUP_H
#define STORE_ROLLUP_H

#include "store/backend.h"

struct rollup;

struct rollup *rollup_new(void); /* NULL: no memory */
void rollup_free(struct rollup *r);

void rollup_reset(struct rollup *r);
/* False: full, flush first; the record was not taken. */
bool rollup_add(struct rollup *r, const struct store_record *rec);

/* The rows as they were added, ordered as in a pack. */
typedef bool rollup_fn(void *arg, const struct traffic *t);
bool rollup_each(struct rollup *r, rollup_fn *fn, void *arg);

/* The days that a report counts for, from the first on; and the share that day i
 * of n has of its messages. */
uint64_t rollup_days(int64_t begin, int64_t end, int64_t *first);
uint64_t rollup_share(uint64_t messages, uint64_t i, uint64_t n);

/* Gives the rows, ordered, and is empty again.  A report that covers more than
 * 36 hours is spread over its days by largest remainder, so that sums stay
 * exact; another counts for the day that its middle is in. */
bool rollup_flush(struct rollup *r, int64_t begin, int64_t end, rollup_fn *fn,
		  void *arg);

#endif
