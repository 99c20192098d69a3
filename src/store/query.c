#include "store/query.h"

#include <stdio.h>

/* The filter as parameters: $1 domain, $2 since, $3 until. */
struct parameters {
	char since[24], until[24];
	str values[3];
};

static void fill(struct parameters *p, const struct store_filter *f)
{
	p->values[0] = f->domain.p ? f->domain : STR("");
	(void)snprintf(p->since, sizeof p->since, "%lld", (long long)f->since);
	(void)snprintf(p->until, sizeof p->until, "%lld", (long long)f->until);
	p->values[1] = str_of(p->since);
	p->values[2] = str_of(p->until);
}

uint64_t store_number(str s)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
			return UINT64_MAX;
	return v;
}

#define DAYS                             \
	" AND day >= CAST($2 AS BIGINT)" \
	" AND day <= CAST($3 AS BIGINT)"
#define ONE_DOMAIN " WHERE domain = $1"
#define ALL_DOMAINS " WHERE $1 = ''"

struct summing {
	store_summary_fn *fn;
	void *arg;
};

static bool give_summary(void *arg, const str *c)
{
	const struct summing *g = arg;
	struct store_summary s = {
		.domain = c[0],
		.messages = store_number(c[1]),
		.pass = store_number(c[2]),
		.dkim = store_number(c[3]),
		.spf = store_number(c[4]),
		.quarantine = store_number(c[5]),
		.reject = store_number(c[6]),
		.first = (int64_t)store_number(c[7]),
		.last = (int64_t)store_number(c[8]),
	};

	s.none = s.messages - s.quarantine - s.reject;
	if (s.quarantine + s.reject > s.messages) /* sums that ended */
		s.none = 0;
	return g->fn(g->arg, &s);
}

bool store_summaries(struct store *s, const struct store_filter *f,
		     store_summary_fn *fn, void *arg, struct err *e)
{
#define SUMS                                                              \
	"SELECT domain, sum(messages),"                                   \
	" sum(CASE WHEN dkim + spf > 0 THEN messages ELSE 0 END),"        \
	" sum(CASE WHEN dkim > 0 THEN messages ELSE 0 END),"              \
	" sum(CASE WHEN spf > 0 THEN messages ELSE 0 END),"               \
	" sum(CASE WHEN disposition = 'quarantine' THEN messages ELSE 0"  \
	" END),"                                                          \
	" sum(CASE WHEN disposition = 'reject' THEN messages ELSE 0 END)" \
	", min(day), max(day) FROM "
#define BY_DOMAIN " GROUP BY domain ORDER BY domain"
	static const char *const sql[2][2] = {
		{ SUMS "traffic_day" ONE_DOMAIN DAYS BY_DOMAIN,
		  SUMS "traffic_day" ALL_DOMAINS DAYS BY_DOMAIN },
		{ SUMS "verdict_day" ONE_DOMAIN DAYS BY_DOMAIN,
		  SUMS "verdict_day" ALL_DOMAINS DAYS BY_DOMAIN },
	};
	struct parameters p;
	struct summing g = { fn, arg };

	fill(&p, f);
	return store_query(s, sql[f->own][!f->domain.n], p.values, 3,
			   give_summary, &g, e);
}

struct store_report store_report_of(const str *c)
{
	return (struct store_report){
		.domain = c[0],
		.number = store_number(c[1]),
		.kind = (enum store_kind)store_number(c[2]),
		.org = c[3],
		.report_id = c[4],
		.begin = (int64_t)store_number(c[5]),
		.end = (int64_t)store_number(c[6]),
		.p = c[7],
		.policy = c[8],
		.records = store_number(c[9]),
		.messages = store_number(c[10]),
		.pass = store_number(c[11]),
		.dkim = store_number(c[12]),
		.spf = store_number(c[13]),
		.quarantine = store_number(c[14]),
		.reject = store_number(c[15]),
		.skipped = store_number(c[16]),
		.warnings = c[17],
		.file = c[18],
		.reused = store_number(c[19]) > 1,
	};
}

struct listing {
	store_report_fn *fn;
	void *arg;
};

static bool give_report(void *arg, const str *c)
{
	const struct listing *g = arg;
	struct store_report r = store_report_of(c);

	return g->fn(g->arg, &r);
}

bool store_reports(struct store *s, const struct store_filter *f,
		   store_report_fn *fn, void *arg, struct err *e)
{
#define REPORTS                                                      \
	"SELECT " STORE_REPORT_COLUMNS ","                           \
	" count(*) OVER (PARTITION BY domain, kind, org, report_id)" \
	" FROM report"
#define OVERLAPS                                      \
	" AND end_time >= CAST($2 AS BIGINT) * 86400" \
	" AND begin_time < (CAST($3 AS BIGINT) + 1) * 86400"
#define NEWEST " ORDER BY begin_time DESC, domain, org, report"
	static const char *const sql[2][2] = {
		{ REPORTS ONE_DOMAIN OVERLAPS NEWEST,
		  REPORTS ALL_DOMAINS OVERLAPS NEWEST },
		{ REPORTS ONE_DOMAIN OVERLAPS " AND pass < messages" NEWEST,
		  REPORTS ALL_DOMAINS OVERLAPS " AND pass < messages" NEWEST },
	};
	struct parameters p;
	struct listing g = { fn, arg };

	fill(&p, f);
	return store_query(s, sql[f->failing][!f->domain.n], p.values, 3,
			   give_report, &g, e);
}
