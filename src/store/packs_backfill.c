/* Packs for the reports that were there before: their rows, read once more as the
 * import read them.  What a row says of its source (hints, selector, via) is
 * not in its columns, but follows from its results and reasons, which inkan has
 * written itself as JSON. */
#include "base/ascii.h"
#include "base/limits.h"
#include "store/packs.h"
#include "store/query.h"
#include "store/question.h"
#include "store/rollup.h"

#include <stdio.h>
#include <stdlib.h>

/* Reports at once; octets of their sums that wait before they are merged: each time
 * all days are written anew. */
enum { AT_ONCE = 500, MERGE_AT = 12 << 20, VALUE_MAX = 4096 };

struct old {
	str domain, org;
	uint64_t report, begin, end;
};

struct piece {
	struct piece *next;
	str text;
	uint64_t rows;
};

struct filling {
	struct store *s;
	struct err *e;
	struct arena *arena; /* of AT_ONCE reports */
	struct arena *one; /* of a report: its pieces */
	struct arena *words; /* of a piece */
	struct arena *row;
	struct rollup *rollup;

	struct old old[AT_ONCE];
	size_t n_old;
	const struct old *now;
	struct piece *first, **end;
	uint64_t done, total; /* reports */
	size_t waiting; /* octets */
};

/* ---- JSON of our own: arrays of objects that have strings ---- */

/* jsontext writes no other escapes than these. */
static bool take_escape(struct cur *c, struct buf *out)
{
	static const str all[] = { STR_INIT("\"\""), STR_INIT("\\\\"),
				   STR_INIT("n\n"), STR_INIT("t\t") };
	int high, low;

	for (size_t i = 0; i < 4; i++)
		if (cur_char(c, all[i].p[0])) {
			buf_putc(out, all[i].p[1]);
			return true;
		}
	if (!cur_char(c, 'u') || c->end - c->p < 4)
		return false;
	high = ascii_hex(c->p[2]);
	low = ascii_hex(c->p[3]);
	c->p += 4;
	buf_putc(out, (char)(high * 16 + low));
	return high >= 0 && low >= 0;
}

static bool take_string(struct cur *c, struct arena *arena, str *out)
{
	struct buf b = buf_of(arena, VALUE_MAX);
	const char *start;

	if (!cur_char(c, '"'))
		return false;
	start = c->p;
	while (!cur_done(c) && *c->p != '"' && *c->p != '\\')
		c->p++;
	*out = (str){ start, (size_t)(c->p - start) };
	if (cur_char(c, '"'))
		return true; /* nothing is escaped in it */
	buf_put(&b, *out);
	while (!cur_done(c) && *c->p != '"') {
		if (cur_char(c, '\\')) {
			if (!take_escape(c, &b))
				return false;
			continue;
		}
		buf_putc(&b, *c->p++);
	}
	*out = buf_str(&b);
	return cur_char(c, '"');
}

struct result {
	str method, domain, selector, result, type;
};

/* {"name":"value",...}; false at the end of the array. */
static bool take_object(struct cur *c, struct arena *arena, struct result *r)
{
	str name, value;

	*r = (struct result){ .method = STR("") };
	(void)(cur_char(c, '[') || cur_char(c, ','));
	if (!cur_char(c, '{'))
		return false;
	while (take_string(c, arena, &name) && cur_char(c, ':') &&
	       take_string(c, arena, &value)) {
		if (str_eq(name, STR("method")))
			r->method = value;
		else if (str_eq(name, STR("domain")))
			r->domain = value;
		else if (str_eq(name, STR("selector")))
			r->selector = value;
		else if (str_eq(name, STR("result")))
			r->result = value;
		else if (str_eq(name, STR("type")))
			r->type = value;
		(void)cur_char(c, ',');
	}
	return cur_char(c, '}');
}

/* ---- a row ---- */

static bool is_below(str d, str domain)
{
	return str_eq(d, domain) ||
	       (d.n > domain.n && d.p[d.n - domain.n - 1] == '.' &&
		str_eq(str_skip(d, d.n - domain.n), domain));
}

