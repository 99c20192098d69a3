/* resolver: where answers come from: libunbound, zone files, a test's script.
 * The struct is the head of each implementation's own. */
#ifndef DNS_RESOLVER_H
#define DNS_RESOLVER_H

#include "dns/asks.h"

struct resolver {
	/* Leads to exactly one asks_answer() for id, inside this call (a cached
	 * answer, a zone file) or later from the owner's event loop. */
	void (*send)(struct resolver *r, struct asks *as, unsigned id,
		     enum dns_type type, str name);
	/* No answer to these asks comes after this. */
	void (*cancel)(struct resolver *r, struct asks *as);
	void (*free)(struct resolver *r);
};

static inline void resolver_free(struct resolver *r)
{
	if (r)
		r->free(r);
}

#endif
