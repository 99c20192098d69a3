/* Packs for the reports that were there before: their rows, read once more as the
 * import read them.  What a row says of its source (hints, selector, via) is
 * not in its columns, but follows from its results and reasons, which inkan has
 * written itself as JSON. */
#include "base/ascii.h"
#include "base/limits.h"
#include "store/backend.h"
#include "store/backfill.h"
#include "store/packs.h"
#include "store/query.h"
#include "store/question.h"
#include "store/rollup.h"

#include <stdio.h>
#include <stdlib.h>

/* Octets of sums that wait before they are merged: each time all days are written
 * anew. */
enum { MERGE_AT = 12 << 20, VALUE_MAX = 4096 };

struct piece {
	struct piece *next;
	str text;
	uint64_t rows;
};

struct filling {
	struct store *s;
	struct err *e;
	struct arena *one; /* of a report: its pieces */
	struct arena *words; /* of a piece */
	struct arena *row;
	struct rollup *rollup;

	const struct old_report *now;
	struct piece *first, **end;
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
	t = rollup_row(&r);
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

static bool fill(struct filling *f, const struct old_report *o)
{
	struct question q;
	uint64_t n = 0;

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

static bool no_memory(struct filling *f)
{
	return err_set(f->e, ERR_INTERNAL, "out of memory");
}

static bool fill_report(void *arg, const struct old_report *o)
{
	struct filling *f = arg;
	bool ok;

	arena_reset(f->one);
	if (!arena_enter(f->one))
		return no_memory(f);
	if (!arena_enter(f->words))
		return no_memory(f);
	if (!arena_enter(f->row))
		return no_memory(f);
	ok = fill(f, o);
	arena_leave(f->row);
	arena_leave(f->words);
	arena_leave(f->one);
	if (!ok || f->waiting < MERGE_AT)
		return ok;
	f->waiting = 0;
	return packs_merge(f->s, f->e);
}

bool packs_backfill(struct store *s, struct err *e)
{
	struct filling f = {
		.s = s,
		.e = e,
		.one = arena_new(1 << 16),
		.words = arena_new(1 << 16),
		.row = arena_new(1 << 14),
		.rollup = rollup_new(LIMIT_ROLLUP),
	};
	bool ok = false;

	(void)no_memory(&f);
	if (f.one && f.words && f.row && f.rollup)
		ok = backfill_reports(s, fill_report, &f, e) &&
		     packs_merge(s, e);
	arena_free(f.one);
	arena_free(f.words);
	arena_free(f.row);
	rollup_free(f.rollup);
	return ok;
}
