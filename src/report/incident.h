/* incident: is the author's domain to be told of this message at once (RFC 9991,
 * ruf= and fo=), and what is it told? */
#ifndef REPORT_INCIDENT_H
#define REPORT_INCIDENT_H

#include "report/redact.h"
#include "store/incidents.h"
#include "verify/verdict.h"

struct incident_facts {
	const unsigned char *secret; /* of REDACT_SECRET octets */
	const struct header *header;
	const str *rcpts; /* envelope, as they came */
	size_t n_rcpts;
	str node; /* this machine's name */
	str authres; /* value of Authentication-Results, folded */
	str spf_record; /* of v->spf->domain; absent: none was seen */
};

/* Methods that gave no identity that passes and aligns, as Identity-Alignment
 * has them: "dkim, spf", "dkim", "spf" or "none".  A method that was not judged,
 * or whose answer was missing, is not among them. */
const char *incident_alignment(const struct verdict *v);

/* Does the record ask for a report about it?  Never about a message that is a
 * report or was written by a program, for fear of loops, and never when the
 * record is a public suffix's. */
bool incident_is_wanted(const struct verdict *v, const struct header *h);

/* row: what own_verdict made of the same.  In the arena, without n. */
void incident_of(struct arena *arena, const struct verdict *v,
		 const struct store_verdict *row,
		 const struct incident_facts *f, struct store_incident *out);

#endif
