/* Both resolvers, libunbound and the stub, against a name server made of one UDP
 * socket on loopback, on the same event loop.  What it answers is chosen by the
 * first label asked for. */
#include "base/limits.h"
#include "dns/stub.h"
#include "dns/unbound.h"
#include "test.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

enum { SHORT_MS = 150 };

typedef struct resolver *make_fn(struct event_base *,
				 const struct upstream_options *, struct err *);

struct maker {
	make_fn *make;
};

struct server {
	int fd;
	/* of "late": answered when it comes the second time */
	unsigned char first[512];
	size_t first_n;
	unsigned asked;
	char address[32];
	struct event *event;
};

struct bed {
	struct event_base *base;
	struct server server;
	struct resolver *resolver;
	struct arena *arena;
	struct asks *asks;
};

/* The question's end, or 0. */
static size_t question_end(const unsigned char *p, size_t n)
{
	size_t at = 12;

	while (at < n && p[at])
		at += 1U + p[at];
	return at + 5 <= n ? at + 5 : 0;
}

static bool label_is(const unsigned char *p, const char *label)
{
	return p[12] == strlen(label) && !memcmp(p + 13, label, p[12]);
}

/* Turns the question into a reply; 0: stay silent. */
static size_t reply_to(unsigned char *p, size_t n, size_t end)
{
	static const unsigned char txt[] = { 0xc0, 12, 0, 16, 0, 1,   0,  0,
					     0,    60, 0, 3,  2, 'o', 'k' };
	static const unsigned char a[] = { 0xc0, 12, 0, 1, 0,   1, 0, 0,
					   0,    60, 0, 4, 192, 0, 2, 1 };
	unsigned type = p[end - 3], extra = p[11];

	(void)n;
	p[2] = 0x81;
	p[3] = 0x80;
	memset(p + 6, 0, 6);
	if (label_is(p, "silent"))
		return 0;
	if (label_is(p, "noedns") && extra) {
		p[3] |= 1;
		return end;
	}
	if (label_is(p, "garbage")) {
		memset(p + 2, 0xff, end - 2);
		return end;
	}
	if (label_is(p, "short"))
		return 7;
	if (label_is(p, "otherid")) {
		p[0] ^= 0x55;
		return end;
	}
	if (label_is(p, "servfail"))
		p[3] |= 2;
	else if (label_is(p, "refused"))
		p[3] |= 5;
	else if (label_is(p, "notimp"))
		p[3] |= 4;
	else if (label_is(p, "referral"))
		p[3] = 0; /* no recursion here */
	else if (label_is(p, "nx"))
		p[3] |= 3;
	else if (label_is(p, "cut"))
		p[2] |= 2; /* and nobody listens on TCP */
	else if (!label_is(p, "empty")) {
		const unsigned char *rr = type == DNS_A ? a : txt;
		size_t size = type == DNS_A ? sizeof a : sizeof txt;

		p[7] = 1;
		memcpy(p + end, rr, size);
		return end + size;
	}
	return end;
}

static void on_question(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;
	unsigned char p[1024];
	struct sockaddr_in from;
	socklen_t size = sizeof from;
	ssize_t n = recvfrom(fd, p, 512, 0, (struct sockaddr *)&from, &size);
	size_t end = n > 12 ? question_end(p, (size_t)n) : 0;
	size_t reply;

	(void)what;
	if (!end)
		return;
	s->asked++;
	if (label_is(p, "late") && !s->first_n) {
		memcpy(s->first, p, (size_t)n);
		s->first_n = (size_t)n;
		return;
	}
	if (label_is(p, "late"))
		memcpy(p, s->first, 2); /* the same port, the first id */
	reply = reply_to(p, (size_t)n, end);
	if (reply)
		(void)sendto(fd, p, reply, 0, (struct sockaddr *)&from, size);
}

static void server_open(struct server *s, struct event_base *base)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t size = sizeof sin;

	s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(s->fd >= 0);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&sin, sizeof sin), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&sin, &size), 0);
	snprintf(s->address, sizeof s->address, "127.0.0.1:%u",
		 ntohs(sin.sin_port));
	if (!base)
		return; /* takes questions and never reads them */
	s->event = event_new(base, s->fd, EV_READ | EV_PERSIST, on_question, s);
	event_add(s->event, NULL);
}

