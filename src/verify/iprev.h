/* iprev: RFC 8601 3, does the client's address have a name, and does the name
 * have the address? */
#ifndef VERIFY_IPREV_H
#define VERIFY_IPREV_H

#include "base/ip.h"
#include "dns/asks.h"

enum iprev_result {
	IPREV_PENDING,
	IPREV_PASS,
	IPREV_FAIL,
	IPREV_TEMPERROR,
	IPREV_PERMERROR
};

struct iprev_verdict {
	enum iprev_result result;
	const char *reason; /* static sentence; NULL for pass */
	str name; /* that has the address, or the first one; may be absent */
};

const char *iprev_result_word(enum iprev_result result);

/* Runs from the top.  At most IPREV_NAMES_MAX names are followed. */
enum { IPREV_NAMES_MAX = 10 };
struct iprev_verdict iprev_check(struct asks *asks, struct ip ip);

#endif
