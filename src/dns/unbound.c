/* unbound: libunbound's event API as a resolver (dns/unbound.h).
 *
 * The traps of libunbound that this file deals with:
 * - A silent server ends a query only after 17 s: every query has its own time
 *   here and is cancelled then.
 * - Some names are answered by built-in zones without asking anyone ("test.",
 *   "home.arpa.", PTR of private addresses): switched off.
 * - A bogus answer comes with rcode 0 and the forged data: `sec` decides first.
 * - Cached answers call back inside ub_resolve_event().
 * - Without a forwarder it would ask the root servers: refused here.
 * - Its option "local-zone: NAME nodefault" is lost when set by call (the type
 *   becomes part of the name); "transparent" has the same effect and is not.
 *   Options are set by call, not by ub_ctx_config(): that needs a file, and its
 *   scanner is one for the process.
 * - Making a context touches state of the process: one at a time.
 * - For programs it asks at most 16 questions at a time and lets all others
 *   wait, so that a slow name server stops everything: max_sockets.
 * - The first answer of a server must come within 376 ms, or it is asked again
 *   and the answer that comes is not listened to: a longer time. */
#include "dns/unbound.h"

#include "dns/anchor.h"
#include "dns/askers.h"
#include "dns/nameserver.h"
#include "dns/wire.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <event2/event.h>
#include <unbound-event.h>
#include <unbound.h>

enum {
	DEFAULT_TIMEOUT_MS = 5000,
	CLASS_IN = 1,
	RCODE_OK = 0,
	RCODE_NXDOMAIN = 3,
	SEC_BOGUS = 1,
	SEC_SECURE = 2
};

struct query {
	struct asker asker;
	struct unbound *u;
	enum dns_type type;
	str name; /* in the asks' arena */
	int ub_id;
	int64_t due; /* ms of the monotonic clock */
	bool sending; /* inside ub_resolve_event() */
};

struct unbound {
	struct resolver resolver;
	struct ub_ctx *ctx;
	struct event *timer; /* of the oldest query; all wait equally long */
	struct event *deliver;
	struct askers waiting, answered; /* of struct query */
	unsigned timeout_ms;
};

static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;

static const struct dns_answer tempfail = { .status = DNS_TEMPFAIL };
static const struct dns_answer bogus = { .status = DNS_TEMPFAIL,
					 .bogus = true };

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The timer fires when the oldest query is due; it may fire early, when that
 * one was answered: cheaper than moving it each time. */
static void start_timer(struct unbound *u)
{
	const struct query *oldest = (struct query *)u->waiting.first;
	int64_t ms;

	if (!oldest || event_pending(u->timer, EV_TIMEOUT, NULL))
		return;
	ms = oldest->due - now_ms();
	if (ms < 0)
		ms = 0;

	const struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	event_add(u->timer, &tv);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct unbound *u = arg;
	int64_t now = now_ms();
	struct query *q;

	(void)fd, (void)what;
	while ((q = (struct query *)u->waiting.first) && q->due <= now) {
		askers_remove(&u->waiting, &q->asker);
		ub_cancel(u->ctx, q->ub_id);
		q->asker.answer = &tempfail;
		askers_add(&u->answered, &q->asker);
	}
	if (u->answered.first)
		event_active(u->deliver, EV_TIMEOUT, 0);
	start_timer(u);
}

static void on_deliver(evutil_socket_t fd, short what, void *arg)
{
	struct unbound *u = arg;

	(void)fd, (void)what;
	askers_deliver(&u->answered);
}

/* Packets are read inside libunbound's stack, which must not be jumped over
 * when the message is out of memory: hence a boundary of our own. */
static const struct dns_answer *read_packet(struct query *q, str packet,
					    bool secure)
{
	struct arena *arena = asks_arena(q->asker.as);
	const struct dns_answer *volatile answer = &tempfail;
	struct arena_outer outer;

	arena_suspend(arena, &outer);
	if (arena_enter(arena)) {
		struct dns_answer *a = dns_wire_answer(arena, packet, q->type,
						       q->name);

		a->secure = secure && a->status != DNS_TEMPFAIL;
		answer = a;
		arena_leave(arena);
	}
	arena_resume(arena, &outer);
	return answer;
}

static const struct dns_answer *judge(struct query *q, int rcode, str packet,
				      int sec)
{
	const struct dns_answer *answer = &tempfail;

	if (sec == SEC_BOGUS)
		return &bogus;
	if ((rcode == RCODE_OK || rcode == RCODE_NXDOMAIN) && packet.n)
		answer = read_packet(q, packet, sec == SEC_SECURE);
	return answer;
}

/* NOLINTBEGIN(readability-non-const-parameter): the type is libunbound's */
static void on_result(void *arg, int rcode, void *packet, int n, int sec,
		      char *why_bogus, int was_ratelimited)
/* NOLINTEND(readability-non-const-parameter) */
{
	struct query *q = arg;
	struct unbound *u = q->u;
	str bytes = { packet, packet && n > 0 ? (size_t)n : 0 };

	(void)why_bogus, (void)was_ratelimited;
	q->asker.answer = judge(q, rcode, bytes, sec);
	if (q->sending)
		return;
	askers_remove(&u->waiting, &q->asker);
	askers_add(&u->answered, &q->asker);
	event_active(u->deliver, EV_TIMEOUT, 0);
}

