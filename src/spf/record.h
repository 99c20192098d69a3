/* record: RFC 7208 4.5, 4.6 and 12, an SPF record as terms.  The whole record
 * is checked before any of it is evaluated: one error anywhere and it is
 * worthless. */
#ifndef SPF_RECORD_H
#define SPF_RECORD_H

#include "base/arena.h"
#include "base/ip.h"

enum spf_mechanism {
	SPF_ALL,
	SPF_INCLUDE,
	SPF_A,
	SPF_MX,
	SPF_PTR,
	SPF_IP4,
	SPF_IP6,
	SPF_EXISTS
};

struct spf_term {
	enum spf_mechanism mechanism;
	char qualifier; /* + - ~ ? */
	str spec; /* domain-spec, macros not expanded; empty: the domain */
	uint8_t bits4, bits6; /* of a and mx */
	struct ip_prefix network; /* of ip4 and ip6 */
	str text; /* as written */
};

struct spf_record {
	struct spf_term *terms;
	size_t n;
	str redirect, exp; /* domain-specs; absent when not there */
	bool has_all;
};

/* Is this TXT an SPF record at all: "v=spf1", alone or before a space? */
bool spf_is_record(str txt);

/* False: *why says what is wrong, *where is the term. */
bool spf_record_parse(struct arena *arena, str txt, struct spf_record *out,
		      const char **why, str *where);

#endif
