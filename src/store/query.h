/* query: the questions that lists, pages and advice are made of. */
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include "store/store.h"

struct store_filter {
	str domain; /* policy domain, lower case; empty: all */
	int64_t since, until; /* days of 1970, both inclusive */
	bool failing; /* only what has messages that fail */
	bool own; /* summaries: of our own verdicts, not of reports */
};

/* All days. */
#define STORE_ALL_DAYS .since = 0, .until = INT64_C(1000000000)

struct store_summary {
	str domain;
	uint64_t messages, pass, dkim, spf, none, quarantine, reject;
	int64_t first, last; /* days with traffic */
};

/* One for each domain, by name.  The strings live during the call. */
typedef bool store_summary_fn(void *arg, const struct store_summary *s);
bool store_summaries(struct store *s, const struct store_filter *f,
		     store_summary_fn *fn, void *arg, struct err *e);

struct store_report {
	str domain, org, report_id, p, policy, warnings, file;
	enum store_kind kind;
	int64_t begin, end;
	uint64_t number, records, messages, pass, dkim, spf, quarantine;
	uint64_t reject, skipped;
	bool reused; /* another has its id */
};

/* Of a row of these columns of `report`, and then how many have its id. */
#define STORE_REPORT_COLUMNS                                             \
	"domain, report, kind, org, report_id, begin_time, end_time, p," \
	" policy, records, messages, pass, dkim_aligned, spf_aligned,"   \
	" quarantine, reject, skipped, warnings, file"
struct store_report store_report_of(const str *columns);

/* The newest first. */
typedef bool store_report_fn(void *arg, const struct store_report *r);
bool store_reports(struct store *s, const struct store_filter *f,
		   store_report_fn *fn, void *arg, struct err *e);

enum store_source_kind {
	STORE_OWN,
	STORE_SERVICE,
	STORE_FORWARDER,
	STORE_UNKNOWN
};

const char *store_source_word(enum store_source_kind kind);

struct store_source {
	str source_ip;
	str name; /* a domain that its mail passed with; may be empty */
	enum store_source_kind kind;
	uint64_t messages, pass, dkim, spf;
	/* of what fails */
	uint64_t broken; /* a signature of ours that did not verify */
	uint64_t unsigned_mail; /* none that passed */
};

/* By failing messages, then by messages.  In the arena. */
struct store_sources {
	struct store_source *source;
	size_t n;
};
bool store_sources(struct store *s, const struct store_filter *f,
		   struct arena *arena, struct store_sources *out,
		   struct err *e);

/* A number of a column; larger ones are UINT64_MAX, none is 0. */
uint64_t store_number(str s);

#endif
