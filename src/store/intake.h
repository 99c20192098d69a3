/* intake: a store whose writing is done by a thread of its own, so that the next
 * report is read while this one is stored.  Reports go there in pieces of rows
 * through a queue that holds few of them: who reads faster waits, and memory
 * does not grow.  Their order stays.  The thread makes the batches: a report is
 * committed whole or not at all.
 *
 * What the store refuses is known when it is refused: one of the calls that
 * follow, at the latest intake_commit, is false and *e says why.  Nothing since
 * the last commit is in the store then, and nothing more goes there. */
#ifndef STORE_INTAKE_H
#define STORE_INTAKE_H

#include "store/store.h"

struct intake;

/* Nobody else uses the store until intake_free.  NULL: *e. */
struct intake *intake_new(struct store *s, struct err *e);
void intake_free(struct intake *f); /* what is not committed is gone */

/* As the calls of store.h; all strings are copied. */
bool intake_report_begin(struct intake *f, const struct store_head *h,
			 struct err *e);
bool intake_put_record(struct intake *f, const struct store_record *r,
		       struct err *e);
bool intake_put_tls(struct intake *f, const struct store_tls *r, struct err *e);
bool intake_put_failure(struct intake *f, const struct store_failure *r,
			struct err *e);
bool intake_report_end(struct intake *f, const struct store_tail *t,
		       struct err *e);
bool intake_report_cancel(struct intake *f, struct err *e);

/* Waits until all that was put is committed.  *added grows by what was, also by
 * what was committed before a failure. */
bool intake_commit(struct intake *f, struct store_counts *added, struct err *e);

#endif
