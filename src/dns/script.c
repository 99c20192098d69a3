/* script: see dns/script.h.  Lists, not maps: a test has a few dozen names. */
#include "dns/script.h"

#include "base/limits.h"

struct line {
	struct line *next;
	str name;
	unsigned type;
	unsigned delay_ms;
	struct dns_answer answer;
	struct dns_rr rr[LIMIT_RECORDS];
};

struct pending {
	struct pending *next;
	struct asks *as;
	unsigned id;
	uint64_t due;
	uint64_t order; /* among those due at the same time, or shuffled */
	const struct dns_answer *answer;
};

struct script {
	struct resolver resolver;
	struct arena *arena;
	struct line *lines;
	struct line other; /* for what is not listed */
	struct pending *pending;
	struct pending *unused;
	str feed;
	bool fed, shuffled;
	uint64_t now, seed, sent;
};

/* xorshift64* */
static uint64_t random_next(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * 2685821657736338717U;
}

static struct line *line_of(struct script *s, str name, unsigned type)
{
	struct line *l = s->lines;

	while (l && !(l->type == type && str_ieq(l->name, name)))
		l = l->next;
	return l;
}

static struct line *make_line(struct script *s, const char *name, unsigned type)
{
	struct line *l = line_of(s, str_of(name), type);

	if (l)
		return l;
	l = arena_new_of(s->arena, struct line);
	l->name = arena_str(s->arena, str_of(name));
	l->type = type;
	l->answer.status = DNS_NODATA;
	l->next = s->lines;
	s->lines = l;
	return l;
}

void script_answer(struct script *s, const char *name, unsigned type,
		   const struct dns_answer *answer, unsigned delay_ms)
{
	struct line *l = make_line(s, name, type);

	l->answer = *dns_answer_copy(s->arena, answer);
	l->delay_ms = delay_ms;
}

void script_status(struct script *s, const char *name, unsigned type,
		   enum dns_status status, unsigned delay_ms)
{
	script_answer(s, name, type, &(struct dns_answer){ .status = status },
		      delay_ms);
}

void script_record(struct script *s, const char *name, enum dns_type type,
		   str data, uint16_t preference, unsigned delay_ms)
{
	struct line *l = make_line(s, name, type);
	size_t n = l->answer.n;

	if (n == LIMIT_RECORDS)
		return;
	if (n && l->answer.rr != l->rr)
		memcpy(l->rr, l->answer.rr, n * sizeof *l->rr);
	l->rr[n].data = arena_str(s->arena, data);
	l->rr[n].preference = preference;
	l->answer = (struct dns_answer){ .status = DNS_OK,
					 .ttl = 3600,
					 .n = n + 1,
					 .rr = l->rr };
	l->delay_ms = delay_ms;
}

void script_txt(struct script *s, const char *name, const char *text,
		unsigned delay_ms)
{
	script_record(s, name, DNS_TXT, str_of(text), 0, delay_ms);
}

void script_timeout(struct script *s, const char *name)
{
	script_status(s, name, SCRIPT_ANY, DNS_TEMPFAIL, SCRIPT_TIMEOUT_MS);
}

void script_bogus(struct script *s, const char *name, unsigned delay_ms)
{
	script_answer(s, name, SCRIPT_ANY,
		      &(struct dns_answer){ .status = DNS_TEMPFAIL,
					    .bogus = true },
		      delay_ms);
}

void script_default(struct script *s, enum dns_status status, unsigned delay_ms)
{
	s->other.answer = (struct dns_answer){ .status = status };
	s->other.delay_ms = delay_ms;
}

void script_shuffle(struct script *s, uint64_t seed)
{
	s->shuffled = true;
	s->seed = seed ? seed : 1;
	(void)random_next(&s->seed);
}

void script_feed(struct script *s, str bytes)
{
	s->feed = bytes;
	s->fed = true;
}

