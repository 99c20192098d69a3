/* client: see dns/client.h. */
#include "dns/client.h"

#include "dns/pollset.h"
#include "dns/upstream.h"
#include "dns/zone.h"

#include <stdlib.h>

#include <event2/event.h>

struct dns_client {
	struct event_base *base; /* NULL with zone files */
	struct resolver *resolver;
	struct pollset *pollset; /* NULL until somebody polls */
};

static bool open_zones(struct dns_client *c, const struct dns_client_options *o,
		       struct err *e)
{
	struct zone *z = zone_new();

	if (!z)
		return err_set(e, ERR_INTERNAL, "out of memory");
	c->resolver = zone_resolver(z);
	for (size_t i = 0; i < o->n_zones; i++)
		if (!zone_load(z, o->zones[i], e))
			return false;
	return true;
}

static bool open_servers(struct dns_client *c,
			 const struct dns_client_options *o, struct err *e)
{
	const struct upstream_options u = {
		.nameservers = o->nameservers,
		.n_nameservers = o->n_nameservers,
		.trust_anchor = o->trust_anchor,
		.timeout_ms = o->timeout_ms,
		.tcp = o->tcp,
	};

	c->base = event_base_new();
	if (!c->base)
		return err_set(e, ERR_SYSTEM, "cannot make an event loop");
	c->resolver = upstream_new(c->base, &u, e);
	return c->resolver;
}

struct dns_client *dns_client_new(const struct dns_client_options *o,
				  struct err *e)
{
	struct dns_client *c = calloc(1, sizeof *c);

	if (!c) {
		err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	if (o->n_zones ? open_zones(c, o, e) : open_servers(c, o, e))
		return c;
	dns_client_free(c);
	return NULL;
}

void dns_client_free(struct dns_client *c)
{
	if (!c)
		return;
	pollset_free(c->pollset);
	resolver_free(c->resolver);
	if (c->base)
		event_base_free(c->base);
	free(c);
}

struct resolver *dns_client_resolver(struct dns_client *c)
{
	return c->resolver;
}

/* Runs the loop until fewer than `open` questions are. */
static bool wait_below(struct dns_client *c, const struct asks *as,
		       unsigned open)
{
	while (asks_outstanding(as) >= open)
		if (!c->base || event_base_loop(c->base, EVLOOP_ONCE) != 0)
			return false;
	return true;
}

bool dns_client_wait(struct dns_client *c, const struct asks *as)
{
	unsigned open = asks_outstanding(as);

	return !open || wait_below(c, as, open);
}

const struct dns_answer *dns_client_ask(struct dns_client *c, struct asks *as,
					enum dns_type type, str name)
{
	const struct dns_answer *a;

	while (!(a = ask(as, type, name)) && dns_client_wait(c, as))
		;
	return a;
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	*(bool *)arg = true;
}

bool dns_client_wait_for(struct dns_client *c, const struct asks *as,
			 unsigned timeout_ms)
{
	struct timeval limit = { timeout_ms / 1000,
				 (suseconds_t)(timeout_ms % 1000) * 1000 };
	unsigned open = asks_outstanding(as);
	bool over = false, ok = true;
	struct event *timer;

	if (!timeout_ms || !c->base)
		return dns_client_wait(c, as);
	timer = evtimer_new(c->base, on_time, &over);
	if (!timer || evtimer_add(timer, &limit) < 0)
		ok = false;
	while (ok && open && !over && asks_outstanding(as) >= open)
		ok = event_base_loop(c->base, EVLOOP_ONCE) == 0;
	if (timer)
		event_free(timer);
	return ok;
}

bool dns_client_wait_all(struct dns_client *c, const struct asks *as)
{
	return wait_below(c, as, 1);
}

bool dns_client_poll(struct dns_client *c, int *fd, int *timeout_ms,
		     struct err *e)
{
	*fd = *timeout_ms = -1;
	if (!c->base)
		return true;
	if (!c->pollset)
		c->pollset = pollset_new(e);
	return c->pollset &&
	       pollset_update(c->pollset, c->base, fd, timeout_ms, e);
}

void dns_client_step(struct dns_client *c)
{
	if (c->base)
		event_base_loop(c->base, EVLOOP_NONBLOCK);
}
