/* unbound: answers from name servers, by libunbound in its event form; they are
 * validated when there is a trust anchor.  For the rest see upstream.h. */
#ifndef DNS_UNBOUND_H
#define DNS_UNBOUND_H

#include "dns/upstream.h"

/* As upstream_new(), with a trust anchor or without. */
struct resolver *unbound_new(struct event_base *base,
			     const struct upstream_options *o, struct err *e);

#endif