static void server_close(struct server *s)
{
	if (s->event)
		event_free(s->event);
	close(s->fd);
}

static make_fn *maker_of(void **state)
{
	return ((const struct maker *)*state)->make;
}

static void bed_open_with(struct bed *b, void **state, unsigned timeout_ms,
			  unsigned max_sockets)
{
	const char *server;
	struct err e = { 0 };

	*b = (struct bed){ .base = event_base_new() };
	server_open(&b->server, b->base);
	server = b->server.address;
	b->resolver = maker_of(
		state)(b->base,
		       &(struct upstream_options){ .nameservers = &server,
						   .n_nameservers = 1,
						   .timeout_ms = timeout_ms,
						   .max_sockets = max_sockets },
		       &e);
	if (!b->resolver)
		fail_msg("%s", e.text);
	b->arena = arena_new(4096);
	b->asks = asks_new(b->arena, b->resolver, LIMIT_QUESTIONS);
}

static void bed_open(struct bed *b, void **state, unsigned timeout_ms)
{
	bed_open_with(b, state, timeout_ms, 0);
}

static void bed_close(struct bed *b)
{
	resolver_free(b->resolver);
	server_close(&b->server);
	arena_free(b->arena);
	event_base_free(b->base);
}

static void wait_all(struct bed *b)
{
	while (asks_outstanding(b->asks))
		assert_int_equal(event_base_loop(b->base, EVLOOP_ONCE), 0);
}

static const struct {
	const char *name;
	enum dns_type type;
	enum dns_status status;
} rows[] = {
	{ "ok.example.org", DNS_TXT, DNS_OK },
	{ "ok.example.org", DNS_A, DNS_OK },
	{ "empty.example.org", DNS_TXT, DNS_NODATA },
	{ "nx.example.org", DNS_TXT, DNS_NXDOMAIN },
	/* libunbound would answer these from zones of its own */
	{ "ok.example.test", DNS_TXT, DNS_OK },
	{ "ok.test", DNS_TXT, DNS_OK },
	{ "ok.example.invalid", DNS_TXT, DNS_OK },
	{ "ok.home.arpa", DNS_TXT, DNS_OK },
	{ "ok.0.0.10.in-addr.arpa", DNS_TXT, DNS_OK },
	{ "ok.168.192.in-addr.arpa", DNS_TXT, DNS_OK },
	{ "ok.2.0.192.in-addr.arpa", DNS_TXT, DNS_OK },
	{ "ok.8.b.d.0.1.0.0.2.ip6.arpa", DNS_TXT, DNS_OK },
};

static void answers_come_from_the_server(void **state)
{
	struct bed b;

	bed_open(&b, state, 0);
	for (size_t i = 0; i < TEST_COUNT(rows); i++)
		(void)ask(b.asks, rows[i].type, str_of(rows[i].name));
	wait_all(&b);
	for (size_t i = 0; i < TEST_COUNT(rows); i++) {
		const struct dns_answer *got = ask(b.asks, rows[i].type,
						   str_of(rows[i].name));

		if (got->status != rows[i].status)
			fail_msg("%s: status %d", rows[i].name, got->status);
		if (got->status == DNS_OK && rows[i].type == DNS_TXT)
			assert_str(got->rr[0].data, STR("ok"));
	}
	bed_close(&b);
}

static const char *const troubles[] = {
	"silent.example.org",   "garbage.example.org", "short.example.org",
	"otherid.example.org",  "cut.example.org",     "refused.example.org",
	"servfail.example.org", "notimp.example.org",
};

static void trouble_is_a_tempfail_within_the_budget(void **state)
{
	struct bed b;
	struct timeval before, after;

	bed_open(&b, state, SHORT_MS);
	evutil_gettimeofday(&before, NULL);
	for (size_t i = 0; i < TEST_COUNT(troubles); i++)
		(void)ask(b.asks, DNS_TXT, str_of(troubles[i]));
	wait_all(&b);
	evutil_gettimeofday(&after, NULL);
	for (size_t i = 0; i < TEST_COUNT(troubles); i++)
		if (ask(b.asks, DNS_TXT, str_of(troubles[i]))->status !=
		    DNS_TEMPFAIL)
			fail_msg("%s", troubles[i]);
	assert_true(after.tv_sec - before.tv_sec <= 10);
	bed_close(&b);
}

