/* Between the stub's parts: stub.c (questions, and which server is next),
 * stub_config.c, stub_udp.c (ports) and stub_tcp.c. */
#ifndef DNS_STUB_INSIDE_H
#define DNS_STUB_INSIDE_H

#include "dns/askers.h"
#include "dns/cache.h"
#include "dns/query.h"
#include "dns/stub.h"

#include <sys/socket.h>

#include <event2/event.h>
#include <event2/event_struct.h>

enum {
	STUB_SERVERS = 16, /* that are asked at all */
	STUB_TRIES = 5, /* of one question, by UDP */
	STUB_BUCKETS = 4096
};

struct server {
	struct sockaddr_storage address;
	socklen_t n;
	int64_t suspect_until; /* ms */
	int64_t heard; /* when it last answered, ms; 0: never */
	unsigned usual_ms; /* what it takes; 0: not known */
};

struct
try { /* one packet sent */
	struct try *next; /* of the port */
	struct port *port; /* NULL: is over */
	struct question *question;
	unsigned server;
	uint16_t id;
	int64_t sent; /* ms */
};

struct question {
	struct question *next; /* of the bucket */
	struct question *newer, *older;
	struct stub *stub;
	uint64_t hash;
	enum dns_type type;
	str name;
	struct askers askers;
	struct dns_query query;
	struct try tries[STUB_TRIES];
	unsigned n_tries;
	unsigned asked, failed; /* servers, as bits */
	bool edns;
	struct tcp *tcp;
	struct event timer;
	int64_t due; /* ms */
	char text[]; /* the name, the packet */
};

struct stub {
	struct resolver resolver;
	struct event_base *base;
	struct event *deliver;
	struct server servers[STUB_SERVERS];
	unsigned n_servers;
	unsigned timeout_ms;
	bool tcp_only;
	struct map_seed seed;
	struct cache *cache;
	struct arena *scratch; /* one packet read */
	struct question *newest;
	struct askers answered;
	struct question *buckets[STUB_BUCKETS];
	struct port **ports;
	unsigned n_ports, max_ports;
	unsigned n_tcp, max_tcp;
	unsigned char random[256];
	unsigned random_left;
};

/* All but resolver, base and deliver; false: *e says why. */
bool stub_configure(struct stub *s, const struct upstream_options *o,
		    struct err *e);

int64_t stub_now(void); /* ms of the monotonic clock */
unsigned stub_random(struct stub *s); /* 16 bits that nobody can guess */

/* What came back; each may end the question. */
void stub_reply(struct question *q, unsigned server, str packet, bool by_tcp);
/* The server cannot be reached, or broke off. */
void stub_unreachable(struct question *q, unsigned server);

/* Sends q's packet as one more try; false: the server cannot be reached.  The
 * caller has seen to it that there is room for a try. */
bool udp_send(struct question *q, unsigned server);
void udp_end(struct try *t); /* no answer to it counts any more */

bool tcp_ask(struct question *q, unsigned server); /* false: not reachable */
void tcp_end(struct tcp *t); /* NULL is fine */

#endif
