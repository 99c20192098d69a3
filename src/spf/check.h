/* check: RFC 7208 4, check_host(), for the HELO and the MAIL FROM identity. */
#ifndef SPF_CHECK_H
#define SPF_CHECK_H

#include "base/ip.h"
#include "dns/asks.h"

#include <stdint.h>

enum spf_result {
	SPF_PENDING, /* an answer is missing: run again */
	SPF_NONE,
	SPF_NEUTRAL,
	SPF_PASS,
	SPF_FAIL,
	SPF_SOFTFAIL,
	SPF_TEMPERROR,
	SPF_PERMERROR
};

const char *spf_result_word(enum spf_result result);

enum spf_scope { SPF_HELO, SPF_MFROM };

struct spf_query {
	enum spf_scope scope;
	struct ip ip;
	str helo;
	/* The reverse-path without angle brackets; empty is the null one, which
	 * is checked as postmaster@HELO (2.4).  Not used for SPF_HELO. */
	str mail_from;
	str receiver; /* %{r}; empty: "unknown" */
	int64_t now; /* %{t} */
	unsigned max_lookups, max_voids; /* 0: limits.h */
	bool trace; /* fill the steps */
};

/* One thing done, for those who want to see the tree. */
struct spf_step {
	unsigned depth; /* 0: the domain's own record */
	str domain; /* whose record */
	str text; /* the record (depth's first step), or the term */
	const char *outcome; /* "record", "match", "no match", a result word */
	str target; /* the name asked for, or empty */
	unsigned lookups, voids; /* of the whole check so far */
};

struct spf_verdict {
	enum spf_result result;
	enum spf_scope scope;
	str domain; /* that was checked; empty: none usable */
	str mechanism; /* the term that decided; absent: none did */
	str explanation; /* of a fail, expanded; absent: none */
	const char *problem; /* of an error, static; or NULL */
	str problem_at; /* the term or name that it concerns */
	unsigned lookups, voids;
	const struct spf_step *steps;
	size_t n_steps;
};

/* Runs from the top, in the arena of the asks.  Pure: the same query and
 * answers give the same verdict.  While the result is SPF_PENDING at least one
 * question is open. */
struct spf_verdict spf_check(struct asks *asks, const struct spf_query *query);

#endif
