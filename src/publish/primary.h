/* primary: which server takes the updates of a domain's zone (RFC 2136 4.1: the
 * one that its SOA names), and which servers answer for it. */
#ifndef PUBLISH_PRIMARY_H
#define PUBLISH_PRIMARY_H

#include "dns/client.h"
#include "publish/server.h"

/* The zone that holds the name, by the resolver. */
bool primary_zone(struct arena *arena, struct dns_client *dns, str name,
		  str *zone, str *primary, struct err *e);

bool primary_find(struct arena *arena, struct dns_client *dns, str name,
		  unsigned timeout_ms, struct server *out, struct err *e);

enum { PRIMARY_SERVERS_MAX = 32 };

/* Every address of every name server of the zone; text is "NAME (ADDRESS)". */
bool primary_servers(struct arena *arena, struct dns_client *dns, str zone,
		     unsigned timeout_ms, struct server *out, size_t *n,
		     struct err *e);

#endif
