/* Questions under way, who waits for them, which server is asked next. */
#include "dns/stub_inside.h"
#include "dns/wire.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum {
	FAILURE_SECONDS = 5, /* that a failure is remembered (RFC 9520) */
	SUSPECT_MS = 10000,
	/* until a question is sent again, while it is not known what the server
	 * takes: with another one at hand, and without */
	FIRST_MS = 400,
	ONLY_MS = 1000,
	LEAST_MS = 300,
	TCP_MS = 2500 /* a connection, while there is another server */
};

static const struct dns_answer tempfail = { .status = DNS_TEMPFAIL };

int64_t stub_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

unsigned stub_random(struct stub *s)
{
	if (s->random_left < 2) {
		/* whole up to 256 octets, and never interrupted (getrandom(2)) */
		if (getrandom(s->random, sizeof s->random, 0) !=
		    sizeof s->random)
			abort();
		s->random_left = sizeof s->random;
	}
	s->random_left -= 2;
	return (unsigned)s->random[s->random_left] << 8 |
	       s->random[s->random_left + 1];
}

static void on_deliver(evutil_socket_t fd, short what, void *arg)
{
	struct stub *s = arg;

	(void)fd, (void)what;
	askers_deliver(&s->answered);
}

/* ---- the end of a question ---- */

static void end_sending(struct question *q)
{
	for (unsigned i = 0; i < q->n_tries; i++)
		udp_end(&q->tries[i]);
	tcp_end(q->tcp);
}

static void free_question(struct question *q)
{
	struct stub *s = q->stub;
	struct question **at = &s->buckets[q->hash % STUB_BUCKETS];

	end_sending(q);
	(void)event_del(&q->timer);
	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	if (q->newer)
		q->newer->older = q->older;
	else
		s->newest = q->older;
	if (q->older)
		q->older->newer = q->newer;
	askers_drop(&q->askers, NULL);
	free(q);
}

static void finish(struct question *q, const struct dns_answer *answer,
		   uint32_t keep_seconds)
{
	struct stub *s = q->stub;
	struct asker *a;

	cache_put(s->cache, q->type, q->name, answer, keep_seconds,
		  stub_now() / 1000);
	while ((a = q->askers.first)) {
		askers_remove(&q->askers, a);
		a->answer = asker_copy(a->as, answer);
		askers_add(&s->answered, a);
	}
	free_question(q);
	event_active(s->deliver, EV_TIMEOUT, 0);
}

/* ---- which server is next ---- */

static bool was_asked(const struct question *q, unsigned server)
{
	return (q->asked >> server & 1) != 0;
}

/* The first good one that was not asked yet, then any not asked yet, then (by
 * turns) one that did not refuse; n_servers when all have. */
static unsigned next_server(const struct question *q)
{
	const struct stub *s = q->stub;
	int64_t now = stub_now();
	unsigned i;

	for (i = 0; i < s->n_servers; i++)
		if (!was_asked(q, i) && s->servers[i].suspect_until <= now)
			return i;
	for (i = 0; i < s->n_servers; i++)
		if (!was_asked(q, i))
			return i;
	for (i = 0; i < s->n_servers; i++) {
		unsigned turn = (q->n_tries + i) % s->n_servers;

		if (!(q->failed >> turn & 1))
			return turn;
	}
	return s->n_servers;
}

/* How long to wait for this try before the next one is sent. */
static int64_t patience(const struct question *q, unsigned server)
{
	const struct stub *s = q->stub;
	unsigned usual = s->servers[server].usual_ms;
	int64_t ms = s->n_servers > 1 ? FIRST_MS : ONLY_MS;
	unsigned round = q->n_tries ? (q->n_tries - 1) / s->n_servers : 0;

	if (q->tcp)
		return s->n_servers > 1 ? TCP_MS : s->timeout_ms;
	if (usual)
		ms = (int64_t)usual * 3 < LEAST_MS ? LEAST_MS
						   : (int64_t)usual * 3;
	return ms << round;
}

