#include "daemon/conn.h"

#include "base/limits.h"
#include "daemon/worker_inside.h"
#include "milter/codec.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

enum {
	READ_BYTES = 65536,
	IN_MAX = LIMIT_MILTER_PACKET + READ_BYTES + 64,
	KEEP_BYTES = 4096 /* a small buffer may stay for the next packet */
};

static void set_wait(struct conn *c, short waits_for, enum wait_kind wait)
{
	struct event *ev = &c->event;

	if (c->waits_for != waits_for) {
		if (c->waits_for)
			(void)event_del(ev);
		(void)event_assign(ev, c->worker->base, c->fd,
				   (short)(waits_for | EV_PERSIST),
				   c->worker->on_conn, c);
	} else if (c->wait == wait) {
		return; /* a persistent event begins its timeout anew itself */
	}
	c->waits_for = waits_for;
	c->wait = (unsigned char)wait;
	(void)event_add(ev, c->worker->timeouts[wait]);
}

static void wait_for_input(struct conn *c)
{
	enum wait_kind wait = filter_waiting(&c->filter) ? WAIT_ANSWER
			      : c->in.n                  ? WAIT_REST
							 : WAIT_IDLE;

	set_wait(c, EV_READ, wait);
}

void conn_close(struct conn *c)
{
	struct worker *w = c->worker;

	(void)event_del(&c->event);
	worker_forget(w, c);
	filter_done(&c->filter);
	buf_free(&c->in);
	buf_free(&c->out);
	close(c->fd);
	free(c);
}

/* How much of p the socket takes now; -1: it is broken. */
static ssize_t send_some(const struct conn *c, const char *p, size_t n)
{
	ssize_t sent;

	do
		sent = send(c->fd, p, n, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	return sent;
}

/* Everything at once, or what is left when the socket is ready again.  False:
 * the connection is gone. */
static bool flush(struct conn *c, const struct buf *b)
{
	ssize_t n = b->n ? send_some(c, b->p, b->n) : 0;

	if (n < 0 || b->overflow) {
		conn_close(c);
		return false;
	}
	if ((size_t)n < b->n) {
		buf_put(&c->out, (str){ b->p + n, b->n - (size_t)n });
		set_wait(c, EV_WRITE, WAIT_REST);
		return true;
	}
	if (c->closing) {
		conn_close(c);
		return false;
	}
	wait_for_input(c);
	return true;
}

static void on_writable(struct conn *c)
{
	ssize_t n = send_some(c, c->out.p, c->out.n);

	if (n < 0) {
		conn_close(c);
		return;
	}
	memmove(c->out.p, c->out.p + n, c->out.n - (size_t)n);
	c->out.n -= (size_t)n;
	if (c->out.n)
		return;
	buf_free(&c->out);
	if (c->closing)
		conn_close(c);
	else
		wait_for_input(c);
}

static struct buf *fresh_out(struct worker *w)
{
	w->out.n = 0;
	w->out.overflow = false;
	return &w->out;
}

static void note_problem(const struct conn *c)
{
	struct station *st = &c->worker->station;
	unsigned left_out;

	stats_add(&st->stats.protocol_errors, 1);
	if (log_allowed(&st->limit_protocol, station_now(st), &left_out))
		log_say(LOG_WARN,
			"closing a connection: the MTA sent %s (before this "
			"one, %u were not logged)",
			c->filter.session.problem, left_out);
}

/* Linux forgets TCP_QUICKACK; without it the peer's next packet may wait 40 ms
 * for our ACK.  A reply carries one anyway. */
static void acknowledge(const struct conn *c, const struct buf *out)
{
	static const int one = 1;

	if (c->tcp && !out->n && !c->closing)
		(void)setsockopt(c->fd, IPPROTO_TCP, TCP_QUICKACK, &one,
				 sizeof one);
}

static bool in_message(const struct conn *c)
{
	return c->filter.session.in_message;
}

/* Handles the packets in p and keeps the start of another one. */
static void take(struct conn *c, const char *p, size_t n)
{
	struct milter_session *s = &c->filter.session;
	struct buf *out = fresh_out(c->worker);
	struct cur in = { p, p + n };

	s->out = out;
	if (!milter_session_input(s, &in)) {
		c->closing = true;
		if (s->problem)
			note_problem(c);
	} else if (c->worker->draining && !in_message(c)) {
		c->closing = true;
	}

	str rest = cur_rest(&in);

	if (p == c->in.p) {
		memmove(c->in.p, rest.p, rest.n);
		c->in.n = rest.n;
		if (!rest.n && c->in.cap > KEEP_BYTES)
			buf_free(&c->in);
	} else {
		buf_put(&c->in, rest);
		if (c->in.overflow)
			c->closing = true;
	}
	acknowledge(c, out);
	(void)flush(c, out);
}

static void on_readable(struct conn *c)
{
	struct worker *w = c->worker;
	size_t had = c->in.n, room = had ? READ_BYTES : WORKER_IN_BYTES;
	char *to = had ? buf_room(&c->in, READ_BYTES) : w->in;
	ssize_t n;

	if (!to) {
		conn_close(c);
		return;
	}
	do
		n = recv(c->fd, to, room, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	if (n <= 0) {
		conn_close(
			c); /* also when a message is under way: it is gone */
		return;
	}
	if (had) {
		c->in.n += (size_t)n;
		take(c, c->in.p, c->in.n);
	} else {
		take(c, w->in, (size_t)n);
	}
}

void conn_resume(struct conn *c)
{
	struct buf *out = fresh_out(c->worker);

	c->filter.session.out = out;
	filter_resume(&c->filter);
	if (!out->n)
		return;
	if (c->worker->draining)
		c->closing = true;
	(void)flush(c, out);
}

static void on_deadline(struct conn *c)
{
	struct buf *out = fresh_out(c->worker);

	c->filter.session.out = out;
	filter_give_up(&c->filter);
	if (c->worker->draining)
		c->closing = true;
	(void)flush(c, out);
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	if (what & EV_WRITE)
		on_writable(c);
	else if (what & EV_READ)
		on_readable(c);
	else if (filter_waiting(&c->filter) && c->waits_for == EV_READ)
		on_deadline(c);
	else
		conn_close(c); /* stalled or idle for too long */
}

/* What the MTA has sent and nobody has read: a message may have begun in it,
 * because most of its commands get no answer.  take() closes if not. */
static bool has_more(const struct conn *c)
{
	char byte;

	return c->in.n || recv(c->fd, &byte, 1, MSG_PEEK) > 0;
}

void conn_drain(struct conn *c, bool force)
{
	struct buf *out = fresh_out(c->worker);

	if (c->out.n) {
		c->closing = true;
	} else if (force && filter_waiting(&c->filter)) {
		c->filter.session.out = out;
		filter_tempfail(&c->filter);
		c->closing = true;
		(void)flush(c, out);
	} else if (force || (!in_message(c) && !has_more(c))) {
		conn_close(c);
	}
}

bool conn_open(struct worker *w, int fd, bool tcp)
{
	struct conn *c = calloc(1, sizeof *c);

	if (!c) {
		close(fd);
		return false;
	}
	c->worker = w;
	c->fd = fd;
	c->tcp = tcp;
	c->in.max = IN_MAX;
	c->out.max = WORKER_OUT_MAX;
	w->on_conn = on_event;
	filter_init(&c->filter, &w->station);
	worker_remember(w, c);
	wait_for_input(c);
	on_readable(c); /* the MTA speaks first and mostly has */
	return true;
}
