/* Merging: what waits is parted by domain, kind, reporter and day; the sums of each
 * such day are read, added up source by source and written anew. */
#include "store/packs.h"
#include "store/query.h"
#include "store/question.h"
#include "store/rollup.h"

#include <stdlib.h>

/* What waits is merged when it is so much; and at once no more than so many
 * pieces and octets of it. */
enum { DUE_ROWS = 400000, DUE_PIECES = 1000 };
enum { AT_ONCE = 2000, AT_ONCE_OCTETS = 16 << 20 };

struct waiting {
	str domain, org, text;
	uint64_t report, n;
	int64_t first;
	uint64_t days;
};

/* A day of a piece, in the sums of one kind. */
struct task {
	const struct waiting *w;
	enum packs_kind kind;
	uint64_t i; /* of its days */
};

/* A text of a day that is merged, or the chunks that are there. */
struct stream {
	struct packs_stream of;
	bool live;
	const str *chunk; /* to be read when this one ends */
	size_t n_chunks;
};

struct merging {
	struct store *s;
	struct err *e;
	struct arena *arena; /* of a pass */
	struct arena *day; /* of one day's sums */
	struct arena *words; /* of the chunk that is written */

	struct waiting *waiting;
	size_t n_waiting, octets;
	bool full;
	struct task *task;
	size_t n_tasks;

	/* of the day */
	str *chunk;
	size_t n_chunks, cap_chunks;
	struct stream *stream;
	size_t n_streams;
	struct traffic *row; /* of one source */
	size_t n_rows, cap_rows;
	struct packs_chunk out;
	struct pack_writer writer;
	char first[PACK_TEXT], last[PACK_TEXT];
};

static int64_t day_of(const struct task *t)
{
	return t->w->first + (int64_t)t->i;
}

static str org_of(const struct task *t)
{
	return t->kind == PACKS_BY_ORG ? t->w->org : STR("");
}

/* ---- what waits ---- */

static bool take_waiting(void *arg, const str *c)
{
	struct merging *m = arg;
	struct waiting *w;

	if (m->full || (m->n_waiting && m->octets + c[6].n > AT_ONCE_OCTETS)) {
		m->full = true;
		return true;
	}
	m->octets += c[6].n;
	w = &m->waiting[m->n_waiting++];
	w->domain = arena_str(m->arena, c[0]);
	w->report = store_number(c[1]);
	w->n = store_number(c[2]);
	w->org = arena_str(m->arena, c[3]);
	w->days = rollup_days((int64_t)store_number(c[4]),
			      (int64_t)store_number(c[5]), &w->first);
	w->text = arena_str(m->arena, c[6]);
	return true;
}

static bool load_waiting(struct merging *m)
{
	struct question q = question_new(m->arena);

	m->waiting = arena_array_of(m->arena, struct waiting, AT_ONCE);
	m->n_waiting = m->octets = 0;
	m->full = false;
	question_put(&q, "SELECT domain, report, n, org, begin_time, end_time,"
			 " entries FROM pack_new ORDER BY domain, report, n"
			 " LIMIT ");
	question_number(&q, AT_ONCE);
	return question_ask(&q, m->s, take_waiting, m, m->e);
}

static int by_sums(const void *a, const void *b)
{
	const struct task *x = a, *y = b;
	int d = str_cmp(x->w->domain, y->w->domain);

	if (!d)
		d = (int)x->kind - (int)y->kind;
	if (!d)
		d = str_cmp(org_of(x), org_of(y));
	if (!d)
		d = (day_of(x) > day_of(y)) - (day_of(x) < day_of(y));
	/* the same order whatever the sort does with equals */
	return d ? d : (x->w > y->w) - (x->w < y->w);
}

static void make_tasks(struct merging *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_waiting; i++)
		n += 2 * (size_t)m->waiting[i].days;
	m->task = arena_array_of(m->arena, struct task, n + 1);
	m->n_tasks = 0;
	for (size_t i = 0; i < m->n_waiting; i++)
		for (uint64_t d = 0; d < m->waiting[i].days; d++)
			for (int k = PACKS_ALL; k <= PACKS_BY_ORG; k++)
				m->task[m->n_tasks++] = (struct task){
					&m->waiting[i], (enum packs_kind)k, d
				};
	qsort(m->task, m->n_tasks, sizeof *m->task, by_sums);
}

static bool same_sums(const struct task *a, const struct task *b)
{
	return a->kind == b->kind && day_of(a) == day_of(b) &&
	       str_eq(a->w->domain, b->w->domain) &&
	       str_eq(org_of(a), org_of(b));
}

/* ---- one day ---- */

