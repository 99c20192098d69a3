#include "store/packs.h"

#include "store/query.h"
#include "store/question.h"
#include "store/rollup.h"

/* ---- writing ---- */

struct piecing {
	struct arena *arena;
	struct pack_writer writer;
	packs_piece_fn *fn;
	void *arg;
};

static bool end_piece(struct piecing *p)
{
	bool ok = !p->writer.rows ||
		  p->fn(p->arg, buf_str(&p->writer.text), p->writer.rows);

	arena_reset(p->arena);
	p->writer.rows = 0;
	return ok;
}

static bool put_row(struct piecing *p, const struct traffic *t)
{
	if (!p->writer.rows)
		p->writer = pack_begin(p->arena, 2 * PACKS_PIECE);
	pack_put(&p->writer, t);
	return p->writer.text.n < PACKS_PIECE || end_piece(p);
}

bool packs_pieces(struct rollup *r, struct arena *arena, packs_piece_fn *fn,
		  void *arg)
{
	struct piecing p = { .arena = arena, .fn = fn, .arg = arg };

	size_t n;
	const struct traffic *t = rollup_sorted(r, &n);

	for (size_t i = 0; i < n; i++)
		if (!put_row(&p, &t[i]))
			return false;
	return end_piece(&p);
}

/* ---- reading ---- */

struct reading {
	const struct packs_choice *c;
	struct pack_reader reader;
	packs_fn *fn;
	void *arg;
	struct err *e;
};

static bool is_wanted(const struct reading *r, const struct pack_row *row)
{
	return !r->c->source_ip.p || str_eq(row->t.source_ip, r->c->source_ip);
}

static bool is_whole(const struct pack_reader *r, struct err *e)
{
	return !r->damaged ||
	       err_set(e, ERR_DATA,
		       "the sums of this store are damaged (table pack)");
}

bool packs_next(struct packs_stream *st, bool *live, struct err *e)
{
	do {
		*live = pack_next(&st->reader, &st->row);
		if (!*live)
			return is_whole(&st->reader, e);
		if (st->days > 1)
			st->row.t.messages = rollup_share(st->row.t.messages,
							  st->i, st->days);
	} while (!st->row.t.messages && st->days > 1);
	return true;
}

/* The rows of a text for the days of the choice that are among those of it. */
static bool read_text(struct reading *r, str text, int64_t first, uint64_t days,
		      str org)
{
	struct pack_row row;

	for (uint64_t i = 0; i < days; i++) {
		int64_t day = first + (int64_t)i;

		if (day < r->c->since || day > r->c->until)
			continue;
		pack_again(&r->reader, text);
		while (pack_next(&r->reader, &row)) {
			if (!is_wanted(r, &row))
				continue;
			row.t.day = day;
			if (days > 1)
				row.t.messages = rollup_share(row.t.messages, i,
							      days);
			if ((row.t.messages || days == 1) &&
			    !r->fn(r->arg, &row, org))
				return false;
		}
		if (!is_whole(&r->reader, r->e))
			return false;
	}
	return true;
}

static bool take_pack(void *arg, const str *c)
{
	return read_text(arg, c[2], (int64_t)store_number(c[0]), 1, c[1]);
}

static bool take_new(void *arg, const str *c)
{
	const struct reading *r = arg;
	int64_t first;
	uint64_t days = rollup_days((int64_t)store_number(c[0]),
				    (int64_t)store_number(c[1]), &first);

	return read_text(arg, c[3], first, days,
			 r->c->kind == PACKS_BY_ORG ? c[2] : STR(""));
}

static void where_domain(struct question *q, const struct packs_choice *c)
{
	question_put(q, " WHERE domain");
	if (c->domain.n) {
		question_put(q, " = ");
		question_text(q, c->domain);
	} else {
		question_put(q, " IN (SELECT DISTINCT domain FROM "
				"traffic_day)");
	}
	if (!c->org.p || c->kind != PACKS_BY_ORG)
		return;
	question_put(q, " AND org = ");
	question_text(q, c->org);
}

static bool read_packs(struct store *s, struct reading *r, struct arena *arena)
{
	const struct packs_choice *c = r->c;
	struct question q = question_new(arena);

	question_put(&q, "SELECT day, org, entries FROM pack");
	where_domain(&q, c);
	if (c->kind == PACKS_ALL)
		question_put(&q, " AND org = ''");
	question_put(&q, " AND kind = ");
	question_number(&q, c->kind);
	question_put(&q, " AND day >= ");
	question_number(&q, c->since);
	question_put(&q, " AND day <= ");
	question_number(&q, c->until);
	if (c->source_ip.p) {
		question_put(&q, " AND first_ip <= ");
		question_text(&q, c->source_ip);
		question_put(&q, " AND last_ip >= ");
		question_text(&q, c->source_ip);
	}
	return question_ask(&q, s, take_pack, r, r->e);
}

static bool read_new(struct store *s, struct reading *r, struct arena *arena)
{
	struct question q = question_new(arena);

	question_put(&q, "SELECT begin_time, end_time, org, entries FROM "
			 "pack_new");
	where_domain(&q, r->c);
	return question_ask(&q, s, take_new, r, r->e);
}

bool packs_read(struct store *s, const struct packs_choice *c,
		struct arena *arena, packs_fn *fn, void *arg, struct err *e)
{
	struct reading r = { c, pack_open(arena, STR("")), fn, arg, e };

	return read_packs(s, &r, arena) && read_new(s, &r, arena);
}