static void the_second_time_the_answer_is_there_at_once(void **state)
{
	struct bed b;
	struct asks *again;
	unsigned asked;

	bed_open(&b, state, 0);
	(void)ask(b.asks, DNS_TXT, STR("ok.example.org"));
	wait_all(&b);
	asked = b.server.asked;
	again = asks_new(b.arena, b.resolver, LIMIT_QUESTIONS);
	assert_non_null(ask(again, DNS_TXT, STR("OK.example.org")));
	assert_int_equal(b.server.asked, asked);
	bed_close(&b);
}

static void stop(void *base)
{
	event_base_loopbreak(base);
}

/* One message is given up when another is answered, in every state a question
 * can be in. */
static void cancelled_questions_leave_nothing_behind(void **state)
{
	struct bed b;
	struct arena *arena = arena_new(1024);
	struct asks *gone;

	bed_open(&b, state, 0);
	asks_on_answer(b.asks, stop, b.base);
	for (int round = 0; round < 20; round++) {
		char name[64];

		gone = asks_new(arena, b.resolver, 9);
		(void)ask(gone, DNS_TXT, STR("silent.example.org"));
		snprintf(name, sizeof name, "ok.%d.example.org", round);
		(void)ask(gone, DNS_TXT, str_of(name));
		(void)ask(b.asks, DNS_TXT, str_of(name));
		while (asks_outstanding(b.asks))
			event_base_loop(b.base, round % 2 ? EVLOOP_ONCE : 0);
		asks_cancel(gone);
		arena_reset(arena);
	}
	gone = asks_new(arena, b.resolver, 9);
	(void)ask(gone, DNS_TXT, STR("silent2.example.org"));
	bed_close(&b); /* with a question open */
	arena_free(arena);
}

/* An answer that does not fit in the message's memory must not jump out of
 * libunbound, nor end the process. */
static void an_answer_too_large_for_its_message_is_a_tempfail(void **state)
{
	struct bed b;

	bed_open(&b, state, 0);
	(void)ask(b.asks, DNS_TXT, STR("ok.example.org"));
	arena_limit(b.arena, arena_used(b.arena) + 16);
	wait_all(&b);
	assert_int_equal(ask(b.asks, DNS_TXT, STR("ok.example.org"))->status,
			 DNS_TEMPFAIL);
	bed_close(&b);
}

struct asker {
	struct asks *asks;
	struct event_base *base;
	unsigned n;
};

static void ask_the_next(void *arg)
{
	struct asker *a = arg;
	char name[64];

	if (++a->n == 20) {
		event_base_loopbreak(a->base);
		return;
	}
	snprintf(name, sizeof name, "ok.n%u.example.org", a->n);
	(void)ask(a->asks, DNS_TXT, str_of(name));
}

static void a_question_may_follow_inside_an_answer(void **state)
{
	struct bed b;
	struct asker asker;

	bed_open(&b, state, 0);
	asker = (struct asker){ b.asks, b.base, 0 };
	asks_on_answer(b.asks, ask_the_next, &asker);
	(void)ask(b.asks, DNS_TXT, STR("ok.example.org"));
	event_base_loop(b.base, 0);
	assert_int_equal(asker.n, 20);
	/* more when the machine is so slow that some are sent again */
	assert_true(b.server.asked >= 20);
	bed_close(&b);
}

static void a_dead_server_costs_only_the_first_question(void **state)
{
	struct server dead = { 0 }, alive = { 0 };
	struct event_base *base = event_base_new();
	struct arena *arena = arena_new(1024);
	const char *servers[2];
	struct resolver *r;
	struct asks *as;
	struct err e = { 0 };

	server_open(&dead, NULL);
	server_open(&alive, base);
	servers[0] = dead.address;
	servers[1] = alive.address;
	r = maker_of(state)(base,
			    &(struct upstream_options){ .nameservers = servers,
							.n_nameservers = 2 },
			    &e);
	assert_non_null(r);
	as = asks_new(arena, r, LIMIT_QUESTIONS);
	for (int i = 0; i < 5; i++) {
		char name[64];

		snprintf(name, sizeof name, "ok.d%d.example.org", i);
		(void)ask(as, DNS_TXT, str_of(name));
		while (asks_outstanding(as))
			event_base_loop(base, EVLOOP_ONCE);
		assert_int_equal(ask(as, DNS_TXT, str_of(name))->status,
				 DNS_OK);
	}
	resolver_free(r);
	server_close(&dead);
	server_close(&alive);
	arena_free(arena);
	event_base_free(base);
}

