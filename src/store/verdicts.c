#include "store/verdicts.h"

#include "base/map.h"
#include "store/backend.h"
#include "store/query.h"

#include <stdio.h>
#include <stdlib.h>

enum { DAY = 86400 };

static uint64_t mix(uint64_t h, str s)
{
	const struct map_seed seed = { h, s.n };

	return map_hash(seed, s.n ? s : STR(""), false);
}

/* Only its owner could make two policies of a domain have one digest. */
static int64_t digest(const struct store_policy *p)
{
	const str parts[] = { p->p,     p->sp,        p->np,
			      p->adkim, p->aspf,      p->testing,
			      p->fo,    p->discovery, p->rua };
	uint64_t h = 0;

	if (!p->p.n)
		return 0;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		h = mix(h, parts[i]);
	return (int64_t)(h & INT64_MAX);
}

static int by_key(const void *a, const void *b)
{
	const struct own *x = a, *y = b;
	int d = str_cmp(x->v->domain, y->v->domain);

	if (!d)
		d = (x->day > y->day) - (x->day < y->day);
	if (!d)
		d = (int)x->v->dkim - (int)y->v->dkim;
	if (!d)
		d = (int)x->v->spf - (int)y->v->spf;
	if (!d)
		d = str_cmp(x->v->disposition, y->v->disposition);
	if (!d)
		d = (x->policy > y->policy) - (x->policy < y->policy);
	return d ? d : (x->v->n > y->v->n) - (x->v->n < y->v->n);
}

bool store_put_verdicts(struct store *s, const struct store_writer *w,
			const struct store_verdict *v, size_t n,
			uint64_t *added, struct err *e)
{
	struct own *rows = n ? calloc(n, sizeof *rows) : NULL;
	bool ok;

	*added = 0;
	if (!n)
		return true;
	if (!rows)
		return err_set(e, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; i < n; i++)
		rows[i] = (struct own){ &v[i], v[i].time / DAY,
					digest(&v[i].policy) };
	qsort(rows, n, sizeof *rows, by_key);
	ok = s->ops->put_verdicts(s, w, rows, n, added, e);
	free(rows);
	return ok;
}

bool store_prune_verdicts(struct store *s, int64_t before, uint64_t *removed,
			  struct err *e)
{
	*removed = 0;
	return s->ops->prune_verdicts(s, before, removed, e);
}

struct naming {
	store_domain_fn *fn;
	void *arg;
};

static bool give_domain(void *arg, const str *c)
{
	const struct naming *g = arg;

	return g->fn(g->arg, c[0]);
}

bool store_verdict_domains(struct store *s, int64_t day, store_domain_fn *fn,
			   void *arg, struct err *e)
{
	struct naming g = { fn, arg };
	char text[24];
	str value = { text, (size_t)snprintf(text, sizeof text, "%lld",
					     (long long)day) };

	return store_query(s,
			   "SELECT DISTINCT domain FROM verdict_policy"
			   " WHERE day = CAST($1 AS BIGINT) AND rua <> ''"
			   " ORDER BY domain",
			   &value, 1, give_domain, &g, e);
}

struct grouping {
	store_verdict_row_fn *fn;
	void *arg;
};

static bool give_row(void *arg, const str *c)
{
	const struct grouping *g = arg;
	struct store_verdict_row r = {
		.policy_id = c[0],
		.policy = { .p = c[1],
			    .sp = c[2],
			    .np = c[3],
			    .adkim = c[4],
			    .aspf = c[5],
			    .testing = c[6],
			    .fo = c[7],
			    .discovery = c[8],
			    .rua = c[9] },
		.source_ip = c[10],
		.disposition = c[11],
		.dkim = store_number(c[12]) > 0,
		.spf = store_number(c[13]) > 0,
		.header_from = c[14],
		.envelope_from = c[15],
		.envelope_to = c[16],
		.reasons = c[17],
		.auth = c[18],
		.messages = store_number(c[19]),
		.first = (int64_t)store_number(c[20]),
		.last = (int64_t)store_number(c[21]),
	};

	return g->fn(g->arg, &r);
}

/* Of every policy there is a row in verdict_policy, also of none (0). */
bool store_verdict_rows(struct store *s, str domain, int64_t day,
			store_verdict_row_fn *fn, void *arg, struct err *e)
{
#define COLUMNS                                                           \
	" policy, p, sp, np, adkim, aspf, testing, fo, discovery, rua,"   \
	" source_ip, disposition, dkim, spf, header_from, envelope_from," \
	" envelope_to, reasons, auth"
	static const char sql[] =
		"SELECT" COLUMNS ", count(*), min(time), max(time)"
		" FROM verdict JOIN verdict_policy USING (domain, day, policy)"
		" WHERE domain = $1 AND day = CAST($2 AS BIGINT)"
		" GROUP BY" COLUMNS " ORDER BY" COLUMNS;
	struct grouping g = { fn, arg };
	char text[24];
	str values[2] = { domain,
			  { text, (size_t)snprintf(text, sizeof text, "%lld",
						   (long long)day) } };

	return store_query(s, sql, values, 2, give_row, &g, e);
}
