/* walk: the DNS tree walk (RFC 9989 4.10) and the organizational domain that
 * follows from it (4.10.2). */
#ifndef DMARC_WALK_H
#define DMARC_WALK_H

#include "dmarc/record.h"
#include "dns/asks.h"

enum dmarc_lookup {
	DMARC_LOOKUP_PENDING,
	DMARC_LOOKUP_RECORD, /* exactly one */
	DMARC_LOOKUP_NOTHING,
	DMARC_LOOKUP_SEVERAL, /* counts as none */
	DMARC_LOOKUP_TEMPERROR
};

/* The record at _dmarc.NAME.  *text is set for DMARC_LOOKUP_RECORD. */
enum dmarc_lookup dmarc_lookup(struct asks *asks, str name, str *text);

struct dmarc_step {
	str name;
	enum dmarc_lookup outcome;
	const struct dmarc_record *record; /* NULL without one */
};

/* The step at that name: the lookup, and the record read. */
struct dmarc_step dmarc_step_at(struct asks *asks, str name);

enum { DMARC_WALK_MAX = 8 };

struct dmarc_walk {
	/* Longest name first, up to where the walk stopped: at psd=y or psd=n,
	 * at the top, or where an answer is pending or could not be had. */
	struct dmarc_step steps[DMARC_WALK_MAX];
	size_t n;
	bool pending, temperror;
	/* When neither: */
	str organizational_domain;
	const struct dmarc_step
		*of_domain; /* its step, with a record; or NULL */
	const struct dmarc_step
		*of_suffix; /* a psd=y record above it; or NULL */
};

/* All questions of the walk are sent in the first run. */
void dmarc_walk(struct asks *asks, str start, struct dmarc_walk *out);

#endif
