#include "dns/client.h"

#include "dns/unbound.h"
#include "dns/zone.h"

#include <stdlib.h>

#include <event2/event.h>

struct dns_client {
	struct event_base *base; /* NULL with zones */
	struct resolver *resolver;
};

static struct resolver *from_zones(const struct dns_client_options *o,
				   struct err *e)
{
	struct zone *z = zone_new();

	if (!z) {
		(void)err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	for (size_t i = 0; i < o->n_zones; i++)
		if (!zone_load(z, o->zones[i], e)) {
			zone_free(z);
			return NULL;
		}
	return zone_resolver(z);
}

static struct resolver *from_servers(struct dns_client *c,
				     const struct dns_client_options *o,
				     struct err *e)
{
	struct unbound_options u = {
		.nameservers = o->nameservers,
		.n_nameservers = o->n_nameservers,
		.timeout_ms = o->timeout_ms ? o->timeout_ms : 5000,
		.trust_anchor = o->trust_anchor,
	};

	c->base = event_base_new();
	if (!c->base) {
		(void)err_set(e, ERR_INTERNAL, "cannot make an event loop");
		return NULL;
	}
	return unbound_new(c->base, &u, e);
}

struct dns_client *dns_client_new(const struct dns_client_options *o,
				  struct err *e)
{
	struct dns_client *c = calloc(1, sizeof *c);

	if (!c) {
		(void)err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	c->resolver = o->n_zones ? from_zones(o, e) : from_servers(c, o, e);
	if (c->resolver)
		return c;
	dns_client_free(c);
	return NULL;
}

struct resolver *dns_client_resolver(struct dns_client *c)
{
	return c->resolver;
}

void dns_client_wait(struct dns_client *c, const struct asks *asks)
{
	unsigned before = asks_outstanding(asks);

	while (c->base && before && asks_outstanding(asks) == before)
		if (event_base_loop(c->base, EVLOOP_ONCE) != 0)
			return;
}

void dns_client_free(struct dns_client *c)
{
	if (!c)
		return;
	resolver_free(c->resolver);
	if (c->base)
		event_base_free(c->base);
	free(c);
}
