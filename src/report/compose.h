/* compose: the reports of one domain about one day, made of the store's rows: one
 * for each policy that was published that day, more where one would be too large
 * for a mail.  Rows pass by; what is packed lies in a file without a name, so
 * that memory grows with neither rows nor reports.  The same rows give the same
 * reports under the same ids. */
#ifndef REPORT_COMPOSE_H
#define REPORT_COMPOSE_H

#include "store/verdicts.h"

struct composing {
	str submitter; /* the domain of who reports: in names and ids */
	str org, email, contact; /* contact: or empty */
	str domain; /* policy domain */
	int64_t day; /* of 1970, UTC */
	uint64_t max; /* octets of one report, packed; a little more happens */
};

struct composed {
	str report_id, unique; /* in the arena */
	int64_t begin, end;
	uint64_t records, messages;
	uint64_t octets; /* packed */
};

struct compose;

/* The arena holds the ids.  NULL: *e. */
struct compose *compose_new(const struct composing *about, struct arena *arena,
			    struct err *e);
void compose_free(struct compose *c);

/* In the store's order.  False: *e. */
bool compose_row(struct compose *c, const struct store_verdict_row *r,
		 struct err *e);
bool compose_end(struct compose *c, struct err *e);

size_t compose_count(const struct compose *c);
const struct composed *compose_at(const struct compose *c, size_t i);
/* The packed octets, in the arena. */
bool compose_read(struct compose *c, size_t i, struct arena *arena, str *out,
		  struct err *e);

#endif
