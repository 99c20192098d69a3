/* The chunks of a day are in order already; the pieces that wait are in order,
 * each of its own.  They are read side by side, the least row next. */
#include "store/sums.h"

#include "store/query.h"
#include "store/question.h"
#include "store/rollup.h"

enum { DAY = 86400, CHUNKS = 64 /* read at once */ };

struct chunk {
	int64_t day;
	uint64_t n;
	str text;
};

/* A piece that waits to be merged. */
struct waiting {
	str text;
	int64_t first;
	uint64_t days;
	struct packs_stream stream;
};

struct summing {
	struct store *s;
	const struct sums_choice *c;
	struct arena *arena;
	struct err *e;
	sums_fn *fn;
	void *arg;
	uint64_t left; /* rows to give */

	str domain;
	int64_t since;
	const struct traffic *after; /* of this domain, or NULL */
	struct waiting *waiting;
	size_t n_waiting, cap_waiting;
	struct chunk chunk[CHUNKS];
	size_t n_chunks, at;
	bool loaded; /* some of the domain's chunks */
	struct packs_stream packed; /* the chunks of the day */

	int64_t day;
	struct packs_stream **heap; /* the one with the least row first */
	size_t n_heap;
	struct traffic sum;
	char source[PACK_TEXT];
	bool any; /* sum is one */
};

/* ---- what is read ---- */

static bool take_chunk(void *arg, const str *c)
{
	struct summing *x = arg;

	x->chunk[x->n_chunks++] = (struct chunk){
		.day = (int64_t)store_number(c[0]),
		.n = store_number(c[1]),
		.text = arena_str(x->arena, c[2]),
	};
	return true;
}

static void put_from(struct summing *x, struct question *q)
{
	if (x->loaded) {
		const struct chunk *last = &x->chunk[x->n_chunks - 1];

		question_put(q, " AND (day, n) > (");
		question_member(q, last->day);
		question_put(q, ", ");
		question_member(q, (int64_t)last->n);
		question_put(q, ")");
		return;
	}
	question_put(q, " AND day >= ");
	question_number(q, x->since);
	if (!x->after)
		return;
	question_put(q, " AND (day > ");
	question_number(q, x->after->day);
	question_put(q, " OR last_ip >= ");
	question_text(q, x->after->source_ip);
	question_put(q, ")");
}

static bool load_chunks(struct summing *x)
{
	struct question q = question_new(x->arena);

	question_put(&q, "SELECT day, n, entries FROM pack WHERE domain = ");
	question_text(&q, x->domain);
	question_put(&q, " AND kind = ");
	question_number(&q, PACKS_ALL);
	question_put(&q, " AND org = '' AND day <= ");
	question_number(&q, x->c->until);
	put_from(x, &q);
	question_put(&q, " ORDER BY day, n LIMIT ");
	question_number(&q, CHUNKS);
	x->at = x->n_chunks = 0;
	x->loaded = true;
	return question_ask(&q, x->s, take_chunk, x, x->e);
}

/* *next: NULL when there are no more. */
static bool next_chunk(struct summing *x, const struct chunk **next)
{
	if (x->at == x->n_chunks && (!x->loaded || x->n_chunks == CHUNKS) &&
	    !load_chunks(x))
		return false;
	*next = x->at < x->n_chunks ? &x->chunk[x->at] : NULL;
	return true;
}

static bool take_waiting(void *arg, const str *c)
{
	struct summing *x = arg;
	struct waiting *w;

	if (x->n_waiting == x->cap_waiting) {
		size_t cap = x->cap_waiting ? x->cap_waiting * 2 : 16;

		x->waiting = arena_grow(x->arena, x->waiting,
					x->cap_waiting * sizeof *x->waiting,
					cap * sizeof *x->waiting);
		x->cap_waiting = cap;
	}
	w = &x->waiting[x->n_waiting++];
	w->days = rollup_days((int64_t)store_number(c[0]),
			      (int64_t)store_number(c[1]), &w->first);
	w->text = arena_str(x->arena, c[2]);
	w->stream.reader = pack_open(x->arena, w->text);
	return true;
}

static bool load_waiting(struct summing *x)
{
	struct question q = question_new(x->arena);

	x->waiting = NULL;
	x->n_waiting = x->cap_waiting = 0;
	question_put(&q, "SELECT begin_time, end_time, entries FROM pack_new"
			 " WHERE domain = ");
	question_text(&q, x->domain);
	question_put(&q, " AND end_time >= ");
	question_number(&q, x->since * DAY);
	if (!question_ask(&q, x->s, take_waiting, x, x->e))
		return false;
	x->heap = arena_array_of(x->arena, struct packs_stream *,
				 x->n_waiting + 1);
	return true;
}

/* ---- the streams of a day ---- */

static bool is_less(const struct summing *x, size_t a, size_t b)
{
	return pack_cmp(&x->heap[a]->row.t, &x->heap[b]->row.t) < 0;
}

static void sift(struct summing *x, size_t at)
{
	for (;;) {
		size_t least = at, child = 2 * at + 1;
		struct packs_stream *moved = x->heap[at];

		for (size_t i = child; i < child + 2 && i < x->n_heap; i++)
			if (is_less(x, i, least))
				least = i;
		if (least == at)
			return;
		x->heap[at] = x->heap[least];
		x->heap[least] = moved;
		at = least;
	}
}

