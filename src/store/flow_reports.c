/* The part of flow that is about reports and TLS sessions. */
#include "store/flow.h"
#include "store/question.h"

static void where(struct question *q, const struct store_view *v,
		  const char *column)
{
	question_put(q, " WHERE ");
	if (!v->of.domain.n) {
		question_put(q, "1 = 1");
		return;
	}
	question_put(q, column);
	question_put(q, " = ");
	question_text(q, v->of.domain);
}

static void and_time(struct question *q, const struct store_view *v)
{
	question_put(q, " AND r.begin_time >= ");
	question_number(q, v->of.since * 86400);
	question_put(q, " AND r.begin_time < ");
	question_number(q, (v->of.until + 1) * 86400);
	if (!v->reporter.n)
		return;
	question_put(q, " AND r.org = ");
	question_text(q, v->reporter);
}

struct report_giving {
	flow_report_fn *fn;
	void *arg;
};

static bool give_report(void *arg, const str *c)
{
	const struct report_giving *g = arg;
	struct flow_report f = {
		.r = store_report_of(c),
		.email = c[20],
		.contact = c[21],
		.imported = (int64_t)store_number(c[22]),
	};

	return g->fn(g->arg, &f);
}

bool flow_reports(struct store *s, const struct store_view *v,
		  enum flow_choice choice, uint64_t number, uint64_t skip,
		  uint64_t most, struct arena *arena, flow_report_fn *fn,
		  void *arg, struct err *e)
{
	struct question q = question_new(arena);
	struct report_giving g = { fn, arg };

	question_put(&q,
		     "SELECT " STORE_REPORT_COLUMNS ","
		     " (SELECT count(*) FROM report p WHERE p.domain = f.domain"
		     " AND p.report IN (SELECT o.report FROM report o WHERE"
		     " o.domain = f.domain AND o.report_id = f.report_id)"
		     " AND p.org = f.org AND p.kind = f.kind),"
		     " email, contact, imported"
		     " FROM (SELECT * FROM report r");
	where(&q, v, "r.domain");
	if (choice == FLOW_ONE) {
		question_put(&q, " AND r.report = ");
		question_number(&q, (int64_t)number);
	} else {
		and_time(&q, v);
	}
	if (choice != FLOW_ONE && v->of.failing)
		question_put(&q, " AND r.pass < r.messages");
	if (choice == FLOW_WITH_PROBLEMS)
		question_put(&q, " AND (r.warnings <> '' OR r.skipped > 0)");
	question_put(&q, " ORDER BY r.begin_time DESC, r.report DESC LIMIT ");
	question_number(&q, (int64_t)most);
	question_put(&q, " OFFSET ");
	question_number(&q, (int64_t)skip);
	question_put(&q, ") f ORDER BY begin_time DESC, report DESC");
	return question_ask(&q, s, give_report, &g, e);
}

struct reporter_giving {
	flow_reporter_fn *fn;
	void *arg;
};

static bool give_reporter(void *arg, const str *c)
{
	const struct reporter_giving *g = arg;
	struct flow_reporter r = {
		.org = c[0],
		.reports = store_number(c[1]),
		.sum = { .messages = store_number(c[2]),
			 .pass = store_number(c[3]),
			 .dkim = store_number(c[4]),
			 .spf = store_number(c[5]),
			 .quarantine = store_number(c[6]),
			 .reject = store_number(c[7]) },
		.last = (int64_t)store_number(c[8]),
	};

	return g->fn(g->arg, &r);
}

bool flow_reporters(struct store *s, const struct store_view *v,
		    struct arena *arena, flow_reporter_fn *fn, void *arg,
		    struct err *e)
{
	struct question q = question_new(arena);
	struct reporter_giving g = { fn, arg };

	question_put(&q, "SELECT r.org, count(*), sum(r.messages), sum(r.pass),"
			 " sum(r.dkim_aligned), sum(r.spf_aligned),"
			 " sum(r.quarantine), sum(r.reject), max(r.end_time)"
			 " FROM report r");
	where(&q, v, "r.domain");
	and_time(&q, v);
	question_put(&q, " AND r.kind = 0 GROUP BY r.org"
			 " ORDER BY sum(r.messages) DESC, r.org LIMIT 1000");
	return question_ask(&q, s, give_reporter, &g, e);
}

struct tls_giving {
	flow_tls_fn *fn;
	void *arg;
};

static bool give_tls(void *arg, const str *c)
{
	const struct tls_giving *g = arg;
	struct flow_tls t = {
		.org = c[0],
		.policy_type = c[1],
		.mx = c[2],
		.result = c[3],
		.reason = c[4],
		.receiving_host = c[5],
		.sessions = store_number(c[6]),
		.first = (int64_t)store_number(c[7]),
		.last = (int64_t)store_number(c[8]),
	};

	return g->fn(g->arg, &t);
}

bool flow_tls(struct store *s, const struct store_view *v, struct arena *arena,
	      flow_tls_fn *fn, void *arg, struct err *e)
{
	struct question q = question_new(arena);
	struct tls_giving g = { fn, arg };

	question_put(&q,
		     "SELECT r.org, x.policy_type, x.mx, x.result, x.reason,"
		     " x.receiving_host, sum(x.sessions), min(r.begin_time),"
		     " max(r.end_time) FROM report r JOIN tls x ON x.domain ="
		     " r.domain AND x.report = r.report");
	where(&q, v, "r.domain");
	and_time(&q, v);
	question_put(&q, " AND r.kind = 1");
	if (v->of.failing)
		question_put(&q, " AND x.result <> ''");
	question_put(&q,
		     " GROUP BY r.org, x.policy_type, x.mx, x.result, x.reason,"
		     " x.receiving_host ORDER BY CASE WHEN x.result = ''"
		     " THEN 1 ELSE 0 END, sum(x.sessions) DESC, r.org, x.mx"
		     " LIMIT 1000");
	return question_ask(&q, s, give_tls, &g, e);
}