static void set_timer(struct question *q, unsigned server)
{
	int64_t now = stub_now(), ms = q->due - now;

	if (q->n_tries < STUB_TRIES && patience(q, server) < ms)
		ms = patience(q, server);
	if (ms < 0)
		ms = 0;

	const struct timeval t = { ms / 1000, ms % 1000 * 1000 };

	(void)event_add(&q->timer, &t);
}

static bool send_to(struct question *q, unsigned server)
{
	q->asked |= 1U << server;
	return q->stub->tcp_only ? tcp_ask(q, server) : udp_send(q, server);
}

/* Sends to the next server that can be reached.  False: all have refused, or
 * cannot be reached: no answer comes. */
static bool send_next(struct question *q)
{
	unsigned server;

	while (q->n_tries < STUB_TRIES &&
	       (server = next_server(q)) < q->stub->n_servers) {
		if (send_to(q, server)) {
			set_timer(q, server);
			return true;
		}
		q->failed |= 1U << server;
		q->stub->servers[server].suspect_until = stub_now() +
							 SUSPECT_MS;
	}
	return false;
}

static bool under_way(const struct question *q)
{
	for (unsigned i = 0; i < q->n_tries; i++)
		if (q->tries[i].port)
			return true;
	return q->tcp != NULL;
}

/* This server has failed: the others are asked, or waited for. */
static void give_up_on(struct question *q, unsigned server)
{
	q->failed |= 1U << server;
	if (!send_next(q) && !under_way(q))
		finish(q, &tempfail, FAILURE_SECONDS);
}

void stub_unreachable(struct question *q, unsigned server)
{
	q->stub->servers[server].suspect_until = stub_now() + SUSPECT_MS;
	give_up_on(q, server);
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
	struct question *q = arg;
	struct stub *s = q->stub;
	int64_t now = stub_now();

	(void)fd, (void)what;
	/* silent since it was asked, while others may be better */
	for (unsigned i = 0; i < q->n_tries; i++) {
		struct server *server = &s->servers[q->tries[i].server];

		if (q->tries[i].port && server->heard < q->tries[i].sent)
			server->suspect_until = now + SUSPECT_MS;
	}
	if (now >= q->due) {
		finish(q, &tempfail, 1);
		return;
	}
	if (q->tcp)
		tcp_end(q->tcp);
	if (!send_next(q)) {
		const struct timeval t = { (q->due - now) / 1000,
					   (q->due - now) % 1000 * 1000 };

		(void)event_add(&q->timer, &t); /* a late answer counts */
	}
}

/* ---- what comes back ---- */

static bool read_answer(struct question *q, str packet,
			struct dns_answer **answer)
{
	struct arena *arena = q->stub->scratch;

	arena_reset(arena);
	if (!arena_enter(arena))
		return false;
	*answer = dns_wire_answer(arena, packet, q->type, q->name);
	arena_leave(arena);
	return (*answer)->status != DNS_TEMPFAIL;
}

static void write_query(struct question *q)
{
	dns_query_write(&q->query, (uint16_t)stub_random(q->stub), q->type,
			q->name, q->edns);
}

static void without_edns(struct question *q, unsigned server, bool by_tcp)
{
	bool sent;

	end_sending(q);
	q->edns = false;
	write_query(q);
	if (q->n_tries == STUB_TRIES)
		q->n_tries--;
	sent = by_tcp ? tcp_ask(q, server) : udp_send(q, server);
	if (sent)
		set_timer(q, server);
	else
		give_up_on(q, server);
}

static void over_tcp(struct question *q, unsigned server)
{
	end_sending(q);
	write_query(q);
	if (tcp_ask(q, server))
		set_timer(q, server);
	else
		give_up_on(q, server);
}

