/* Rows of reports as they came. */
#include "store/records.h"

/* Reports of the view: its domain, days, reporter. */
static void where_reports(struct question *q, const struct store_view *v)
{
	question_put(q, " WHERE ");
	if (v->of.domain.n) {
		question_put(q, "r.domain = ");
		question_text(q, v->of.domain);
	} else {
		question_put(q, "1 = 1");
	}
	question_put(q, " AND r.begin_time >= ");
	question_number(q, v->of.since * 86400);
	question_put(q, " AND r.begin_time < ");
	question_number(q, (v->of.until + 1) * 86400);
	if (v->reporter.n) {
		question_put(q, " AND r.org = ");
		question_text(q, v->reporter);
	}
}

/* ---- which reports are read ---- */

struct cut {
	uint64_t rows, reports, counted;
	bool full;
};

static bool take_cut(void *arg, const str *c)
{
	struct cut *cut = arg;
	uint64_t rows = store_number(c[0]);

	cut->reports++;
	if (cut->full || (cut->counted && cut->rows + rows > FLOW_ROWS)) {
		cut->full = true;
		return true;
	}
	cut->rows += rows;
	cut->counted++;
	return true;
}

static bool find_cut(struct store *s, const struct store_view *v,
		     struct arena *arena, struct cut *cut, struct err *e)
{
	struct question q = question_new(arena);

	*cut = (struct cut){ .rows = 0 };
	question_put(&q, "SELECT r.records FROM report r");
	where_reports(&q, v);
	question_put(&q, " AND r.kind = 0"
			 " ORDER BY r.begin_time DESC, r.report DESC");
	return question_ask(&q, s, take_cut, cut, e);
}

/* The limit tells the database how few reports these are. */
static bool newest(struct records *r, struct store *s,
		   const struct store_view *v, const struct cut *cut,
		   struct arena *arena)
{
	struct question q = question_new(arena);

	question_put(&q, RECORDS_COLUMNS
		     " FROM (SELECT r.domain, r.report, r.org, r.report_id,"
		     " r.begin_time, r.end_time FROM report r");
	where_reports(&q, v);
	question_put(&q, " AND r.kind = 0 ORDER BY r.begin_time DESC,"
			 " r.report DESC LIMIT ");
	question_number(&q, (int64_t)cut->counted);
	question_put(&q, ") r JOIN record_block x ON x.domain = r.domain"
			 " AND x.report = r.report ORDER BY r.begin_time DESC,"
			 " r.report DESC, x.n");
	return question_ask(&q, s, records_take, r, r->e);
}

bool flow_rows(struct store *s, const struct store_view *v, uint64_t number,
	       uint64_t after, uint64_t most, struct arena *arena,
	       flow_row_fn *fn, void *arg, struct err *e)
{
	struct records r = records_of(arena, v, most, fn, arg, e);
	const struct records_choice c = { v->of.domain, number, NULL };
	const struct flow_key key = { v->of.domain, number, after };
	struct cut cut;

	if (number)
		return records_read(&r, s, &c, &key);
	return find_cut(s, v, arena, &cut, e) && newest(&r, s, v, &cut, arena);
}
