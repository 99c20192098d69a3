/* One question over a connection of its own (RFC 7766). */
#include "dns/stub_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LENGTH = 2, FIRST = 512 };

struct tcp {
	struct question *question;
	struct event ready;
	int fd;
	unsigned server;
	size_t written, n, room;
	char *reply; /* its length, itself */
};

void tcp_end(struct tcp *t)
{
	if (!t)
		return;
	(void)event_del(&t->ready);
	(void)close(t->fd);
	t->question->stub->n_tcp--;
	t->question->tcp = NULL;
	free(t->reply);
	free(t);
}

static void broken(struct tcp *t)
{
	struct question *q = t->question;
	unsigned server = t->server;

	tcp_end(t);
	stub_unreachable(q, server);
}

/* What errno says can be waited for. */
static bool later(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ||
	       errno == EINPROGRESS || errno == ENOTCONN;
}

static void on_readable(evutil_socket_t fd, short what, void *arg);

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct tcp *t = arg;
	const struct dns_query *query = &t->question->query;
	char packet[LENGTH + DNS_QUERY_MAX];
	ssize_t n;

	(void)what;
	packet[0] = (char)(query->n >> 8);
	packet[1] = (char)query->n;
	memcpy(packet + LENGTH, query->packet, query->n);
	n = send(fd, packet + t->written, LENGTH + query->n - t->written,
		 MSG_NOSIGNAL);
	if (n < 0 && !later()) {
		broken(t);
		return;
	}
	t->written += n > 0 ? (size_t)n : 0;
	if (t->written < LENGTH + query->n)
		return;
	(void)event_del(&t->ready);
	if (event_assign(&t->ready, t->question->stub->base, fd,
			 EV_READ | EV_PERSIST, on_readable, t) < 0 ||
	    event_add(&t->ready, NULL) < 0)
		broken(t);
}

/* Octets of length and reply, when the length is known. */
static size_t wanted(const struct tcp *t)
{
	const unsigned char *p = (const unsigned char *)t->reply;

	return t->n < LENGTH ? LENGTH : LENGTH + ((size_t)p[0] << 8 | p[1]);
}

static bool make_room(struct tcp *t)
{
	size_t room = wanted(t) < FIRST ? FIRST : wanted(t);
	char *p;

	if (t->room >= room)
		return true;
	p = realloc(t->reply, room);
	if (!p)
		return false;
	t->reply = p;
	t->room = room;
	return true;
}

static void complete(struct tcp *t)
{
	struct question *q = t->question;
	unsigned server = t->server;
	char *reply = t->reply;
	str packet = { reply + LENGTH, t->n - LENGTH };
	bool ours = dns_reply_of(&q->query, packet) != DNS_REPLY_FOREIGN;

	t->reply = NULL;
	tcp_end(t);
	if (ours)
		stub_reply(q, server, packet, true);
	else
		stub_unreachable(q, server);
	free(reply);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct tcp *t = arg;
	ssize_t n;

	(void)what;
	if (!make_room(t)) {
		broken(t);
		return;
	}
	n = recv(fd, t->reply + t->n, wanted(t) - t->n, 0);
	if (n < 0 && later())
		return;
	if (n <= 0) {
		broken(t);
		return;
	}
	t->n += (size_t)n;
	if (t->n >= LENGTH && t->n == wanted(t))
		complete(t);
}

static bool start(struct tcp *t, const struct server *to)
{
	const struct sockaddr *address = (const struct sockaddr *)&to->address;

	return (connect(t->fd, address, to->n) == 0 || later()) &&
	       event_assign(&t->ready, t->question->stub->base, t->fd,
			    EV_WRITE | EV_PERSIST, on_writable, t) == 0 &&
	       event_add(&t->ready, NULL) == 0;
}

bool tcp_ask(struct question *q, unsigned server)
{
	const struct server *to = &q->stub->servers[server];
	struct tcp *t;

	if (q->tcp)
		return true; /* it is under way */
	if (q->stub->n_tcp == q->stub->max_tcp)
		return false;
	t = calloc(1, sizeof *t);
	if (!t)
		return false;
	t->question = q;
	t->server = server;
	t->fd = socket(to->address.ss_family,
		       SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (t->fd < 0 || !start(t, to)) {
		if (t->fd >= 0)
			(void)close(t->fd);
		free(t);
		return false;
	}
	q->stub->n_tcp++;
	q->tcp = t;
	return true;
}
