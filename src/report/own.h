/* own: what a verdict of ours is as a row of the store, as RFC 9990 reports
 * want it: the policy as it was found, what became of the message and why not
 * what the policy said, and the results in the order of 3.1.1.13. */
#ifndef REPORT_OWN_H
#define REPORT_OWN_H

#include "store/verdicts.h"
#include "verify/verdict.h"

struct own_facts {
	int64_t time;
	const str *rcpts; /* envelope, as they came */
	size_t n_rcpts;
	enum dmarc_policy done; /* about DMARC */
	str override; /* why DMARC's policy was not followed; or empty */
	const char *action; /* of struct store_verdict */
	bool psl; /* policies were found by a suffix list */
};

/* In the arena, with n not set.  False: there is nothing to record, because
 * DMARC did not judge, or not one author domain. */
bool own_verdict(struct arena *arena, const struct verdict *v,
		 const struct own_facts *f, struct store_verdict *out);

#endif
