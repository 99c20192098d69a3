/* changes: what is otherwise in one week's reports about a domain than in those of
 * the week before: what a digest tells. */
#ifndef REPORT_CHANGES_H
#define REPORT_CHANGES_H

#include "store/query.h"

enum { CHANGES_DAYS = 7, CHANGES_LISTED = 20 };

struct change {
	str name; /* an address, a selector with its domain, who reports */
	uint64_t messages, fail;
};

struct change_list {
	struct change item[CHANGES_LISTED]; /* those with most that fails */
	uint64_t n; /* of all */
};

struct changes {
	str domain;
	struct store_summary before, now; /* of the two weeks */
	bool moved; /* the share that passes */
	struct change_list sources; /* never seen before this week */
	struct change_list selectors; /* ours, that fail only since */
	struct change_list reporters; /* who reported, and does no more */
};

bool changes_any(const struct changes *c);
/* Of a hundred; of none it is 100. */
double changes_share(const struct store_summary *s);

/* The week that ends with that day (of 1970), and the one before.  The domain's
 * text and the lists lie in the arena. */
bool changes_find(struct store *s, str domain, int64_t until,
		  struct arena *arena, struct changes *out, struct err *e);

#endif
