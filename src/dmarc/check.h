/* check: RFC 9989, is the author domain's use of this message authentic, and
 * what does its owner want done if not? */
#ifndef DMARC_CHECK_H
#define DMARC_CHECK_H

#include "dmarc/walk.h"

enum dmarc_result {
	DMARC_PENDING, /* an answer is missing: run again */
	DMARC_NONE,
	DMARC_PASS,
	DMARC_FAIL,
	DMARC_TEMPERROR,
	DMARC_PERMERROR
};

const char *dmarc_result_word(enum dmarc_result result);

/* What SPF or one DKIM signature says. */
enum dmarc_status {
	DMARC_ID_PENDING,
	DMARC_ID_PASS,
	DMARC_ID_TEMPERROR,
	DMARC_ID_NO /* anything else */
};
enum dmarc_mechanism { DMARC_DKIM, DMARC_SPF };

struct dmarc_identifier {
	enum dmarc_mechanism mechanism;
	enum dmarc_status status;
	str domain; /* d=, or MAIL FROM's (HELO's for the null path) */
};

enum dmarc_alignment {
	DMARC_UNRELATED,
	DMARC_RELAXED, /* same organizational domain */
	DMARC_EQUAL, /* same name */
	DMARC_UNKNOWN /* an answer could not be had, or is pending */
};

/* Where public suffixes come from a list (RFC 7489), not from the DNS. */
struct suffix_list {
	/* The organizational domain, a part of `domain`; the domain itself
	 * when it is a suffix. */
	str (*organizational)(const struct suffix_list *list, str domain);
};

struct dmarc_query {
	str domain; /* the author domain: dns_name_is_domain, any case */
	const struct dmarc_identifier *ids;
	size_t n_ids;
	const struct suffix_list *suffixes; /* NULL: tree walk */
};

struct dmarc_verdict {
	enum dmarc_result result;
	const char *reason; /* static sentence; NULL for pass */
	str domain; /* the author domain */
	str organizational_domain; /* absent: not known */
	/* The record that applies; NULL: none. */
	const struct dmarc_record *record;
	str policy_domain; /* where it is */
	const char *tag; /* which of it applies: "p", "sp" or "np" */
	enum dmarc_policy
		policy; /* that applies, after t=; absent: none does */
	bool exists; /* the author domain, as far as it was asked */
	bool dkim_aligned, spf_aligned; /* passes that align */
	/* The query's, and how each aligns. */
	const struct dmarc_identifier *ids;
	size_t n_ids;
	const enum dmarc_alignment *alignment; /* NULL: it did not come to it */
	/* The author domain's walk, or the names asked with a suffix list. */
	const struct dmarc_walk *walk;
};

/* Runs from the top, in the arena of the asks.  Pure.  While the result is
 * DMARC_PENDING a question is open or an identifier is pending. */
struct dmarc_verdict dmarc_check(struct asks *asks,
				 const struct dmarc_query *query);

#endif