void stub_reply(struct question *q, unsigned server, str packet, bool by_tcp)
{
	enum dns_reply reply = dns_reply_of(&q->query, packet);
	struct dns_answer *answer;

	if (reply == DNS_REPLY_ANSWER && read_answer(q, packet, &answer))
		finish(q, answer, answer->ttl);
	else if (reply == DNS_REPLY_CUT && !by_tcp)
		over_tcp(q, server);
	else if (reply == DNS_REPLY_FORMAT && q->edns)
		without_edns(q, server, by_tcp);
	else
		give_up_on(q, server);
}

/* ---- questions ---- */

static struct question *find(const struct stub *s, uint64_t hash,
			     enum dns_type type, str name)
{
	struct question *q = s->buckets[hash % STUB_BUCKETS];

	while (q &&
	       !(q->hash == hash && q->type == type && str_ieq(q->name, name)))
		q = q->next;
	return q;
}

static struct question *new_question(struct stub *s, uint64_t hash,
				     enum dns_type type, str name)
{
	struct question *q = calloc(1,
				    sizeof *q + name.n + dns_query_room(name));

	if (!q)
		return NULL;
	*q = (struct question){ .stub = s,
				.hash = hash,
				.type = type,
				.edns = true };
	memcpy(q->text, name.p, name.n);
	q->name = (str){ q->text, name.n };
	q->query.packet = q->text + name.n;
	q->due = stub_now() + s->timeout_ms;
	(void)evtimer_assign(&q->timer, s->base, on_time, q);
	write_query(q);
	q->next = s->buckets[hash % STUB_BUCKETS];
	s->buckets[hash % STUB_BUCKETS] = q;
	q->older = s->newest;
	if (q->older)
		q->older->newer = q;
	s->newest = q;
	return q;
}

static bool join(struct stub *s, struct asks *as, unsigned id,
		 enum dns_type type, str name)
{
	uint64_t hash = map_hash(s->seed, name, true) + (uint64_t)type;
	struct question *q = find(s, hash, type, name);
	bool is_new = !q;
	struct asker *a = calloc(1, sizeof *a);

	if (!a)
		return false;
	if (is_new)
		q = new_question(s, hash, type, name);
	if (!q) {
		free(a);
		return false;
	}
	*a = (struct asker){ .as = as, .id = id };
	askers_add(&q->askers, a);
	if (is_new && !send_next(q)) {
		free_question(q);
		return false;
	}
	return true;
}

static void stub_send(struct resolver *r, struct asks *as, unsigned id,
		      enum dns_type type, str name)
{
	struct stub *s = (struct stub *)r;
	struct dns_answer known;

	if (cache_find(s->cache, type, name, stub_now() / 1000, &known))
		asks_answer_copy(as, id, &known);
	else if (!join(s, as, id, type, name))
		asks_answer(as, id, &tempfail);
}

static void stub_cancel(struct resolver *r, struct asks *as)
{
	struct stub *s = (struct stub *)r;

	askers_drop(&s->answered, as);
	for (struct question *q = s->newest, *older; q; q = older) {
		older = q->older;
		askers_drop(&q->askers, as);
		if (!q->askers.first)
			free_question(q);
	}
}

static void stub_free(struct resolver *r)
{
	struct stub *s = (struct stub *)r;

	while (s->newest)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): its stub is s */
		free_question(s->newest);
	askers_drop(&s->answered, NULL);
	if (s->deliver)
		event_free(s->deliver);
	cache_free(s->cache);
	arena_free(s->scratch);
	free(s->ports);
	free(s);
}

struct resolver *stub_new(struct event_base *base,
			  const struct upstream_options *o, struct err *e)
{
	struct stub *s = calloc(1, sizeof *s);

	if (!s) {
		err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	s->resolver = (struct resolver){ stub_send, stub_cancel, stub_free };
	s->base = base;
	s->deliver = event_new(base, -1, 0, on_deliver, s);
	if (stub_configure(s, o, e))
		return &s->resolver;
	stub_free(&s->resolver);
	return NULL;
}
