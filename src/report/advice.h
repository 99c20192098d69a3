/* advice: what a stricter policy would cost, from what receivers have seen, and
 * what to mend first. */
#ifndef REPORT_ADVICE_H
#define REPORT_ADVICE_H

#include "store/query.h"

enum { ADVICE_DAYS = 30 }; /* the newest, when the filter names no first */

struct advice {
	str domain, policy; /* published; absent when not known */
	struct store_summary sum;
	struct store_sources sources;
	/* failing messages, by what their source is */
	uint64_t lost[STORE_UNKNOWN + 1];
	int64_t days;
	const char *next; /* the policy that can be now */
	const char *why; /* not more than that; untranslated, or NULL */
};

/* Of one domain.  In the arena.  False: *e. */
bool advice_make(struct arena *arena, struct store *s,
		 const struct store_filter *filter, struct advice *a,
		 struct err *e);

/* The rest of it, when domain, policy, sum and sources are there. */
void advice_judge(struct advice *a);

/* What is wrong with a source's failing mail; untranslated. */
const char *advice_cure(const struct store_source *s);

#endif
