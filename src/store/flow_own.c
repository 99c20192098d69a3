#include "store/flow_own.h"

#include "store/question.h"

#define SUMS                                                             \
	" sum(messages),"                                                \
	" sum(CASE WHEN dkim + spf > 0 THEN messages ELSE 0 END),"       \
	" sum(CASE WHEN dkim > 0 THEN messages ELSE 0 END),"             \
	" sum(CASE WHEN spf > 0 THEN messages ELSE 0 END),"              \
	" sum(CASE WHEN disposition = 'quarantine' THEN messages ELSE 0" \
	" END),"                                                         \
	" sum(CASE WHEN disposition = 'reject' THEN messages ELSE 0 END)"

static void and_days(struct question *q, const struct store_view *v)
{
	question_put(q, " day >= ");
	question_number(q, v->of.since);
	question_put(q, " AND day <= ");
	question_number(q, v->of.until);
}

struct giving {
	flow_own_fn *fn;
	void *arg;
	bool by_day;
};

static bool give(void *arg, const str *c)
{
	const struct giving *g = arg;
	struct flow_own o = {
		.domain = g->by_day ? STR("") : c[0],
		.day = g->by_day ? (int64_t)store_number(c[0]) : 0,
		.own = { .messages = store_number(c[1]),
			 .pass = store_number(c[2]),
			 .dkim = store_number(c[3]),
			 .spf = store_number(c[4]),
			 .quarantine = store_number(c[5]),
			 .reject = store_number(c[6]) },
	};

	if (g->by_day) {
		o.reported = store_number(c[7]);
		o.reported_pass = store_number(c[8]);
	}
	return g->fn(g->arg, &o);
}

bool flow_own_domains(struct store *s, const struct store_view *v,
		      struct arena *arena, flow_own_fn *fn, void *arg,
		      struct err *e)
{
	struct question q = question_new(arena);
	struct giving g = { fn, arg, false };

	question_put(&q, "SELECT domain," SUMS " FROM verdict_day WHERE");
	and_days(&q, v);
	question_put(&q, " GROUP BY domain ORDER BY sum(messages) DESC, domain"
			 " LIMIT 1000");
	return question_ask(&q, s, give, &g, e);
}

bool flow_own_days(struct store *s, const struct store_view *v,
		   struct arena *arena, flow_own_fn *fn, void *arg,
		   struct err *e)
{
	struct question q = question_new(arena);
	struct giving g = { fn, arg, true };

	question_put(&q, "SELECT day," SUMS
			 ", (SELECT coalesce(sum(t.messages), 0) FROM"
			 " traffic_day t WHERE t.domain = ");
	question_text(&q, v->of.domain);
	question_put(&q, " AND t.day = v.day), (SELECT coalesce(sum("
			 "t.messages), 0) FROM traffic_day t WHERE t.domain"
			 " = ");
	question_text(&q, v->of.domain);
	question_put(&q, " AND t.day = v.day AND t.dkim + t.spf > 0)"
			 " FROM verdict_day v WHERE domain = ");
	question_text(&q, v->of.domain);
	question_put(&q, " AND");
	and_days(&q, v);
	question_put(&q, " GROUP BY day ORDER BY day DESC");
	return question_ask(&q, s, give, &g, e);
}

struct verdict_giving {
	flow_verdict_fn *fn;
	void *arg;
};

static bool give_verdict(void *arg, const str *c)
{
	const struct verdict_giving *g = arg;
	struct flow_verdict v = {
		.time = (int64_t)store_number(c[0]),
		.node = c[1],
		.source_ip = c[2],
		.header_from = c[3],
		.envelope_from = c[4],
		.result = c[5],
		.disposition = c[6],
		.dkim = store_number(c[7]) > 0,
		.spf = store_number(c[8]) > 0,
		.auth = c[9],
		.action = c[10],
	};

	return g->fn(g->arg, &v);
}

bool flow_verdicts(struct store *s, const struct store_view *v, uint64_t most,
		   struct arena *arena, flow_verdict_fn *fn, void *arg,
		   struct err *e)
{
	struct question q = question_new(arena);
	struct verdict_giving g = { fn, arg };

	question_put(&q, "SELECT time, node, source_ip, header_from,"
			 " envelope_from, result, disposition, dkim, spf,"
			 " auth, action FROM verdict WHERE domain = ");
	question_text(&q, v->of.domain);
	/* of the newest day with mail: days are large */
	question_put(&q, " AND day = (SELECT max(day) FROM verdict_day WHERE"
			 " domain = ");
	question_text(&q, v->of.domain);
	question_put(&q, " AND");
	and_days(&q, v);
	question_put(&q, ")");
	if (v->of.failing)
		question_put(&q, " AND dkim + spf = 0");
	question_put(&q, " ORDER BY time DESC, writer, n DESC LIMIT ");
	question_number(&q, (int64_t)most);
	return question_ask(&q, s, give_verdict, &g, e);
}