/* The next row of the day; of the chunks, one after the other. */
static bool step(struct summing *x, struct packs_stream *st, bool *live)
{
	const struct chunk *next;

	for (;;) {
		if (!packs_next(st, live, x->e))
			return false;
		if (*live || st != &x->packed)
			return true;
		if (!next_chunk(x, &next))
			return false;
		if (!next || next->day != x->day)
			return true;
		pack_again(&st->reader, next->text);
		x->at++;
	}
}

static bool open_stream(struct summing *x, struct packs_stream *st, str text,
			uint64_t i, uint64_t days)
{
	bool live;

	pack_again(&st->reader, text);
	st->i = i;
	st->days = days;
	if (!step(x, st, &live))
		return false;
	if (live)
		x->heap[x->n_heap++] = st;
	return true;
}

static bool open_streams(struct summing *x)
{
	x->n_heap = 0;
	for (size_t i = 0; i < x->n_waiting; i++) {
		struct waiting *w = &x->waiting[i];

		if (x->day >= w->first &&
		    (uint64_t)(x->day - w->first) < w->days &&
		    !open_stream(x, &w->stream, w->text,
				 (uint64_t)(x->day - w->first), w->days))
			return false;
	}
	if (!open_stream(x, &x->packed, STR(""), 0, 1))
		return false;
	for (size_t i = x->n_heap / 2; i-- > 0;)
		sift(x, i);
	return true;
}

/* ---- sums ---- */

static bool give(struct summing *x)
{
	bool wanted = x->any && x->left &&
		      (!x->after || x->day > x->after->day ||
		       pack_cmp(&x->sum, x->after) > 0);

	x->any = false;
	if (!wanted)
		return true;
	x->left--;
	x->sum.domain = x->domain;
	x->sum.day = x->day;
	return x->fn(x->arg, &x->sum);
}

static bool add(struct summing *x, const struct traffic *t)
{
	if (x->any && !pack_cmp(&x->sum, t)) {
		x->sum.messages = store_add(x->sum.messages, t->messages);
		return true;
	}
	if (!give(x))
		return false;
	x->any = true;
	x->sum = *t;
	x->sum.messages = store_add(0, t->messages);
	x->sum.source_ip.p = x->source; /* the others lie in the texts */
	if (t->source_ip.n)
		memcpy(x->source, t->source_ip.p, t->source_ip.n);
	return true;
}

static bool sum_day(struct summing *x)
{
	bool live;

	if (!open_streams(x))
		return false;
	while (x->n_heap && x->left) {
		if (!add(x, &x->heap[0]->row.t) || !step(x, x->heap[0], &live))
			return false;
		if (!live)
			x->heap[0] = x->heap[--x->n_heap];
		if (x->n_heap)
			sift(x, 0);
	}
	return give(x);
}

/* Goes to the next day that there are rows of. */
static bool next_day(struct summing *x, bool *found)
{
	const struct chunk *next;
	int64_t day = 0;

	if (!next_chunk(x, &next))
		return false;
	*found = next != NULL;
	if (next)
		day = next->day;
	for (size_t i = 0; i < x->n_waiting; i++) {
		const struct waiting *w = &x->waiting[i];
		int64_t d = w->first > x->day ? w->first : x->day + 1;

		if (d - w->first < (int64_t)w->days && d <= x->c->until &&
		    (!*found || d < day)) {
			day = d;
			*found = true;
		}
	}
	x->day = day;
	return true;
}

static bool sum_domain(struct summing *x, str domain,
		       const struct traffic *after)
{
	bool found;

	x->domain = domain;
	x->after = after;
	x->since = after && after->day > x->c->since ? after->day : x->c->since;
	x->day = x->since - 1;
	x->n_chunks = x->at = 0;
	x->loaded = false;
	if (!load_waiting(x))
		return false;
	while (x->left) {
		if (!next_day(x, &found))
			return false;
		if (!found)
			return true;
		if (!sum_day(x))
			return false;
	}
	return true;
}

struct naming {
	struct arena *arena;
	str domain;
	bool found;
};

static bool take_domain(void *arg, const str *c)
{
	struct naming *n = arg;

	n->domain = arena_str(n->arena, c[0]);
	n->found = true;
	return true;
}

static bool sum_all(struct summing *x, const struct traffic *after)
{
	struct naming n = { x->arena, after ? after->domain : STR(""), false };

	if (after && !sum_domain(x, after->domain, after))
		return false;
	while (x->left) {
		struct question q = question_new(x->arena);

		n.found = false;
		question_put(&q, "SELECT domain FROM traffic_day WHERE domain"
				 " > ");
		question_text(&q, n.domain);
		question_put(&q, " ORDER BY domain LIMIT 1");
		if (!question_ask(&q, x->s, take_domain, &n, x->e))
			return false;
		if (!n.found)
			return true;
		if (!sum_domain(x, n.domain, NULL))
			return false;
	}
	return true;
}

bool sums_read(struct store *s, const struct sums_choice *c,
	       struct arena *arena, sums_fn *fn, void *arg, struct err *e)
{
	struct summing x = {
		.s = s,
		.c = c,
		.arena = arena,
		.e = e,
		.fn = fn,
		.arg = arg,
		.left = c->most,
		.packed = { .reader = pack_open(arena, STR("")) },
	};

	return c->domain.n ? sum_domain(&x, c->domain, c->after)
			   : sum_all(&x, c->after);
}