/* Hands the question to libunbound; true when the answer comes later. */
static bool resolve(struct unbound *u, struct query *q)
{
	char name[256];
	int failed;

	memcpy(name, q->name.p, q->name.n);
	name[q->name.n] = '\0';
	q->sending = true;
	failed = ub_resolve_event(u->ctx, name, (int)q->type, CLASS_IN, q,
				  on_result, &q->ub_id);
	q->sending = false;
	if (q->asker.answer)
		return false;
	if (failed) {
		q->asker.answer = &tempfail;
		return false;
	}
	return true;
}

static void unbound_send(struct resolver *r, struct asks *as, unsigned id,
			 enum dns_type type, str name)
{
	struct unbound *u = (struct unbound *)r;
	struct query *q = calloc(1, sizeof *q);
	const struct dns_answer *answer;

	if (!q) {
		asks_answer(as, id, &tempfail);
		return;
	}
	*q = (struct query){ .asker = { .as = as, .id = id },
			     .u = u,
			     .type = type,
			     .name = name,
			     .due = now_ms() + u->timeout_ms };
	if (resolve(u, q)) {
		askers_add(&u->waiting, &q->asker);
		start_timer(u);
		return;
	}
	answer = q->asker.answer;
	free(q);
	asks_answer(as, id, answer);
}

static void drop(struct unbound *u, const struct asks *as)
{
	for (struct asker *a = u->waiting.first; a; a = a->next)
		if (!as || a->as == as)
			ub_cancel(u->ctx, ((struct query *)a)->ub_id);
	askers_drop(&u->waiting, as);
	askers_drop(&u->answered, as);
}

static void unbound_cancel(struct resolver *r, struct asks *as)
{
	struct unbound *u = (struct unbound *)r;

	drop(u, as);
}

static void unbound_free(struct resolver *r)
{
	struct unbound *u = (struct unbound *)r;

	drop(u, NULL);
	if (u->ctx)
		ub_ctx_delete(u->ctx);
	if (u->timer)
		event_free(u->timer);
	if (u->deliver)
		event_free(u->deliver);
	free(u);
}

static bool set(struct ub_ctx *ctx, const char *name, const char *value,
		struct err *e)
{
	int failed = ub_ctx_set_option(ctx, name, value);

	return !failed || err_set(e, ERR_INTERNAL,
				  "libunbound refuses its option %s %s: %s",
				  name, value, ub_strerror(failed));
}

static bool add_server(void *arg, const char *address, struct err *e)
{
	int failed = ub_ctx_set_fwd(arg, address);

	return !failed ||
	       err_set(e, ERR_CONFIG, "libunbound refuses name server %s: %s",
		       address, ub_strerror(failed));
}

static bool add_anchor(void *arg, const char *record, struct err *e)
{
	int failed = ub_ctx_add_ta(arg, record);

	return !failed ||
	       err_set(e, ERR_CONFIG, "libunbound refuses the trust anchor: %s",
		       ub_strerror(failed));
}

static bool set_sockets(struct ub_ctx *ctx, unsigned max, struct err *e)
{
	char text[16];

	(void)snprintf(text, sizeof text, "%u", max);
	return !max || (set(ctx, "outgoing-range:", text, e) &&
			set(ctx, "num-queries-per-thread:", text, e));
}

static bool configure(struct unbound *u, const struct upstream_options *o,
		      struct err *e)
{
	static const char *const options[][2] = {
		{ "local-zone:", "test. transparent" },
		{ "local-zone:", "invalid. transparent" },
		{ "local-zone:", "home.arpa. transparent" },
		{ "unblock-lan-zones:", "yes" },
		{ "insecure-lan-zones:", "yes" },
		{ "do-not-query-localhost:", "no" },
		{ "unknown-server-time-limit:", "1128" },
	};

	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		if (!set(u->ctx, options[i][0], options[i][1], e))
			return false;
	if (!set(u->ctx, "module-config:",
		 o->trust_anchor ? "validator iterator" : "iterator", e) ||
	    (o->tcp && !set(u->ctx, "tcp-upstream:", "yes", e)) ||
	    !set_sockets(u->ctx, o->max_sockets, e))
		return false;
	if (o->trust_anchor &&
	    !dns_anchor_read(o->trust_anchor, add_anchor, u->ctx, e))
		return false;
	if (!o->n_nameservers)
		return dns_nameservers_of_system(o->resolv_conf, add_server,
						 u->ctx, e);
	for (size_t i = 0; i < o->n_nameservers; i++)
		if (!dns_nameserver(o->nameservers[i], add_server, u->ctx, e))
			return false;
	return true;
}

static bool start(struct unbound *u, struct event_base *base,
		  const struct upstream_options *o, struct err *e)
{
	u->timer = event_new(base, -1, 0, on_timer, u);
	u->deliver = event_new(base, -1, 0, on_deliver, u);
	u->ctx = ub_ctx_create_event(base);
	if (!u->timer || !u->deliver || !u->ctx)
		return err_set(e, ERR_INTERNAL,
			       "cannot start libunbound: out of memory");
	ub_ctx_debugout(u->ctx, NULL); /* a library does not write to stderr */
	return configure(u, o, e);
}

struct resolver *unbound_new(struct event_base *base,
			     const struct upstream_options *o, struct err *e)
{
	struct unbound *u = calloc(1, sizeof *u);
	bool ok;

	if (!u) {
		err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	u->resolver = (struct resolver){ unbound_send, unbound_cancel,
					 unbound_free };
	u->timeout_ms = o->timeout_ms ? o->timeout_ms : DEFAULT_TIMEOUT_MS;
	pthread_mutex_lock(&making);
	ok = start(u, base, o, e);
	pthread_mutex_unlock(&making);
	if (ok)
		return &u->resolver;
	unbound_free(&u->resolver);
	return NULL;
}
