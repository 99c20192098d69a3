#include "dns/unbound.h"

#include "base/buf.h"
#include "base/cur.h"
#include "base/ip.h"
#include "dns/wire.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <event2/event.h>
#include <unbound-event.h>
#include <unbound.h>

struct query {
	struct query *next, **back;
	struct unbound *owner;
	struct asks *asks; /* NULL: cancelled while libunbound calls us */
	unsigned id;
	enum dns_type type;
	str name;
	struct event *timer;
	int async_id;
	bool sending, done;
};

struct unbound {
	struct resolver resolver;
	struct ub_ctx *ctx;
	struct event_base *base;
	struct query *queries;
	unsigned timeout_ms;
	const struct timeval *timeout; /* a common timeout of the base */
	struct unbound_counters counters;
};

/* ub_ctx_config's scanner is global to the process: one at a time. */
static pthread_mutex_t config_mutex = PTHREAD_MUTEX_INITIALIZER;

/* Without these libunbound answers names under "test.", ".invalid" and the
 * reverse zones of private networks by itself, and asks no server on loopback.
 * harden-dnssec-stripped: behind a forwarder that knows no DNSSEC data is
 * insecure, not bogus. */
static const char settings[] = "server:\n"
			       " do-not-query-localhost: no\n"
			       " unblock-lan-zones: yes\n"
			       " insecure-lan-zones: yes\n"
			       " local-zone: \"test.\" nodefault\n"
			       " local-zone: \"invalid.\" nodefault\n"
			       " local-zone: \"onion.\" nodefault\n"
			       " local-zone: \"home.arpa.\" nodefault\n"
			       " harden-dnssec-stripped: no\n"
			       " edns-buffer-size: 1232\n"
			       " outgoing-range: 2048\n"
			       " num-queries-per-thread: 2048\n"
			       " so-reuseport: no\n"
			       " use-syslog: no\n"
			       " logfile: \"\"\n"
			       " verbosity: 0\n";

static void unlink_query(struct query *q)
{
	*q->back = q->next;
	if (q->next)
		q->next->back = q->back;
}

static void query_free(struct query *q)
{
	unlink_query(q);
	if (q->timer)
		event_free(q->timer);
	free(q);
}

static void give(struct query *q, const struct dns_answer *answer)
{
	struct asks *asks = q->asks;
	unsigned id = q->id;

	if (answer->status == DNS_TEMPFAIL)
		q->owner->counters.failures++;
	if (q->sending) {
		q->done = true;
		q->owner->counters.cached++;
	} else {
		query_free(q);
	}
	/* last: what it calls may end the message and this resolver's asks */
	if (asks)
		asks_answer(asks, id, answer);
}

static const struct dns_answer failed = { .status = DNS_TEMPFAIL };
static const struct dns_answer bogus = { .status = DNS_TEMPFAIL,
					 .bogus = true };

/* Running out of memory must not jump over libunbound's frames. */
static const struct dns_answer *read_answer(const struct query *q,
					    struct arena *arena, str packet,
					    bool secure)
{
	const struct dns_answer *volatile answer = &failed;
	struct arena_outer outer;

	arena_suspend(arena, &outer);
	if (arena_enter(arena)) {
		struct dns_answer *a = arena_new_of(arena, struct dns_answer);

		*a = *dns_wire_answer(arena, packet, q->type, q->name);
		a->secure = secure && a->status != DNS_TEMPFAIL;
		answer = a;
		arena_leave(arena);
	}
	arena_resume(arena, &outer);
	return answer;
}

/* The rule: error, then bogus (libunbound hands over the forged data), then
 * rcode, then data. */
static void on_result(void *arg, int rcode, void *packet, int packet_len,
		      int sec, char *why_bogus, int was_ratelimited)
{
	enum { INSECURE, BOGUS, SECURE };
	struct query *q = arg;
	struct arena *arena = q->asks ? asks_arena(q->asks) : NULL;

	(void)why_bogus, (void)was_ratelimited;
	if (!arena || sec == BOGUS) {
		give(q, sec == BOGUS ? &bogus : &failed);
		return;
	}
	if ((rcode != 0 && rcode != 3) || packet_len <= 0) {
		give(q, &failed);
		return;
	}
	give(q, read_answer(q, arena, (str){ packet, (size_t)packet_len },
			    sec == SECURE));
}

static void on_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct query *q = arg;

	(void)fd, (void)what;
	q->owner->counters.timeouts++;
	(void)ub_cancel(q->owner->ctx, q->async_id);
	give(q, &failed);
}

static struct query *query_new(struct unbound *u)
{
	struct query *q = calloc(1, sizeof *q);

	if (!q)
		return NULL;
	q->owner = u;
	q->next = u->queries;
	q->back = &u->queries;
	if (q->next)
		q->next->back = &q->next;
	u->queries = q;
	return q;
}

static bool start_timer(struct query *q)
{
	if (!q->owner->timeout)
		return true;
	q->timer = evtimer_new(q->owner->base, on_timeout, q);
	return q->timer && evtimer_add(q->timer, q->owner->timeout) == 0;
}

static void unbound_send(struct resolver *r, struct asks *as, unsigned id,
			 enum dns_type type, str name)
{
	struct unbound *u = (struct unbound *)r;
	struct query *q = query_new(u);
	char text[256];

