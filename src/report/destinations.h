/* destinations: where reports about a domain go: the rua tag of its record as
 * it is now, and whether those who are named elsewhere agree (RFC 9990 4).  Pure:
 * asks, and is run again. */
#ifndef REPORT_DESTINATIONS_H
#define REPORT_DESTINATIONS_H

#include "dmarc/record.h"
#include "dns/asks.h"

enum destination_state {
	DESTINATION_OK,
	DESTINATION_REFUSED, /* why */
	DESTINATION_TEMPERROR /* an answer could not be had: try again */
};

struct destination {
	str uri; /* as it was written */
	str address; /* of who gets the report; absent: no mailto */
	uint64_t size; /* at most so many octets; 0: no limit */
	enum destination_state state;
	const char *why; /* static sentence, or NULL */
};

struct destinations {
	bool pending;
	bool temperror; /* the record itself could not be had */
	struct destination list[DMARC_URIS_MAX];
	size_t n; /* 0: nobody wants reports */
};

/* rua, or ruf (RFC 9991): a public suffix's own record names nobody for ruf. */
enum destination_tag { DESTINATION_RUA, DESTINATION_RUF };

/* The record's domain, in lower case.  In the arena of the asks. */
void destinations_find(struct asks *asks, str domain, enum destination_tag tag,
		       struct destinations *out);

#endif
