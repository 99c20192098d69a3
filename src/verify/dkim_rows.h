/* dkim_rows: all DKIM signatures of one message: which of them are looked at,
 * which are evaluated, and their rows in the verdict. */
#ifndef VERIFY_DKIM_ROWS_H
#define VERIFY_DKIM_ROWS_H

#include "verify/verdict.h"

struct dkim_rows {
	struct dkim_check *checks; /* in the order of the message */
	bool *evaluated;
	size_t n;
	size_t unseen; /* further signatures */
	bool too_large; /* the header was cut */
};

/* Reads the signatures from the top, LIMIT_SIGNATURES_SEEN of them, or max when
 * that is more; max that can be read are evaluated, those that are related to
 * the From field's domain first. */
void dkim_rows_init(struct dkim_rows *rows, struct arena *arena,
		    const struct header *header,
		    const struct dkim_policy *policy, unsigned max);
void dkim_rows_ask(struct dkim_rows *rows, struct asks *asks);
void dkim_rows_headers(struct dkim_rows *rows, const struct header *header,
		       struct bodyhash *bodyhash);

/* After bodyhash_end.  True: all are settled. */
bool dkim_rows_step(struct dkim_rows *rows, struct asks *asks,
		    const struct bodyhash *bodyhash);
void dkim_rows_give_up(struct dkim_rows *rows);

/* Fills the DKIM part, when all are settled. */
void dkim_rows_verdict(const struct dkim_rows *rows, struct arena *arena,
		       struct verdict *out);

#endif