static bool is_ours(str d, str domain)
{
	return d.n && domain.n && (is_below(d, domain) || is_below(domain, d));
}

/* As the import does: report/aggregate_record.c. */
static void learn(const struct result *x, str policy, struct store_record *out)
{
	bool spf = str_eq(x->method, STR("spf"));
	bool ours = is_ours(x->domain, policy);
	bool pass = str_eq(x->result, STR("pass"));

	if (pass && !ours && x->domain.n && (!out->via.n || !spf))
		out->via = x->domain;
	if (pass && ours && !spf && out->dkim && !out->selector.n)
		out->selector = x->selector.p ? x->selector : STR("");
	if (!pass && ours && !spf && !out->dkim)
		out->hints |= STORE_HINT_BROKEN;
	if (!pass && ours && spf && !out->spf)
		out->hints |= STORE_HINT_SPF_OURS;
}

static bool is_forwarding(str type)
{
	return str_ieq(type, STR("forwarded")) ||
	       str_ieq(type, STR("mailing_list")) ||
	       str_ieq(type, STR("trusted_forwarder"));
}

static bool keep_piece(void *arg, str text, uint64_t rows)
{
	struct filling *f = arg;
	struct piece *p = arena_new_of(f->one, struct piece);

	p->text = arena_str(f->one, text);
	p->rows = rows;
	f->waiting += text.n;
	*f->end = p;
	f->end = &p->next;
	return true;
}

static bool flush(struct filling *f)
{
	bool ok = packs_pieces(f->rollup, f->words, keep_piece, f);

	rollup_reset(f->rollup);
	return ok;
}

static bool take_row(void *arg, const str *c)
{
	struct filling *f = arg;
	struct store_record r = {
		.source_ip = c[0],
		.messages = store_number(c[1]),
		.disposition = c[2],
		.dkim = store_number(c[3]) > 0,
		.spf = store_number(c[4]) > 0,
		.selector = STR(""),
		.via = STR(""),
	};
	struct cur reasons = cur_of(c[5].n ? c[5] : STR(""));
	struct cur auth = cur_of(c[6].n ? c[6] : STR(""));
	struct result x;
	struct traffic t;

	arena_reset(f->row);
	while (take_object(&reasons, f->row, &x))
		if (is_forwarding(x.type))
			r.hints |= STORE_HINT_FORWARDED;
	while (take_object(&auth, f->row, &x))
		learn(&x, f->now->domain, &r);
	t = rollup_row(STR(""), &r);
	return rollup_add(f->rollup, &t) ||
	       (flush(f) && rollup_add(f->rollup, &t));
}

/* ---- reports ---- */

static bool nothing(void *arg, const str *c)
{
	(void)arg, (void)c;
	return true;
}

static bool put_piece(struct filling *f, const struct piece *p, uint64_t n)
{
	struct question q = question_new(f->one);

	question_put(&q, "INSERT INTO pack_new (domain, report, n, org,"
			 " begin_time, end_time, parts, entries) VALUES (");
	question_text(&q, f->now->domain);
	question_put(&q, ", ");
	question_number(&q, (int64_t)f->now->report);
	question_put(&q, ", ");
	question_number(&q, (int64_t)n);
	question_put(&q, ", ");
	question_text(&q, f->now->org);
	question_put(&q, ", ");
	question_number(&q, (int64_t)f->now->begin);
	question_put(&q, ", ");
	question_number(&q, (int64_t)f->now->end);
	question_put(&q, ", ");
	question_number(&q, (int64_t)p->rows);
	question_put(&q, ", ");
	question_text(&q, p->text);
	question_put(&q, ")");
	return question_ask(&q, f->s, nothing, NULL, f->e);
}

