/* flow_own: our own verdicts as pages show them. */
#ifndef STORE_FLOW_OWN_H
#define STORE_FLOW_OWN_H

#include "store/flow.h"

/* By domain, those with most mail first; or the days of the view's domain, the
 * newest first, then with what reports say of the same day. */
struct flow_own {
	str domain;
	int64_t day;
	struct flow_sum own;
	uint64_t reported, reported_pass;
};
typedef bool flow_own_fn(void *arg, const struct flow_own *o);
bool flow_own_domains(struct store *s, const struct store_view *v,
		      struct arena *arena, flow_own_fn *fn, void *arg,
		      struct err *e);
bool flow_own_days(struct store *s, const struct store_view *v,
		   struct arena *arena, flow_own_fn *fn, void *arg,
		   struct err *e);

/* The newest verdicts of the view's domain, one message each. */
struct flow_verdict {
	int64_t time;
	str node, source_ip, header_from, envelope_from, result, disposition;
	str auth, action;
	bool dkim, spf;
};
typedef bool flow_verdict_fn(void *arg, const struct flow_verdict *o);
bool flow_verdicts(struct store *s, const struct store_view *v, uint64_t most,
		   struct arena *arena, flow_verdict_fn *fn, void *arg,
		   struct err *e);

#endif
