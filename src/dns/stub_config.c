/* What a stub is told: its servers, its time, its room. */
#include "dns/nameserver.h"
#include "dns/stub_inside.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
	DEFAULT_TIMEOUT_MS = 5000,
	CACHE_OCTETS = 2 << 20,
	PORTS = 16, /* of a program */
	PORTS_MOST = 512
};

/* "ADDRESS@PORT" or "ADDRESS%INTERFACE" */
static bool add_server(void *arg, const char *text, struct err *e)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST |
						    AI_NUMERICSERV,
					.ai_socktype = SOCK_DGRAM };
	struct stub *s = arg;
	struct server *server = &s->servers[s->n_servers];
	struct addrinfo *found;
	char host[128];
	str address = str_of(text), port = STR("53");
	size_t at = str_find(address, '@');

	if (s->n_servers == STUB_SERVERS)
		return true;
	if (at < address.n)
		port = str_skip(address, at + 1);
	address = str_head(address, at);
	if (address.n >= sizeof host)
		return err_set(e, ERR_CONFIG, "name server %s: no address",
			       text);
	memcpy(host, address.p, address.n);
	host[address.n] = '\0';
	if (getaddrinfo(host, port.p, &hints, &found) != 0)
		return err_set(e, ERR_CONFIG, "name server %s: no address",
			       text);
	memcpy(&server->address, found->ai_addr, found->ai_addrlen);
	server->n = found->ai_addrlen;
	freeaddrinfo(found);
	s->n_servers++;
	return true;
}

bool stub_configure(struct stub *s, const struct upstream_options *o,
		    struct err *e)
{
	unsigned max = o->max_sockets ? o->max_sockets : 2 * PORTS;

	s->timeout_ms = o->timeout_ms ? o->timeout_ms : DEFAULT_TIMEOUT_MS;
	s->tcp_only = o->tcp;
	s->max_ports = max / 2 < PORTS_MOST ? max / 2 : PORTS_MOST;
	s->max_tcp = max - s->max_ports;
	if (getrandom(&s->seed, sizeof s->seed, 0) != sizeof s->seed)
		return err_set(e, ERR_SYSTEM,
			       "the system gives no random numbers");
	s->cache = cache_new(CACHE_OCTETS, s->seed);
	s->scratch = arena_new(4096);
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): pointers are meant */
	s->ports = calloc(s->max_ports, sizeof *s->ports);
	if (!s->deliver || !s->cache || !s->scratch || !s->ports)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (!o->n_nameservers)
		return dns_nameservers_of_system(o->resolv_conf, add_server, s,
						 e);
	for (size_t i = 0; i < o->n_nameservers; i++)
		if (!dns_nameserver(o->nameservers[i], add_server, s, e))
			return false;
	return true;
}