static void put_key(struct question *q, const struct packs_chunk *k)
{
	question_put(q, " FROM pack WHERE domain = ");
	question_text(q, k->domain);
	question_put(q, " AND kind = ");
	question_number(q, k->kind);
	question_put(q, " AND org = ");
	question_text(q, k->org);
	question_put(q, " AND day = ");
	question_number(q, k->day);
}

static bool take_chunk(void *arg, const str *c)
{
	struct merging *m = arg;

	if (m->n_chunks == m->cap_chunks) {
		size_t cap = m->cap_chunks ? m->cap_chunks * 2 : 64;

		m->chunk = arena_grow(m->day, m->chunk,
				      m->cap_chunks * sizeof *m->chunk,
				      cap * sizeof *m->chunk);
		m->cap_chunks = cap;
	}
	m->chunk[m->n_chunks++] = arena_str(m->day, c[0]);
	return true;
}

/* Takes the day's chunks out of the store. */
static bool take_chunks(struct merging *m)
{
	struct question q = question_new(m->day);

	m->chunk = NULL;
	m->n_chunks = m->cap_chunks = 0;
	question_put(&q, "SELECT entries");
	put_key(&q, &m->out);
	question_put(&q, " ORDER BY n");
	if (!question_ask(&q, m->s, take_chunk, m, m->e))
		return false;
	if (!m->n_chunks)
		return true;
	q = question_new(m->day);
	question_put(&q, "DELETE");
	put_key(&q, &m->out);
	return question_ask(&q, m->s, take_chunk, m, m->e);
}

static bool stream_next(struct merging *m, struct stream *st)
{
	for (;;) {
		if (!packs_next(&st->of, &st->live, m->e))
			return false;
		if (st->live || !st->n_chunks)
			return true;
		pack_again(&st->of.reader, *st->chunk++);
		st->n_chunks--;
	}
}

static bool open_stream(struct merging *m, str text, uint64_t i, uint64_t days)
{
	struct stream *st = &m->stream[m->n_streams++];

	*st = (struct stream){ .of = { .reader = pack_open(m->day, text),
				       .i = i,
				       .days = days } };
	return stream_next(m, st);
}

static bool open_streams(struct merging *m, const struct task *t, size_t n)
{
	m->stream = arena_array_of(m->day, struct stream, n + 1);
	m->n_streams = 0;
	for (size_t i = 0; i < n; i++)
		if (!open_stream(m, t[i].w->text, t[i].i, t[i].w->days))
			return false;
	if (!m->n_chunks)
		return true;
	m->stream[n].chunk = m->chunk + 1;
	if (!open_stream(m, m->chunk[0], 0, 1))
		return false;
	m->stream[n].chunk = m->chunk + 1;
	m->stream[n].n_chunks = m->n_chunks - 1;
	return true;
}

static str copy_to(char *to, str s)
{
	if (s.n)
		memcpy(to, s.p, s.n);
	return (str){ to, s.n };
}

static bool end_chunk(struct merging *m)
{
	bool ok;

	if (!m->writer.rows)
		return true;
	m->out.text = buf_str(&m->writer.text);
	ok = m->s->ops->put_chunk(m->s, &m->out, m->e);
	m->out.n++;
	m->writer.rows = 0;
	return ok;
}

static bool put_row(struct merging *m, const struct traffic *t)
{
	/* more than the largest row beyond the size that ends one */
	enum { ROOM = PACKS_CHUNK + 4 * PACK_TEXT + 128 };

	if (!m->writer.rows) {
		arena_reset(m->words);
		m->writer = pack_begin(m->words, ROOM);
		m->out.first = copy_to(m->first, t->source_ip);
	}
	pack_put(&m->writer, t);
	m->out.last = copy_to(m->last, t->source_ip);
	return m->writer.text.n < PACKS_CHUNK || end_chunk(m);
}

static void keep_row(struct merging *m, const struct stream *st,
		     const struct task *t)
{
	struct traffic *row;

	if (m->n_rows == m->cap_rows) {
		size_t cap = m->cap_rows ? m->cap_rows * 2 : 64;

		m->row = arena_grow(m->day, m->row,
				    m->cap_rows * sizeof *m->row,
				    cap * sizeof *m->row);
		m->cap_rows = cap;
	}
	row = &m->row[m->n_rows++];
	*row = st->of.row.t;
	/* what tells kinds of sources from each other is in the other kind */
	if (t->kind == PACKS_BY_ORG) {
		row->hints = 0;
		row->via = STR("");
	}
}

static int by_row(const void *a, const void *b)
{
	return pack_cmp(a, b);
}