/* The record's text or address that the fuzzer's next line is. */
static struct dns_answer *fed_answer(struct script *s, struct arena *arena,
				     enum dns_type type, unsigned *delay_ms)
{
	struct dns_answer *a = arena_new_of(arena, struct dns_answer);
	struct dns_rr *rr = arena_new_of(arena, struct dns_rr);
	unsigned char kind = s->feed.n ? (unsigned char)s->feed.p[0] : 0;
	size_t end;

	s->feed = str_skip(s->feed, 1);
	a->status = (enum dns_status)(kind & 3);
	a->bogus = kind & 4 && a->status == DNS_TEMPFAIL;
	a->secure = kind & 8;
	*delay_ms = kind >> 4;
	if (a->status != DNS_OK)
		return a;
	end = str_find(s->feed, '\n');
	rr->data = arena_str(arena, str_head(s->feed, end));
	s->feed = str_skip(s->feed, end + 1);
	if (type == DNS_A || type == DNS_AAAA) {
		size_t want = type == DNS_A ? 4 : 16;
		char *bytes = arena_alloc(arena, want);

		memcpy(bytes, rr->data.p,
		       rr->data.n < want ? rr->data.n : want);
		rr->data = (str){ bytes, want };
	}
	a->rr = rr;
	a->n = 1;
	return a;
}

static const struct dns_answer *find_answer(struct script *s, struct asks *as,
					    enum dns_type type, str name,
					    unsigned *delay_ms)
{
	const struct line *l = line_of(s, name, type);

	if (!l)
		l = line_of(s, name, SCRIPT_ANY);
	if (!l && s->fed)
		return fed_answer(s, asks_arena(as), type, delay_ms);
	if (!l)
		l = &s->other;
	*delay_ms = l->delay_ms;
	return dns_answer_copy(asks_arena(as), &l->answer);
}

static void script_send(struct resolver *r, struct asks *as, unsigned id,
			enum dns_type type, str name)
{
	struct script *s = (struct script *)r;
	unsigned delay_ms = 0;
	const struct dns_answer *a = find_answer(s, as, type, name, &delay_ms);
	struct pending *p = s->unused;

	s->sent++;
	if (!delay_ms && !s->shuffled) {
		asks_answer(as, id, a);
		return;
	}
	if (p)
		s->unused = p->next;
	else
		p = arena_new_of(s->arena, struct pending);
	*p = (struct pending){ s->pending,
			       as,
			       id,
			       s->now + delay_ms,
			       s->shuffled ? random_next(&s->seed) : s->sent,
			       a };
	s->pending = p;
}

static void take_out(struct script *s, struct pending **at)
{
	struct pending *p = *at;

	*at = p->next;
	p->next = s->unused;
	s->unused = p;
}

static void script_cancel(struct resolver *r, struct asks *as)
{
	struct script *s = (struct script *)r;

	for (struct pending **at = &s->pending; *at;)
		if ((*at)->as == as)
			take_out(s, at);
		else
			at = &(*at)->next;
}

static void script_free(struct resolver *r)
{
	(void)r; /* the arena's */
}

static bool before(const struct script *s, const struct pending *a,
		   const struct pending *b)
{
	if (s->shuffled || a->due == b->due)
		return a->order < b->order;
	return a->due < b->due;
}

bool script_next(struct script *s)
{
	struct pending **first = &s->pending;

	if (!s->pending)
		return false;
	for (struct pending **at = &s->pending; *at; at = &(*at)->next)
		if (before(s, *at, *first))
			first = at;

	const struct pending p = **first;

	take_out(s, first);
	if (p.due > s->now)
		s->now = p.due;
	asks_answer(p.as, p.id, p.answer);
	return true;
}

struct script *script_new(struct arena *arena)
{
	struct script *s = arena_new_of(arena, struct script);

	s->arena = arena;
	s->resolver = (struct resolver){ script_send, script_cancel,
					 script_free };
	s->other.answer.status = DNS_NXDOMAIN;
	return s;
}

struct resolver *script_resolver(struct script *s)
{
	return &s->resolver;
}

uint64_t script_now(const struct script *s)
{
	return s->now;
}

unsigned script_questions(const struct script *s)
{
	return (unsigned)s->sent;
}
