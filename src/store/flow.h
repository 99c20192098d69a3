/* flow: a domain's mail by day and by source, for a choice of it.  What pages are
 * made of: every question here is answered from sums (packs.h), or from so many
 * rows that the answer comes soon. */
#ifndef STORE_FLOW_H
#define STORE_FLOW_H

#include "base/ip.h"
#include "store/query.h"

/* Rows of the newest reports are looked at until so many. */
enum { FLOW_ROWS = 30000 };

struct store_view {
	struct store_filter of; /* domain, days, failing */
	str reporter, disposition, selector; /* empty: all */
	struct ip_prefix net; /* family IP_NONE: all */
};

struct flow_sum {
	uint64_t messages, pass, dkim, spf, quarantine, reject;
};

struct flow_day {
	int64_t day;
	struct flow_sum sum;
};

struct flow {
	struct flow_sum sum; /* of the days */
	struct flow_day *day;
	size_t n_days;
	struct store_sources sources;
};

/* In the arena.  Sources have their kind by all mail of these days, whatever
 * was chosen.  False: *e. */
bool flow_make(struct store *s, const struct store_view *v, struct arena *arena,
	       struct flow *out, struct err *e);

/* Reports of the view, the newest first, after `skip` of them. */
struct flow_report {
	struct store_report r;
	str email, contact;
	int64_t imported;
};
typedef bool flow_report_fn(void *arg, const struct flow_report *r);
enum flow_choice { FLOW_EVERY, FLOW_WITH_PROBLEMS, FLOW_ONE };
bool flow_reports(struct store *s, const struct store_view *v,
		  enum flow_choice choice, uint64_t number, uint64_t skip,
		  uint64_t most, struct arena *arena, flow_report_fn *fn,
		  void *arg, struct err *e);

/* Rows of aggregate reports: of one (number is not 0), behind its row `after`, or
 * of the view's newest reports that have FLOW_ROWS rows together.  At most
 * `most`. */
struct flow_key { /* of a row */
	str domain;
	uint64_t report, n;
};
struct flow_row {
	str domain, org, report_id, source_ip, disposition, header_from;
	str envelope_from, envelope_to, reasons, auth, raw; /* or absent */
	uint64_t report, n, messages;
	int64_t begin, end;
	bool dkim, spf;
};
typedef bool flow_row_fn(void *arg, const struct flow_row *r);
bool flow_rows(struct store *s, const struct store_view *v, uint64_t number,
	       uint64_t after, uint64_t most, struct arena *arena,
	       flow_row_fn *fn, void *arg, struct err *e);
/* Of all reports that have days of the filter, in the order of their keys, behind
 * that one (NULL: from the first on), at most `most`. */
bool flow_records(struct store *s, const struct store_filter *f,
		  const struct flow_key *after, uint64_t most,
		  struct arena *arena, flow_row_fn *fn, void *arg,
		  struct err *e);
/* Of a domain's reports that begin in these seconds, in no order. */
bool flow_records_begun(struct store *s, str domain, int64_t from,
			int64_t before, struct arena *arena, flow_row_fn *fn,
			void *arg, struct err *e);

/* Who has reported in these days. */
struct flow_reporter {
	str org;
	uint64_t reports;
	struct flow_sum sum;
	int64_t last; /* second */
};
typedef bool flow_reporter_fn(void *arg, const struct flow_reporter *r);
bool flow_reporters(struct store *s, const struct store_view *v,
		    struct arena *arena, flow_reporter_fn *fn, void *arg,
		    struct err *e);

/* Who has reported the view's one source: org and sum are set. */
bool flow_source_reporters(struct store *s, const struct store_view *v,
			   uint64_t most, struct arena *arena,
			   flow_reporter_fn *fn, void *arg, struct err *e);

/* How one source's mail came out. */
struct flow_part {
	str selector, via, disposition; /* empty */
	bool dkim, spf;
	unsigned hints;
	uint64_t messages;
	int64_t first, last; /* days */
};
typedef bool flow_part_fn(void *arg, const struct flow_part *p);
bool flow_parts(struct store *s, const struct store_view *v,
		struct arena *arena, flow_part_fn *fn, void *arg,
		struct err *e);
/* By selector only: selector, messages, spf (of them), first, last. */
bool flow_selectors(struct store *s, const struct store_view *v,
		    struct arena *arena, flow_part_fn *fn, void *arg,
		    struct err *e);

struct flow_tls {
	str org, policy_type, mx, result, reason, receiving_host;
	uint64_t sessions;
	int64_t first, last; /* seconds */
};
typedef bool flow_tls_fn(void *arg, const struct flow_tls *t);
bool flow_tls(struct store *s, const struct store_view *v, struct arena *arena,
	      flow_tls_fn *fn, void *arg, struct err *e);

#endif
