/* Rows of reports as they came. */
#include "store/flow.h"
#include "store/question.h"

static bool is_one(const struct store_view *v)
{
	return v->net.ip.family != IP_NONE &&
	       v->net.bits == (v->net.ip.family == IP_V4 ? 32 : 128);
}

static void where_domain(struct question *q, const struct store_view *v,
			 const char *column)
{
	question_put(q, " WHERE ");
	if (v->of.domain.n) {
		question_put(q, column);
		question_put(q, " = ");
		question_text(q, v->of.domain);
	} else {
		question_put(q, "1 = 1");
	}
}

static void and_row(struct question *q, const struct store_view *v)
{
	char text[IP_TEXT_MAX];

	if (v->disposition.n) {
		question_put(q, " AND disposition = ");
		question_text(q, v->disposition);
	}
	if (v->of.failing)
		question_put(q, " AND dkim + spf = 0");
	if (is_one(v)) {
		question_put(q, " AND source_ip = ");
		question_text(q, arena_str(q->arena, ip_text(v->net.ip, text)));
	}
}

/* Reports of the view: its domain, days, reporter. */
static void where_reports(struct question *q, const struct store_view *v)
{
	where_domain(q, v, "r.domain");
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
static void from_cut(struct question *q, const struct store_view *v,
		     const struct cut *cut)
{
	question_put(q, " FROM (SELECT r.domain, r.report, r.org, r.begin_time,"
			" r.end_time FROM report r");
	where_reports(q, v);
	question_put(q, " AND r.kind = 0 ORDER BY r.begin_time DESC,"
			" r.report DESC LIMIT ");
	question_number(q, (int64_t)cut->counted);
	question_put(q, ") r JOIN record x ON x.domain = r.domain AND x.report"
			" = r.report WHERE 1 = 1");
	and_row(q, v);
}

/* ---- rows of reports ---- */

struct row_giving {
	flow_row_fn *fn;
	void *arg;
};

static bool give_row(void *arg, const str *c)
{
	const struct row_giving *g = arg;
	struct flow_row r = {
		.domain = c[0],
		.report = store_number(c[1]),
		.n = store_number(c[2]),
		.org = c[3],
		.begin = (int64_t)store_number(c[4]),
		.end = (int64_t)store_number(c[5]),
		.source_ip = c[6],
		.messages = store_number(c[7]),
		.disposition = c[8],
		.dkim = store_number(c[9]) > 0,
		.spf = store_number(c[10]) > 0,
		.header_from = c[11],
		.envelope_from = c[12],
		.envelope_to = c[13],
		.reasons = c[14],
		.auth = c[15],
		.raw = c[16],
	};

	return g->fn(g->arg, &r);
}

bool flow_rows(struct store *s, const struct store_view *v, uint64_t number,
	       uint64_t after, uint64_t most, struct arena *arena,
	       flow_row_fn *fn, void *arg, struct err *e)
{
	struct question q = question_new(arena);
	struct row_giving g = { fn, arg };
	struct cut cut;

	question_put(&q, "SELECT x.domain, x.report, x.n, r.org, r.begin_time,"
			 " r.end_time, x.source_ip, x.messages, x.disposition,"
			 " x.dkim, x.spf, x.header_from, x.envelope_from,"
			 " x.envelope_to, x.reasons, x.auth, x.raw");
	if (number) {
		question_put(&q, " FROM report r JOIN record x ON x.domain ="
				 " r.domain AND x.report = r.report");
		where_domain(&q, v, "r.domain");
		question_put(&q, " AND r.report = ");
		question_number(&q, (int64_t)number);
		question_put(&q, " AND x.n > ");
		question_number(&q, (int64_t)after);
		and_row(&q, v);
		question_put(&q, " ORDER BY x.n");
	} else {
		if (!find_cut(s, v, arena, &cut, e))
			return false;
		from_cut(&q, v, &cut);
		question_put(&q, " ORDER BY r.begin_time DESC, r.report DESC,"
				 " x.n");
	}
	question_put(&q, " LIMIT ");
	question_number(&q, (int64_t)most);
	return question_ask(&q, s, give_row, &g, e);
}