	u->counters.questions++;
	if (!q) {
		asks_answer(as, id, &failed);
		return;
	}
	(void)snprintf(text, sizeof text, "%.*s", STR_ARG(name));
	q->asks = as;
	q->id = id;
	q->type = type;
	q->name = name; /* asks keeps it */
	q->sending = true;
	if (!start_timer(q) || ub_resolve_event(u->ctx, text, (int)type, 1, q,
						on_result, &q->async_id) != 0) {
		query_free(q);
		asks_answer(as, id, &failed);
		return;
	}
	q->sending = false;
	if (q->done)
		query_free(q);
}

static void unbound_cancel(struct resolver *r, struct asks *as)
{
	struct unbound *u = (struct unbound *)r;
	struct query *next;

	for (struct query *q = u->queries; q; q = next) {
		next = q->next;
		if (q->asks != as)
			continue;
		q->asks = NULL;
		(void)ub_cancel(u->ctx, q->async_id);
		query_free(q);
	}
}

static void unbound_free(struct resolver *r)
{
	struct unbound *u = (struct unbound *)r;

	while (u->queries)
		query_free(u->queries);
	if (u->ctx) {
		(void)pthread_mutex_lock(&config_mutex);
		ub_ctx_delete(u->ctx);
		(void)pthread_mutex_unlock(&config_mutex);
	}
	free(u);
}

struct unbound_counters unbound_counters(const struct resolver *r)
{
	return ((const struct unbound *)r)->counters;
}

static bool failed_because(struct err *e, const char *what, int code)
{
	return err_set(e, ERR_UNAVAILABLE, "DNS resolver: %s: %s", what,
		       ub_strerror(code));
}

static bool configure(struct ub_ctx *ctx, bool tcp, struct err *e)
{
	int fd = memfd_create("resolver", MFD_CLOEXEC);
	char path[32];
	int rc;

	if (fd < 0)
		return err_sys(e, "DNS resolver: memfd_create");
	if (dprintf(fd, "%s%s", settings, tcp ? " tcp-upstream: yes\n" : "") <
	    0) {
		close(fd);
		return err_sys(e, "DNS resolver: settings");
	}
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	rc = ub_ctx_config(ctx, path);
	close(fd);
	return rc == 0 || failed_because(e, "settings", rc);
}

/* ADDR, ADDR:PORT, [V6], [V6]:PORT -> libunbound's ADDR@PORT */
static bool server_text(const char *server, char *out, size_t size)
{
	struct cur c = cur_of(str_trim(str_of(server)));
	char text[IP_TEXT_MAX];
	uint32_t port = 53;
	struct ip ip;
	str address;

	if (cur_char(&c, '[')) {
		address = cur_until(&c, ']');
		if (!cur_char(&c, ']'))
			return false;
	} else if (ip_parse(cur_rest(&c), &ip)) {
		address = cur_rest(&c);
		c.p = c.end;
	} else {
		address = cur_until(&c, ':');
	}
	if (cur_char(&c, ':') && (!cur_uint(&c, 65535, &port) || port == 0))
		return false;
	if (!cur_done(&c) || !ip_parse(address, &ip))
		return false;
	(void)snprintf(out, size, "%.*s@%u", STR_ARG(ip_text(ip, text)), port);
	return true;
}

static bool set_servers(struct ub_ctx *ctx, const struct unbound_options *o,
			struct err *e)
{
	int rc = 0;

	if (!o->n_nameservers) {
		rc = ub_ctx_resolvconf(ctx, NULL);
		return rc == 0 ||
		       failed_because(e, "cannot use /etc/resolv.conf", rc);
	}
	for (size_t i = 0; i < o->n_nameservers && !rc; i++) {
		char text[IP_TEXT_MAX + 8];

		if (!server_text(o->nameservers[i], text, sizeof text))
			return err_set(e, ERR_USAGE,
				       "name server \"%s\" is not ADDRESS, "
				       "ADDRESS:PORT or [ADDRESS]:PORT",
				       o->nameservers[i]);
		rc = ub_ctx_set_fwd(ctx, text);
	}
	return rc == 0 || failed_because(e, "name servers", rc);
}

static bool set_anchor(struct ub_ctx *ctx, const char *path, struct err *e)
{
	int rc;

	if (!path)
		return true;
	if (access(path, R_OK) < 0)
		return err_sys(e, "cannot read trust anchor file %s", path);
	rc = ub_ctx_add_ta_file(ctx, path);
	return rc == 0 || failed_because(e, path, rc);
}

struct resolver *unbound_new(struct event_base *base,
			     const struct unbound_options *o, struct err *e)
{
	struct unbound *u = calloc(1, sizeof *u);
	struct timeval timeout = { o->timeout_ms / 1000,
				   (suseconds_t)(o->timeout_ms % 1000) * 1000 };
	bool ok = false;

	if (!u) {
		(void)err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	u->resolver = (struct resolver){ unbound_send, unbound_cancel,
					 unbound_free };
	u->base = base;
	if (o->timeout_ms)
		u->timeout = event_base_init_common_timeout(base, &timeout);
	(void)pthread_mutex_lock(&config_mutex);
	u->ctx = ub_ctx_create_event(base);
	if (!u->ctx)
		(void)err_set(e, ERR_INTERNAL,
			      "DNS resolver: libunbound gives no context");
	else
		ok = configure(u->ctx, o->tcp, e) &&
		     set_servers(u->ctx, o, e) &&
		     set_anchor(u->ctx, o->trust_anchor, e);
	(void)pthread_mutex_unlock(&config_mutex);
	if (ok)
		return &u->resolver;
	unbound_free(&u->resolver);
	return NULL;
}
