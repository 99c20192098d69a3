#include "inbox/receiver.h"

#include "base/ascii.h"
#include "base/limits.h"
#include "base/tr.h"
#include "inbox/smtpd.h"
#include "net/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	INPUT = 65536,
	OUTPUT = 65536,
	IDLE_SECONDS = 300,
	SESSION_SECONDS = 900,
	TICK_MS = 1000
};

struct session {
	struct receiver *r;
	int fd; /* -1: free */
	struct smtpd smtp;
	struct spool_mail mail;
	char token[SPOOL_TOKEN + 1];
	char in[INPUT];
	size_t n_in;
	struct buf out;
	size_t sent;
	time_t idle_until, until;
	bool closing; /* when all is sent */
};

struct receiver {
	struct receiver_options o;
	int fds[NET_LISTEN_MAX];
	size_t n_fds;
	int stop; /* eventfd */
	bool running;
	pthread_t thread;
	struct session session[LIMIT_SMTP_SESSIONS];
};

static time_t now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* ---- what a session asks ---- */

/* PREFIX TOKEN @ DOMAIN, whatever the case */
static bool is_ours(const struct receiver *r, str address,
		    char token[SPOOL_TOKEN + 1])
{
	size_t at = str_rfind(address, '@');
	str local = str_head(address, at);
	str prefix = str_of(r->o.prefix);

	return str_ieq(str_skip(address, at + 1), str_of(r->o.domain)) &&
	       local.n == prefix.n + SPOOL_TOKEN &&
	       str_istarts(local, prefix) && spool_token_of(local, token) &&
	       spool_knows(r->o.spool, token);
}

static enum smtpd_verdict on_rcpt(void *arg, str address)
{
	struct session *s = arg;
	char token[SPOOL_TOKEN + 1];

	if (!is_ours(s->r, address, token))
		return SMTPD_UNKNOWN;
	/* a second recipient is told to wait: the first one stays */
	if (s->smtp.state == SMTPD_MAIL)
		memcpy(s->token, token, sizeof token);
	return SMTPD_OK;
}

static enum smtpd_verdict verdict_of(enum spool_status status,
				     const struct err *e)
{
	switch (status) {
	case SPOOL_OK:
		return SMTPD_OK;
	case SPOOL_UNKNOWN:
		return SMTPD_UNKNOWN;
	case SPOOL_FULL:
		return SMTPD_FULL;
	case SPOOL_TOO_LARGE:
		return SMTPD_TOO_LARGE;
	default:
		(void)fprintf(stderr, "inkan: %s\n", e->text);
		return SMTPD_FAILED;
	}
}

static enum smtpd_verdict on_data(void *arg)
{
	struct session *s = arg;
	const struct smtpd_client *c = &s->smtp.client;
	struct spool_envelope envelope = {
		.ip = c->ip,
		.helo = { c->helo[0] ? c->helo : NULL, strlen(c->helo) },
		.mail_from = str_of(s->smtp.mail_from),
	};
	struct err e;

	return verdict_of(spool_begin(s->r->o.spool, s->token, &envelope,
				      &s->mail, &e),
			  &e);
}

static void on_chunk(void *arg, str bytes)
{
	spool_put(&((struct session *)arg)->mail, bytes);
}

static enum smtpd_verdict on_end(void *arg)
{
	struct session *s = arg;
	struct err e;

	return verdict_of(spool_commit(&s->mail, &e), &e);
}

static void on_abandon(void *arg)
{
	spool_abandon(&((struct session *)arg)->mail);
}

static const struct smtpd_handler handler = { on_rcpt, on_data, on_chunk,
					      on_end, on_abandon };

/* ---- sessions ---- */

static void close_session(struct session *s)
{
	smtpd_end(&s->smtp, false);
	close(s->fd);
	s->fd = -1;
	buf_free(&s->out);
}

static void flush(struct session *s)
{
	while (s->sent < s->out.n) {
		ssize_t n = send(s->fd, s->out.p + s->sent, s->out.n - s->sent,
				 MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n <= 0) {
			close_session(s);
			return;
		}
		s->sent += (size_t)n;
	}
	s->out.n = s->sent = 0;
	if (s->closing || s->out.overflow)
		close_session(s);
}

/* What is there, once; replies leave before more is read. */
static void input(struct session *s)
{
	ssize_t n = recv(s->fd, s->in + s->n_in, sizeof s->in - s->n_in, 0);
	struct cur c;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		close_session(s);
		return;
	}
	s->idle_until = now() + s->r->o.idle_seconds;
	s->n_in += (size_t)n;
	c = (struct cur){ s->in, s->in + s->n_in };
	s->closing = !smtpd_input(&s->smtp, &c);
	s->n_in = (size_t)(c.end - c.p);
	memmove(s->in, c.p, s->n_in);
	flush(s);
}

static void begin(struct receiver *r, int fd)
{
	static const char busy[] = "421 4.3.2 Too many sessions, try again "
				   "later\r\n";

	for (size_t i = 0; i < LIMIT_SMTP_SESSIONS; i++) {
		struct session *s = &r->session[i];

		if (s->fd >= 0)
			continue;
		s->r = r;
		s->fd = fd;
		s->n_in = s->sent = 0;
		s->closing = false;
		s->mail = (struct spool_mail){ .fd = -1 };
		s->out = buf_of(NULL, OUTPUT);
		s->until = now() + r->o.session_seconds;
		s->idle_until = now() + r->o.idle_seconds;
		smtpd_init(&s->smtp, &handler, s, r->o.name, &s->out);
		flush(s);
		return;
	}
	(void)send(fd, busy, sizeof busy - 1, MSG_NOSIGNAL);
	close(fd);
}

