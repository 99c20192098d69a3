/* stub: recursive name servers asked by UDP, and by TCP for what does not fit.
 *
 * Each question has a port of its own until 64 are open (RFC 5452 9.2), above
 * that several share one; ids are random.  Equal questions are asked once.  The
 * first server that answers is asked; one that is silent or refuses is passed
 * over for ten seconds.  A question is sent again after three times the time
 * that the server usually takes, and a late answer to the first try counts. */
#ifndef DNS_STUB_H
#define DNS_STUB_H

#include "dns/upstream.h"

/* As upstream_new(); there is no validation, o->trust_anchor is not looked at. */
struct resolver *stub_new(struct event_base *base,
			  const struct upstream_options *o, struct err *e);

#endif
