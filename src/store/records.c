#include "store/records.h"

struct records records_of(struct arena *arena, const struct store_view *v,
			  uint64_t most, flow_row_fn *fn, void *arg,
			  struct err *e)
{
	struct records r = {
		.reader = block_reader_of(arena),
		.block.domain = STR(""),
		.v = v,
		.fn = fn,
		.arg = arg,
		.left = most,
		.e = e,
	};

	if (v && v->net.ip.family != IP_NONE &&
	    v->net.bits == (v->net.ip.family == IP_V4 ? 32 : 128))
		(void)ip_text(v->net.ip, r.only);
	return r;
}

static bool is_wanted(const struct records *r, const struct store_record *x)
{
	const struct store_view *v = r->v;

	if (!v)
		return true;
	return (!v->disposition.n || str_eq(x->disposition, v->disposition)) &&
	       (!v->of.failing || (!x->dkim && !x->spf)) &&
	       (!*r->only || str_eq(x->source_ip, str_of(r->only)));
}

static bool give(struct records *r, struct flow_row *row,
		 const struct store_record *x)
{
	row->source_ip = x->source_ip;
	row->messages = x->messages;
	row->disposition = x->disposition;
	row->dkim = x->dkim;
	row->spf = x->spf;
	row->header_from = x->header_from;
	row->envelope_from = x->envelope_from;
	row->envelope_to = x->envelope_to;
	row->reasons = x->reasons;
	row->auth = x->auth;
	row->raw = x->raw;
	r->left--;
	return r->fn(r->arg, row);
}

/* Of the report that `after` is of? */
static uint64_t passed_over(const struct records *r, const struct flow_row *row)
{
	return r->after.n && row->report == r->after.report &&
			       str_eq(row->domain, r->after.domain)
		       ? r->after.n
		       : 0;
}

bool records_take(void *records, const str *c)
{
	struct records *r = records;
	struct flow_row row = {
		.domain = c[0],
		.report = store_number(c[1]),
		.org = c[4],
		.report_id = c[5],
		.begin = (int64_t)store_number(c[6]),
		.end = (int64_t)store_number(c[7]),
	};
	uint64_t n = store_number(c[2]), passed = passed_over(r, &row);
	struct store_record x;

	if (!str_eq(r->block.domain, row.domain))
		r->block.domain = arena_str(r->reader.arena, row.domain);
	r->block.report = row.report;
	r->block.n = n;
	r->blocks++;
	block_open(&r->reader, c[3]);
	for (; r->left && block_next(&r->reader, &x); n++) {
		row.n = n;
		if (n > passed && is_wanted(r, &x) && !give(r, &row, &x))
			return false;
	}
	return !r->reader.damaged ||
	       err_set(r->e, ERR_DATA,
		       "the rows of report %llu in this store are damaged "
		       "(table record_block)",
		       (unsigned long long)row.report);
}

/* ---- in the order of their keys ---- */

/* Blocks of one question: an answer that may stop early reads few in vain. */
enum { AT_ONCE = 64 };

/* Behind the key: the columns that are not fixed, in the order of the index. */
static void put_behind(struct question *q, const struct records_choice *c,
		       const struct flow_key *key)
{
	bool report = !c->domain.n || !c->number;

	question_put(q, " AND (");
	if (!c->domain.n)
		question_put(q, "x.domain, ");
	question_put(q, report ? "x.report, x.n) > (" : "x.n) > (");
	if (!c->domain.n) {
		question_text(q, key->domain);
		question_put(q, ", ");
	}
	if (report) {
		question_member(q, (int64_t)key->report);
		question_put(q, ", ");
	}
	question_member(q, (int64_t)key->n);
	question_put(q, ")");
}

static void put_choice(struct question *q, const struct records_choice *c)
{
	if (c->domain.n) {
		question_put(q, " AND x.domain = ");
		question_text(q, c->domain);
	}
	if (c->number) {
		question_put(q, " AND x.report = ");
		question_number(q, (int64_t)c->number);
	}
	if (c->days)
		question_days(q, c->days);
}

/* CROSS tells SQLite to walk the blocks, which are in order; to PostgreSQL it
 * says nothing. */
static bool ask(struct records *r, struct store *s,
		const struct records_choice *c, const struct flow_key *key,
		struct arena *arena)
{
	struct question q = question_new(arena);

	question_put(&q, RECORDS_COLUMNS
		     " FROM record_block x CROSS JOIN report r"
		     " WHERE r.domain = x.domain AND r.report = x.report");
	put_choice(&q, c);
	put_behind(&q, c, key);
	question_put(&q, " ORDER BY x.domain, x.report, x.n LIMIT ");
	question_number(&q, AT_ONCE);
	return question_ask(&q, s, records_take, r, r->e);
}

/* Blocks that may have rows behind that one. */
static struct flow_key start(const struct records_choice *c,
			     const struct flow_key *after)
{
	struct flow_key key = { c->domain.n ? c->domain : STR(""), c->number,
				0 };

	if (!after)
		return key;
	key = *after;
	key.n = after->n > BLOCK_ROWS ? after->n - BLOCK_ROWS : 0;
	return key;
}

bool records_read(struct records *r, struct store *s,
		  const struct records_choice *c, const struct flow_key *after)
{
	struct arena *arena = r->reader.arena;
	struct flow_key key = start(c, after);

	if (after)
		r->after = *after;
	do {
		r->blocks = 0;
		r->block.domain = key.domain;
		if (!ask(r, s, c, &key, arena))
			return false;
		key = r->block;
	} while (r->left && r->blocks == AT_ONCE);
	return true;
}

/* ---- what others ask for ---- */

bool flow_records(struct store *s, const struct store_filter *f,
		  const struct flow_key *after, uint64_t most,
		  struct arena *arena, flow_row_fn *fn, void *arg,
		  struct err *e)
{
	const struct records_choice c = { .domain = f->domain, .days = f };
	struct records r = records_of(arena, NULL, most, fn, arg, e);

	return records_read(&r, s, &c, after);
}

bool flow_records_begun(struct store *s, str domain, int64_t from,
			int64_t before, struct arena *arena, flow_row_fn *fn,
			void *arg, struct err *e)
{
	struct records r = records_of(arena, NULL, UINT64_MAX, fn, arg, e);
	struct question q = question_new(arena);

	question_put(&q, RECORDS_COLUMNS
		     " FROM report r JOIN record_block x ON x.domain ="
		     " r.domain AND x.report = r.report WHERE r.domain = ");
	question_text(&q, domain);
	question_put(&q, " AND r.begin_time >= ");
	question_number(&q, from);
	question_put(&q, " AND r.begin_time < ");
	question_number(&q, before);
	return question_ask(&q, s, records_take, &r, e);
}