static void no_question_waits_for_the_answer_of_another(void **state)
{
	enum { MANY = 24 };
	struct bed b;

	bed_open_with(&b, state, SHORT_MS, MANY);
	for (int i = 0; i < MANY; i++) {
		char name[64];

		snprintf(name, sizeof name, "silent.d%d.example.org", i);
		assert_null(ask(b.asks, DNS_TXT, str_of(name)));
	}
	wait_all(&b); /* each ends by its own time */
	for (int i = 0; i < MANY && b.server.asked < MANY; i++)
		(void)event_base_loop(b.base, EVLOOP_NONBLOCK);
	assert_true(b.server.asked >= MANY);
	bed_close(&b);
}

struct maker_thread {
	make_fn *make;
	unsigned made;
};

static void *make_and_free(void *arg)
{
	const char *server = "192.0.2.1";
	struct maker_thread *t = arg;

	for (int i = 0; i < 10; i++) {
		struct event_base *base = event_base_new();
		struct err e;
		struct resolver *r = t->make(
			base,
			&(struct upstream_options){ .nameservers = &server,
						    .n_nameservers = 1 },
			&e);

		t->made += r != NULL;
		resolver_free(r);
		event_base_free(base);
	}
	return NULL;
}

static void threads_make_theirs_at_the_same_time(void **state)
{
	pthread_t threads[4];
	struct maker_thread made[4];

	for (int i = 0; i < 4; i++) {
		made[i] = (struct maker_thread){ maker_of(state), 0 };
		assert_int_equal(pthread_create(&threads[i], NULL,
						make_and_free, &made[i]),
				 0);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(made[i].made, 10);
	}
}

/* ---- the stub only ---- */

/* How often the server is asked for two questions of one name. */
static unsigned asked_for_two(struct bed *b, int round)
{
	struct asks *other = asks_new(b->arena, b->resolver, LIMIT_QUESTIONS);
	unsigned before = b->server.asked;
	char name[64], upper[64];

	(void)snprintf(name, sizeof name, "ok.e%d.example.org", round);
	(void)snprintf(upper, sizeof upper, "OK.E%d.example.org", round);
	assert_null(ask(b->asks, DNS_TXT, str_of(name)));
	assert_null(ask(other, DNS_TXT, str_of(upper)));
	wait_all(b);
	while (asks_outstanding(other))
		assert_int_equal(event_base_loop(b->base, EVLOOP_ONCE), 0);
	assert_int_equal(ask(other, DNS_TXT, str_of(upper))->status, DNS_OK);
	return b->server.asked - before;
}

/* A machine that stands still for a moment makes the stub ask again: one of a few
 * rounds shows what is meant. */
enum { ROUNDS = 8 };

static void equal_questions_are_asked_once(void **state)
{
	unsigned least = 99;
	struct bed b;

	bed_open(&b, state, 0);
	for (int i = 0; i < ROUNDS && least > 1; i++) {
		unsigned asked = asked_for_two(&b, i);

		least = asked < least ? asked : least;
	}
	assert_int_equal(least, 1);
	bed_close(&b);
}

static void a_server_without_edns_is_asked_without(void **state)
{
	struct bed b;

	bed_open(&b, state, 0);
	(void)ask(b.asks, DNS_TXT, STR("noedns.example.org"));
	wait_all(&b);
	assert_int_equal(
		ask(b.asks, DNS_TXT, STR("noedns.example.org"))->status,
		DNS_OK);
	assert_int_equal(b.server.asked, 2);
	bed_close(&b);
}

static void a_referral_is_no_answer(void **state)
{
	struct bed b;

	bed_open(&b, state, 0);
	(void)ask(b.asks, DNS_TXT, STR("referral.example.org"));
	wait_all(&b);
	assert_int_equal(
		ask(b.asks, DNS_TXT, STR("referral.example.org"))->status,
		DNS_TEMPFAIL);
	bed_close(&b);
}

