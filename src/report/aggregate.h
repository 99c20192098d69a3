/* aggregate: DMARC aggregate reports, RFC 7489 appendix C, the drafts before it
 * and RFC 9990, as the world sends them.  What each tolerance is for stands in
 * tests/unit/report/test_aggregate.c. */
#ifndef REPORT_AGGREGATE_H
#define REPORT_AGGREGATE_H

#include "store/store.h"

/* What a file's name or a mail's subject tells, for what the report lacks. */
struct report_hints {
	str submitter, domain, report_id;
	int64_t begin, end; /* 0: not told */
};

/* What had to be mended or done without. */
enum report_warning {
	REPORT_ENCODING = 1, /* octets that are no text */
	REPORT_MARKUP = 2, /* broken XML, read leniently */
	REPORT_ARCHIVE = 4, /* a wrong check sum or length of the archive */
	REPORT_ORG = 8, /* no org_name */
	REPORT_ID = 16, /* no report_id */
	REPORT_DATES = 32, /* dates missing, reversed or in milliseconds */
	REPORT_POLICY = 64, /* no published policy, or a word that is none */
	REPORT_IDENTIFIERS = 128, /* <identities>, or no header_from */
	REPORT_EVALUATED = 256, /* no or odd words in policy_evaluated */
	REPORT_RESULTS = 512, /* no or odd authentication results */
	REPORT_SKIPPED = 1024, /* rows without an address or a count */
	REPORT_EMPTY = 2048, /* no rows */
	REPORT_CUT = 4096 /* values that are too long, results too many */
};

/* The warnings as words, with spaces between them, in the arena. */
str report_warning_words(struct arena *arena, unsigned warnings);

enum aggregate_end {
	AGGREGATE_DONE,
	AGGREGATE_BROKEN, /* the markup: a lenient reading may help */
	AGGREGATE_LATE, /* rows stand before what they belong to: read it
			   once for the head alone, then again with the head */
	AGGREGATE_REFUSED, /* why */
	AGGREGATE_STOPPED /* by the sink */
};

struct aggregate_sink {
	void *arg;
	/* Once, before the first record.  False stops the reading. */
	bool (*head)(void *arg, const struct store_head *h);
	bool (*record)(void *arg, const struct store_record *r);
};

struct aggregate_options {
	bool lenient;
	bool head_only;
	const struct store_head *head; /* found before; or NULL */
	unsigned warnings; /* and with it */
	struct report_hints hints;
};

struct aggregate;

struct aggregate *aggregate_new(const struct aggregate_options *o,
				const struct aggregate_sink *sink);
void aggregate_free(struct aggregate *a);
bool aggregate_put(struct aggregate *a, str octets); /* false: it is over */
enum aggregate_end aggregate_end(struct aggregate *a);

/* A <feedback> was seen: whatever is wrong with it, it is a report. */
bool aggregate_is_report(const struct aggregate *a);
const char *aggregate_why(const struct aggregate *a); /* never NULL */
/* After the end, while the reader lives. */
const struct store_head *aggregate_head(const struct aggregate *a);
unsigned aggregate_warnings(const struct aggregate *a);
uint64_t aggregate_skipped(const struct aggregate *a);

#endif