static void reap(struct receiver *r)
{
	time_t t = now();

	for (size_t i = 0; i < LIMIT_SMTP_SESSIONS; i++) {
		struct session *s = &r->session[i];

		if (s->fd < 0 || (t < s->idle_until && t < s->until))
			continue;
		smtpd_end(&s->smtp, true);
		s->closing = true;
		flush(s);
		if (s->fd >= 0)
			close_session(s);
	}
}

static size_t fill(struct receiver *r, struct pollfd *p)
{
	size_t n = 0;

	p[n++] = (struct pollfd){ .fd = r->stop, .events = POLLIN };
	for (size_t i = 0; i < r->n_fds; i++)
		p[n++] = (struct pollfd){ .fd = r->fds[i], .events = POLLIN };
	for (size_t i = 0; i < LIMIT_SMTP_SESSIONS; i++) {
		struct session *s = &r->session[i];

		/* an fd of -1 is passed over */
		p[n++] = (struct pollfd){
			.fd = s->fd,
			.events = s->fd >= 0 && s->out.n ? POLLOUT : POLLIN,
		};
	}
	return n;
}

static void *run(void *arg)
{
	enum { FIRST = 1 };
	struct receiver *r = arg;
	struct pollfd p[FIRST + NET_LISTEN_MAX + LIMIT_SMTP_SESSIONS];

	for (;;) {
		size_t n = fill(r, p);

		if (poll(p, n, TICK_MS) < 0 && errno != EINTR)
			return NULL;
		if (p[0].revents)
			return NULL;
		for (size_t i = 0; i < LIMIT_SMTP_SESSIONS; i++) {
			const struct pollfd *of = &p[FIRST + r->n_fds + i];
			struct session *s = &r->session[i];

			if (s->fd < 0 || of->fd != s->fd || !of->revents)
				continue;
			if (of->events == POLLOUT)
				flush(s);
			else
				input(s);
		}
		for (size_t i = 0; i < r->n_fds; i++) {
			int fd = p[FIRST + i].revents
					 ? accept4(r->fds[i], NULL, NULL,
						   SOCK_CLOEXEC | SOCK_NONBLOCK)
					 : -1;

			if (fd >= 0)
				begin(r, fd);
		}
		reap(r);
	}
}

static bool is_closed(const struct sockaddr_storage *a)
{
	const struct sockaddr_in *in4 = (const void *)a;
	const struct sockaddr_in6 *in6 = (const void *)a;

	if (a->ss_family == AF_INET)
		return ntohl(in4->sin_addr.s_addr) >> 24 == 127;
	if (a->ss_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
	return a->ss_family == AF_UNIX;
}

struct receiver *receiver_new(const struct receiver_options *o, struct err *e)
{
	struct receiver *r = calloc(1, sizeof *r);

	if (!r) {
		(void)err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	r->o = *o;
	if (!r->o.idle_seconds)
		r->o.idle_seconds = IDLE_SECONDS;
	if (!r->o.session_seconds)
		r->o.session_seconds = SESSION_SECONDS;
	r->stop = eventfd(0, EFD_CLOEXEC);
	for (size_t i = 0; i < LIMIT_SMTP_SESSIONS; i++)
		r->session[i].fd = -1;
	if (r->stop < 0) {
		(void)err_sys(e, "cannot make an eventfd");
		receiver_free(r);
		return NULL;
	}
	if (!net_listen(&o->address, r->fds, &r->n_fds, e)) {
		receiver_free(r);
		return NULL;
	}
	for (size_t i = 0; i < r->n_fds; i++) {
		struct sockaddr_storage a = { 0 };
		socklen_t n = sizeof a;

		if (getsockname(r->fds[i], (struct sockaddr *)&a, &n) == 0 &&
		    is_closed(&a))
			continue;
		(void)err_set(e, ERR_USAGE,
			      _("--smtp is for this machine's own mail "
				"server: listen on 127.0.0.1, ::1 or a unix "
				"socket"));
		receiver_free(r);
		return NULL;
	}
	return r;
}

bool receiver_start(struct receiver *r, struct err *e)
{
	int problem = pthread_create(&r->thread, NULL, run, r);

	r->running = problem == 0;
	errno = problem;
	return r->running || err_sys(e, "cannot start a thread");
}

void receiver_free(struct receiver *r)
{
	const uint64_t one = 1;

	if (!r)
		return;
	if (r->running && write(r->stop, &one, sizeof one) == sizeof one)
		(void)pthread_join(r->thread, NULL);
	for (size_t i = 0; i < LIMIT_SMTP_SESSIONS; i++)
		if (r->session[i].fd >= 0)
			close_session(&r->session[i]);
	for (size_t i = 0; i < r->n_fds; i++)
		close(r->fds[i]);
	if (r->n_fds)
		net_unlink(&r->o.address);
	if (r->stop >= 0)
		close(r->stop);
	free(r);
}