/* Packet one is answered when packet two has come: both have their own id. */
static void a_late_answer_counts(void **state)
{
	struct bed b;

	/* one port, so that the reply comes where the first was sent from */
	bed_open_with(&b, state, 0, 2);
	(void)ask(b.asks, DNS_TXT, STR("late.example.org"));
	wait_all(&b);
	assert_int_equal(ask(b.asks, DNS_TXT, STR("late.example.org"))->status,
			 DNS_OK);
	assert_true(b.server.asked >= 2);
	bed_close(&b);
}

static void many_questions_share_few_ports(void **state)
{
	enum { MANY = 300 };
	struct asks *as;
	struct bed b;

	bed_open_with(&b, state, 0, 16);
	as = asks_new(b.arena, b.resolver, MANY);
	for (int i = 0; i < MANY; i++) {
		char name[64];

		snprintf(name, sizeof name, "ok.m%d.example.org", i);
		assert_null(ask(as, DNS_TXT, str_of(name)));
	}
	while (asks_outstanding(as))
		assert_int_equal(event_base_loop(b.base, EVLOOP_ONCE), 0);
	for (int i = 0; i < MANY; i++) {
		char name[64];

		snprintf(name, sizeof name, "ok.m%d.example.org", i);
		assert_int_equal(ask(as, DNS_TXT, str_of(name))->status,
				 DNS_OK);
	}
	bed_close(&b);
}

/* Milliseconds until the second server has answered; nobody listens at the
 * first. */
static long past_a_refused_port(make_fn *make)
{
	struct server none = { 0 }, alive = { 0 };
	struct event_base *base = event_base_new();
	struct arena *arena = arena_new(1024);
	struct timeval before, after;
	const char *servers[2];
	struct resolver *r;
	struct asks *as;
	struct err e;

	server_open(&none, NULL);
	server_open(&alive, base);
	servers[0] = none.address;
	servers[1] = alive.address;
	server_close(&none); /* nobody listens there now */
	r = make(base,
		 &(struct upstream_options){ .nameservers = servers,
					     .n_nameservers = 2 },
		 &e);
	assert_non_null(r);
	as = asks_new(arena, r, LIMIT_QUESTIONS);
	evutil_gettimeofday(&before, NULL);
	(void)ask(as, DNS_TXT, STR("ok.example.org"));
	while (asks_outstanding(as))
		event_base_loop(base, EVLOOP_ONCE);
	evutil_gettimeofday(&after, NULL);
	assert_int_equal(ask(as, DNS_TXT, STR("ok.example.org"))->status,
			 DNS_OK);
	resolver_free(r);
	server_close(&alive);
	arena_free(arena);
	event_base_free(base);
	return (long)(after.tv_sec - before.tv_sec) * 1000 +
	       (after.tv_usec - before.tv_usec) / 1000;
}

static void a_refused_port_is_passed_over_at_once(void **state)
{
	long least = 9999;

	/* 400 ms is when it would be asked for its silence */
	for (int i = 0; i < ROUNDS && least >= 350; i++) {
		long ms = past_a_refused_port(maker_of(state));

		least = ms < least ? ms : least;
	}
	assert_true(least < 350);
}

static struct maker with_unbound = { unbound_new }, with_stub = { stub_new };

#define BOTH(f)                                           \
	{ "unbound: " #f, f, NULL, NULL, &with_unbound }, \
	{                                                 \
		"stub: " #f, f, NULL, NULL, &with_stub    \
	}
#define STUB(f) cmocka_unit_test_prestate(f, &with_stub)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(answers_come_from_the_server),
		BOTH(trouble_is_a_tempfail_within_the_budget),
		BOTH(the_second_time_the_answer_is_there_at_once),
		BOTH(cancelled_questions_leave_nothing_behind),
		BOTH(an_answer_too_large_for_its_message_is_a_tempfail),
		BOTH(a_question_may_follow_inside_an_answer),
		BOTH(a_dead_server_costs_only_the_first_question),
		BOTH(no_question_waits_for_the_answer_of_another),
		BOTH(threads_make_theirs_at_the_same_time),
		STUB(equal_questions_are_asked_once),
		STUB(a_server_without_edns_is_asked_without),
		STUB(a_referral_is_no_answer),
		STUB(a_late_answer_counts),
		STUB(many_questions_share_few_ports),
		STUB(a_refused_port_is_passed_over_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
