/* verdict: what became of one message, as every program reports it: the rows
 * of Authentication-Results, of --json and of the log come from here and from
 * nowhere else.  All of it is const and lives as long as the struct verify. */
#ifndef VERIFY_VERDICT_H
#define VERIFY_VERDICT_H

#include "arc/chain.h"
#include "base/arena.h"
#include "dkim/check.h"
#include "dmarc/check.h"
#include "spf/check.h"
#include "verify/iprev.h"

/* One DKIM signature.  Every name is a valid domain name in A-labels, or
 * empty: what a stranger wrote otherwise is not repeated. */
struct verdict_dkim {
	enum dkim_result result; /* never DKIM_PENDING or DKIM_NONE */
	const char *reason; /* static sentence; NULL for pass */
	str domain, selector; /* d=, s= */
	str identity; /* i= decoded, or "@d"; may hold any byte but controls */
	str algorithm; /* a= as written when it is a word, else empty */
	str b; /* b= without white space when it is base64, else empty */
	str b_head; /* its first 8 octets, more when needed to be unique */
	unsigned key_bits; /* 0: no key seen */
	bool testing; /* t=y in the key record */
	bool secure, bogus; /* DNSSEC, of the key's answer */
	bool key_missing; /* no record, or revoked */
	bool evaluated; /* the key was asked for */
	uint64_t unsigned_octets; /* of the canonical body, past l= */
	const struct field *field; /* NULL for the row that stands for many */
};

struct verdict_dmarc {
	enum dmarc_result result;
	const char *reason; /* static sentence; NULL for pass */
	str domain; /* the author domain, in A-labels; empty: none usable */
	/* What the owner wants done with this message: none unless it failed.
	 * Of several author domains (permerror) the strictest that failed. */
	enum dmarc_policy disposition;
	bool uncertain; /* an answer was missing that might have changed it */
	const struct dmarc_verdict *check; /* NULL without a single domain */
};

struct verdict {
	/* All rows in one word: pass when one passes, else temperror when an
	 * answer is missing, else the first row's; none without signatures. */
	enum dkim_result dkim;
	bool dkim_judged; /* false: VERIFY_DKIM was off */
	size_t n_dkim;
	struct verdict_dkim *dkim_rows; /* in the order of the message */
	size_t unseen; /* signatures past LIMIT_SIGNATURES_SEEN, in one row */

	/* NULL: not judged (VERIFY_...), or no client address is known. */
	const struct spf_verdict *spf, *spf_helo;
	str spf_excuse; /* of spf_excuses, the one that holds; or empty */
	const struct iprev_verdict *iprev;
	const struct arc_chain *arc;
	const struct verdict_dmarc *dmarc;

	struct ip ip; /* of the client */
	str helo, mail_from; /* as they were given; the path without <> */

	bool header_too_large, header_malformed;
	bool out_of_memory; /* nothing is known: answer with a tempfail */
};

/* The row of a settled check, but for b_head. */
void verdict_of_check(struct arena *arena, const struct dkim_check *check,
		      struct verdict_dkim *out);

/* Sets every b_head: RFC 6008 4. */
void verdict_number(struct verdict_dkim *rows, size_t n);

enum dkim_result verdict_summary(const struct verdict_dkim *rows, size_t n);

#endif
