/* backfill: what a new schema wants of the rows that are there, for which SQL is
 * not enough. */
#ifndef STORE_BACKFILL_H
#define STORE_BACKFILL_H

#include "base/arena.h"
#include "store/store.h"

/* An aggregate report of an older inkan, whose rows are in the table record. */
struct old_report {
	str domain, org;
	uint64_t report, begin, end;
};

/* Each of them, in the order of their keys; tells how far it is.  False: *e, or
 * fn gave up. */
typedef bool backfill_fn(void *arg, const struct old_report *o);
bool backfill_reports(struct store *s, backfill_fn *fn, void *arg,
		      struct err *e);

/* For all of them, in the transaction that is open. */
bool packs_backfill(struct store *s, struct err *e);
bool blocks_backfill(struct store *s, struct err *e);

#endif
