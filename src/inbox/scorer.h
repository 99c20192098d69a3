/* scorer: judges the messages of a spool as they come, on a thread of its own,
 * and takes away what has had its time. */
#ifndef INBOX_SCORER_H
#define INBOX_SCORER_H

#include "inbox/judge.h"
#include "inbox/spool.h"

struct scorer;

struct scorer_options {
	struct spool *spool; /* must outlive it, as what follows */
	struct judge_options judge; /* but for the envelope and the time */
	int64_t keep; /* seconds */
};

struct scorer *scorer_new(const struct scorer_options *o, struct err *e);
/* Starts its thread, with the caller's signal mask.  False: *e. */
bool scorer_start(struct scorer *s, struct err *e);
/* Ends it; what waits is judged the next time. */
void scorer_free(struct scorer *s);

#endif