/* The rows of one source, in their order, those that are alike as one. */
static bool put_source(struct merging *m, str source)
{
	size_t i = 0;

	for (size_t k = 0; k < m->n_rows; k++)
		m->row[k].source_ip = source;
	qsort(m->row, m->n_rows, sizeof *m->row, by_row);
	while (i < m->n_rows) {
		struct traffic t = m->row[i++];

		for (; i < m->n_rows && !pack_cmp(&t, &m->row[i]); i++)
			t.messages = store_add(t.messages, m->row[i].messages);
		if (!put_row(m, &t))
			return false;
	}
	return true;
}

/* All rows of the first source there is.  *any: there was one. */
static bool merge_source(struct merging *m, const struct task *t, bool *any)
{
	const struct stream *least = NULL;
	char name[PACK_TEXT];
	str source;

	for (size_t i = 0; i < m->n_streams; i++)
		if (m->stream[i].live &&
		    (!least || str_cmp(m->stream[i].of.row.t.source_ip,
				       least->of.row.t.source_ip) < 0))
			least = &m->stream[i];
	*any = least != NULL;
	if (!least)
		return true;
	source = copy_to(name, least->of.row.t.source_ip);
	m->n_rows = 0;
	for (size_t i = 0; i < m->n_streams; i++) {
		struct stream *st = &m->stream[i];

		while (st->live && str_eq(st->of.row.t.source_ip, source)) {
			keep_row(m, st, t);
			if (!stream_next(m, st))
				return false;
		}
	}
	return put_source(m, source);
}

static bool merge_day(struct merging *m, const struct task *t, size_t n)
{
	bool any = true;

	arena_reset(m->day);
	m->row = NULL;
	m->cap_rows = 0;
	m->writer.rows = 0;
	m->out = (struct packs_chunk){ .domain = t->w->domain,
				       .org = org_of(t),
				       .kind = t->kind,
				       .day = day_of(t) };
	if (!take_chunks(m) || !open_streams(m, t, n))
		return false;
	while (any)
		if (!merge_source(m, t, &any))
			return false;
	return end_chunk(m);
}

/* ---- all ---- */

static bool drop_waiting(struct merging *m)
{
	const struct waiting *last = &m->waiting[m->n_waiting - 1];
	struct question q = question_new(m->arena);

	question_put(&q, "DELETE FROM pack_new WHERE (domain, report, n) <= (");
	question_text(&q, last->domain);
	question_put(&q, ", ");
	question_number(&q, (int64_t)last->report);
	question_put(&q, ", ");
	question_number(&q, (int64_t)last->n);
	question_put(&q, ")");
	return question_ask(&q, m->s, take_chunk, m, m->e);
}

static bool merge_all(struct merging *m)
{
	for (;;) {
		arena_reset(m->arena);
		if (!load_waiting(m))
			return false;
		if (!m->n_waiting)
			return m->s->ops->end_chunks(m->s, m->e);
		make_tasks(m);
		for (size_t i = 0, n; i < m->n_tasks; i += n) {
			for (n = 1; i + n < m->n_tasks &&
				    same_sums(&m->task[i], &m->task[i + n]);
			     n++)
				;
			if (!merge_day(m, &m->task[i], n))
				return false;
		}
		if (!drop_waiting(m))
			return false;
	}
}

/* Out of memory: false. */
static bool merge_in(struct merging *m)
{
	bool ok;

	if (!arena_enter(m->arena))
		return false;
	if (!arena_enter(m->day))
		return false;
	if (!arena_enter(m->words))
		return false;
	ok = merge_all(m);
	arena_leave(m->words);
	arena_leave(m->day);
	arena_leave(m->arena);
	return ok;
}

bool packs_merge(struct store *s, struct err *e)
{
	struct merging *m = calloc(1, sizeof *m);
	bool ok = false;

	(void)err_set(e, ERR_INTERNAL, "out of memory");
	if (!m)
		return false;
	m->s = s;
	m->e = e;
	m->arena = arena_new(1 << 16);
	m->day = arena_new(1 << 16);
	m->words = arena_new(1 << 14);
	if (m->arena && m->day && m->words)
		ok = merge_in(m);
	arena_free(m->arena);
	arena_free(m->day);
	arena_free(m->words);
	free(m);
	return ok;
}

static bool take_due(void *arg, const str *c)
{
	*(bool *)arg = store_number(c[0]) >= DUE_PIECES ||
		       store_number(c[1]) >= DUE_ROWS;
	return true;
}

bool packs_settle(struct store *s, struct err *e)
{
	bool due = false, mine = false, ok;

	if (!store_query(s, "SELECT count(*), sum(parts) FROM pack_new", NULL,
			 0, take_due, &due, e))
		return false;
	if (!due)
		return true;
	if (!s->ops->settle_begin(s, &mine, e))
		return false;
	ok = !mine || packs_merge(s, e);
	return s->ops->settle_end(s, ok, e) && ok;
}
