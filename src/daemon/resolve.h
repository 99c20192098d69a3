/* resolve: the resolver that a configuration asks for. */
#ifndef DAEMON_RESOLVE_H
#define DAEMON_RESOLVE_H

#include "conf/snapshot.h"
#include "dns/resolver.h"

struct event_base;

enum { RESOLVE_NAMESERVERS_MAX = 16 };

/* The addresses of Nameservers; how many they are. */
size_t resolve_nameservers(const struct conf *c, struct arena *arena,
			   const char *out[RESOLVE_NAMESERVERS_MAX]);

/* Name servers, or with TestDNSData or TestPublicKeys those records and nothing
 * else.  NULL and *e. */
struct resolver *resolve_new(struct event_base *base, const struct snapshot *s,
			     struct err *e);

#endif
