/* resolve: the resolver that a configuration asks for. */
#ifndef DAEMON_RESOLVE_H
#define DAEMON_RESOLVE_H

#include "conf/snapshot.h"
#include "dns/resolver.h"

struct event_base;

/* Name servers, or with TestDNSData or TestPublicKeys those records and nothing
 * else.  NULL and *e. */
struct resolver *resolve_new(struct event_base *base, const struct snapshot *s,
			     struct err *e);

#endif
