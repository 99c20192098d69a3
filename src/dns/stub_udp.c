/* Ports: UDP sockets that are connected to one server, so that the kernel takes
 * nothing from others. */
#include "dns/stub_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	ALONE = 64, /* so many ports before a question shares one */
	SHARED_BY = 128, /* tries at a time */
	USED_FOR = 256, /* tries; then a fresh one */
	LOOKS = 8, /* at ports that may have room */
	BURST = 32, /* packets read before others have their turn */
	ROOM = 4096 /* we said that 1232 octets are welcome */
};

struct port {
	struct stub *stub;
	struct event readable;
	int fd;
	unsigned place; /* in the stub's array */
	unsigned server, open, used;
	bool reading;
	struct try *tries;
};

static void close_port(struct port *p)
{
	struct stub *s = p->stub;

	(void)event_del(&p->readable);
	(void)close(p->fd);
	s->ports[p->place] = s->ports[--s->n_ports];
	s->ports[p->place]->place = p->place;
	free(p);
}

void udp_end(struct try *t)
{
	struct port *p = t->port;
	struct try **at;

	if (!p)
		return;
	for (at = &p->tries; *at != t; at = &(*at)->next)
		;
	*at = t->next;
	t->port = NULL;
	if (--p->open == 0 && !p->reading)
		close_port(p);
}

static struct try *find_try(const struct port *p, str packet)
{
	const unsigned char *b = (const unsigned char *)packet.p;
	struct try *t = p->tries;

	if (packet.n < 2)
		return NULL;
	while (t && t->id != (b[0] << 8 | b[1]))
		t = t->next;
	return t;
}

static void take(const struct port *p, str packet)
{
	struct try *t = find_try(p, packet);
	struct question *q;

	if (!t)
		return;
	q = t->question;
	memcpy(q->query.packet, packet.p, 2); /* the id of this try */
	if (dns_reply_of(&q->query, packet) == DNS_REPLY_FOREIGN)
		return;

	struct server *server = &p->stub->servers[p->server];
	int64_t took = stub_now() - t->sent;

	server->heard = t->sent + took;
	server->suspect_until = 0;
	/* seven parts of what was known, one of the news (RFC 6298) */
	server->usual_ms = server->usual_ms
				   ? (server->usual_ms * 7 + (unsigned)took) / 8
				   : (unsigned)took + 1;
	udp_end(t);
	stub_reply(q, p->server, packet, false);
}

/* The server's host says that nobody listens there. */
static void refused(struct port *p)
{
	while (p->tries) {
		struct question *q = p->tries->question;

		udp_end(p->tries);
		stub_unreachable(q, p->server);
	}
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct port *p = arg;
	char room[ROOM];
	ssize_t n = 0;

	(void)what;
	p->reading = true;
	for (int i = 0; i < BURST && p->open && n >= 0; i++) {
		n = recv(fd, room, sizeof room, MSG_DONTWAIT);
		if (n > 0)
			take(p, (str){ room, (size_t)n });
	}
	if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		refused(p);
	p->reading = false;
	if (!p->open)
		close_port(p);
}

static struct port *open_port(struct stub *s, unsigned server)
{
	const struct server *to = &s->servers[server];
	struct port *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	*p = (struct port){ .stub = s, .server = server, .place = s->n_ports };
	p->fd = socket(to->address.ss_family,
		       SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->fd >= 0 &&
	    connect(p->fd, (const struct sockaddr *)&to->address, to->n) == 0 &&
	    event_assign(&p->readable, s->base, p->fd, EV_READ | EV_PERSIST,
			 on_readable, p) == 0 &&
	    event_add(&p->readable, NULL) == 0) {
		s->ports[s->n_ports++] = p;
		return p;
	}
	if (p->fd >= 0)
		(void)close(p->fd);
	free(p);
	return NULL;
}

static struct port *port_with_room(struct stub *s, unsigned server, bool any)
{
	unsigned at = stub_random(s);
	unsigned looks = any ? s->n_ports : LOOKS;

	for (unsigned i = 0; i < looks && i < s->n_ports; i++) {
		struct port *p = s->ports[(at + i) % s->n_ports];

		if (p->server == server && p->open < SHARED_BY &&
		    (any || p->used < USED_FOR))
			return p;
	}
	return NULL;
}

static struct port *choose(struct stub *s, unsigned server)
{
	struct port *p = NULL;

	if (s->n_ports >= ALONE)
		p = port_with_room(s, server, false);
	if (!p && s->n_ports < s->max_ports)
		p = open_port(s, server);
	return p ? p : port_with_room(s, server, true);
}

static uint16_t fresh_id(struct stub *s, const struct port *p)
{
	for (;;) {
		uint16_t id = (uint16_t)stub_random(s);
		const struct try *t = p->tries;

		while (t && t->id != id)
			t = t->next;
		if (!t)
			return id;
	}
}

bool udp_send(struct question *q, unsigned server)
{
	struct stub *s = q->stub;
	struct port *p = choose(s, server);
	struct try *t = &q->tries[q->n_tries];

	if (!p)
		return false;
	*t = (struct try){ .port = p, .question = q, .server = server };
	t->id = fresh_id(s, p);
	t->sent = stub_now();
	q->query.packet[0] = (char)(t->id >> 8);
	q->query.packet[1] = (char)t->id;
	if (send(p->fd, q->query.packet, q->query.n, MSG_NOSIGNAL) < 0 &&
	    errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS) {
		if (!p->open)
			close_port(p);
		t->port = NULL;
		return false;
	}
	t->next = p->tries;
	p->tries = t;
	p->open++;
	p->used++;
	q->n_tries++;
	return true;
}
