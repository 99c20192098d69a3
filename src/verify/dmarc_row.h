/* dmarc_row: DMARC of one message: its author domain, or, when a message has
 * not exactly one, all of them, so that the strictest policy holds. */
#ifndef VERIFY_DMARC_ROW_H
#define VERIFY_DMARC_ROW_H

#include "mail/address.h"
#include "verify/verdict.h"

struct dmarc_row {
	struct arena *arena;
	const struct suffix_list *suffixes; /* or NULL */
	const char *why; /* not exactly one author domain; NULL: there is one */
	bool literal; /* the only one is an address literal */
	str domains[AUTHORS_MAX]; /* lower-case A-labels */
	size_t n;
	struct dmarc_verdict checks[AUTHORS_MAX]; /* of the last run */
};

void dmarc_row_init(struct dmarc_row *row, struct arena *arena,
		    const struct header *header,
		    const struct suffix_list *suffixes);

/* True: settled.  ids must live as long as the row. */
bool dmarc_row_step(struct dmarc_row *row, struct asks *asks,
		    const struct dmarc_identifier *ids, size_t n);

/* When it is settled. */
void dmarc_row_verdict(const struct dmarc_row *row, struct verdict_dmarc *out);

#endif
