/* record: RFC 9989 4.7 and 4.8, a DMARC policy record. */
#ifndef DMARC_RECORD_H
#define DMARC_RECORD_H

#include "base/arena.h"

#include <stdint.h>

enum dmarc_policy {
	DMARC_POLICY_ABSENT, /* no such tag, or no record */
	DMARC_POLICY_NONE,
	DMARC_POLICY_QUARANTINE,
	DMARC_POLICY_REJECT
};

enum dmarc_psd { DMARC_PSD_UNKNOWN, DMARC_PSD_YES, DMARC_PSD_NO };

/* fo=, as bits (RFC 9991). */
enum dmarc_fo {
	DMARC_FO_ALL = 1, /* 0: nothing aligned */
	DMARC_FO_ANY = 2, /* 1: something did not align */
	DMARC_FO_DKIM = 4, /* d */
	DMARC_FO_SPF = 8 /* s */
};

struct dmarc_uri {
	str uri; /* as written, without "!size" */
	uint64_t size; /* RFC 7489's "!10m" in octets; 0: no limit */
	str address, domain; /* of a mailto, percent-decoded; else absent */
};

/* One thing that a careful owner would mend. */
struct dmarc_problem {
	const char *why; /* static sentence */
	str tag; /* what it concerns, as written */
};

enum { DMARC_URIS_MAX = 20, DMARC_PROBLEMS_MAX = 16 };

struct dmarc_record {
	str text;
	enum dmarc_policy p, sp, np;
	bool adkim_strict, aspf_strict;
	bool testing; /* t=y */
	enum dmarc_psd psd;
	unsigned fo;
	struct dmarc_uri *rua, *ruf;
	size_t n_rua, n_ruf;
	str pct; /* RFC 7489's, as written; absent when not there */
	/* RFC 9989 4.10.1: p is not there or wrong, or sp or np is wrong.  The
	 * policies are all "none" then if reports can be sent; else the record
	 * is of no use. */
	bool broken, usable;
	struct dmarc_problem problems[DMARC_PROBLEMS_MAX];
	size_t n_problems;
};

/* Does this TXT begin as a record of this version does: "v=DMARC1", alone or
 * before a ";"?  The value's case matters, the tag's does not. */
bool dmarc_is_record(str txt);

/* Reads a text that dmarc_is_record.  What is wrong gets its default and a
 * problem.  Slices point into txt. */
void dmarc_record_parse(struct arena *arena, str txt, struct dmarc_record *out);

const char *dmarc_policy_word(enum dmarc_policy policy); /* "none" of absent */

/* What applies to a name that is not the record's own (4.10.1). */
enum dmarc_policy dmarc_policy_for(const struct dmarc_record *r, bool exists);
/* Does it matter whether the name exists? */
bool dmarc_policy_differs(const struct dmarc_record *r);
/* t=y: one step weaker. */
enum dmarc_policy dmarc_policy_tested(enum dmarc_policy policy);

/* One URI of rua= or ruf= (RFC 3986, RFC 6068).  False: none. */
bool dmarc_uri_parse(struct arena *arena, str text, struct dmarc_uri *out);

#endif