static bool fill_report(struct filling *f, const struct old *o)
{
	struct question q;
	uint64_t n = 0;

	arena_reset(f->one);
	f->now = o;
	f->first = NULL;
	f->end = &f->first;
	q = question_new(f->one);
	question_put(&q, "SELECT source_ip, messages, disposition, dkim, spf,"
			 " reasons, auth FROM record WHERE domain = ");
	question_text(&q, o->domain);
	question_put(&q, " AND report = ");
	question_number(&q, (int64_t)o->report);
	question_put(&q, " ORDER BY n");
	if (!question_ask(&q, f->s, take_row, f, f->e) || !flush(f))
		return false;
	for (const struct piece *p = f->first; p; p = p->next)
		if (!put_piece(f, p, n++))
			return false;
	return true;
}

static bool take_old(void *arg, const str *c)
{
	struct filling *f = arg;

	f->old[f->n_old++] = (struct old){
		.domain = arena_str(f->arena, c[0]),
		.report = store_number(c[1]),
		.org = arena_str(f->arena, c[2]),
		.begin = store_number(c[3]),
		.end = store_number(c[4]),
	};
	return true;
}

/* The reports behind the last one of those before. */
static bool next_reports(struct filling *f, const char *domain, uint64_t report)
{
	struct question q = question_new(f->arena);

	f->n_old = 0;
	question_put(&q,
		     "SELECT domain, report, org, begin_time, end_time"
		     " FROM report WHERE kind = 0 AND (domain, report) > (");
	question_text(&q, str_of(domain));
	question_put(&q, ", ");
	question_number(&q, (int64_t)report);
	question_put(&q, ") ORDER BY domain, report LIMIT ");
	question_number(&q, AT_ONCE);
	return question_ask(&q, f->s, take_old, f, f->e);
}

static void tell(const struct filling *f)
{
	const struct store_telling *t = &f->s->telling;

	if (t->fn)
		t->fn(t->arg, f->done, f->total);
}

static bool take_total(void *arg, const str *c)
{
	*(uint64_t *)arg = store_number(c[0]);
	return true;
}

static bool fill(struct filling *f)
{
	char domain[PACK_TEXT] = "";
	uint64_t report = 0;

	if (!store_query(f->s, "SELECT count(*) FROM report WHERE kind = 0",
			 NULL, 0, take_total, &f->total, f->e))
		return false;
	for (;;) {
		const struct old *last;

		arena_reset(f->arena);
		if (!next_reports(f, domain, report))
			return false;
		if (!f->n_old)
			return packs_merge(f->s, f->e);
		for (size_t i = 0; i < f->n_old; i++)
			if (!fill_report(f, &f->old[i]))
				return false;
		if (f->waiting >= MERGE_AT) {
			if (!packs_merge(f->s, f->e))
				return false;
			f->waiting = 0;
		}
		last = &f->old[f->n_old - 1];
		report = last->report;
		(void)snprintf(domain, sizeof domain, "%.*s",
			       STR_ARG(last->domain));
		f->done += f->n_old;
		tell(f);
	}
}

static bool fill_in(struct filling *f)
{
	bool ok;

	if (!arena_enter(f->arena))
		return false;
	if (!arena_enter(f->one))
		return false;
	if (!arena_enter(f->words))
		return false;
	if (!arena_enter(f->row))
		return false;
	ok = fill(f);
	arena_leave(f->row);
	arena_leave(f->words);
	arena_leave(f->one);
	arena_leave(f->arena);
	return ok;
}

bool packs_backfill(struct store *s, struct err *e)
{
	struct filling *f = calloc(1, sizeof *f);
	bool ok = false;

	(void)err_set(e, ERR_INTERNAL, "out of memory");
	if (!f)
		return false;
	f->s = s;
	f->e = e;
	f->arena = arena_new(1 << 16);
	f->one = arena_new(1 << 16);
	f->words = arena_new(1 << 16);
	f->row = arena_new(1 << 14);
	f->rollup = rollup_new(LIMIT_ROLLUP);
	if (f->arena && f->one && f->words && f->row && f->rollup)
		ok = fill_in(f);
	arena_free(f->arena);
	arena_free(f->one);
	arena_free(f->words);
	arena_free(f->row);
	rollup_free(f->rollup);
	free(f);
	return ok;
}
