/* records: rows of aggregate reports read from their blocks. */
#ifndef STORE_RECORDS_H
#define STORE_RECORDS_H

#include "store/block.h"
#include "store/flow.h"
#include "store/question.h"

/* What a question about blocks asks for, of report r and its record_block x. */
#define RECORDS_COLUMNS                              \
	"SELECT x.domain, x.report, x.n, x.entries," \
	" r.org, r.report_id, r.begin_time, r.end_time"

struct records {
	struct block_reader reader;
	const struct store_view *v; /* whose rows these are; or NULL */
	char only[IP_TEXT_MAX]; /* its one source, or empty */
	flow_row_fn *fn;
	void *arg;
	uint64_t left; /* rows that are wanted */
	struct flow_key after; /* rows up to there are passed over */
	struct flow_key block; /* the last one seen */
	size_t blocks; /* seen */
	struct err *e;
};

struct records records_of(struct arena *arena, const struct store_view *v,
			  uint64_t most, flow_row_fn *fn, void *arg,
			  struct err *e);
bool records_take(void *records, const str *columns); /* of the question */

struct records_choice {
	str domain; /* empty: all */
	uint64_t number; /* of a report; 0: all */
	const struct store_filter *days; /* reports of its days; or NULL */
};
/* In the order of their keys, behind that one (NULL: from the first on). */
bool records_read(struct records *r, struct store *s,
		  const struct records_choice *c, const struct flow_key *after);

#endif
