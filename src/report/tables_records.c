/* The table of rows of aggregate reports. */
#include "report/tables.h"
#include "store/flow.h"

struct giving {
	store_row_fn *fn;
	void *arg;
};

static bool give(void *arg, const struct flow_row *r)
{
	const struct giving *g = arg;
	char report[24], n[24], begin[24], end[24], messages[24];
	const str values[] = {
		r->domain,
		table_number(report, r->report),
		table_number(n, r->n),
		r->org,
		r->report_id,
		table_number(begin, (uint64_t)r->begin),
		table_number(end, (uint64_t)r->end),
		r->source_ip,
		table_number(messages, r->messages),
		r->disposition,
		r->dkim ? STR("1") : STR("0"),
		r->spf ? STR("1") : STR("0"),
		r->header_from,
		r->envelope_from,
		r->envelope_to,
		r->reasons,
		r->auth,
		r->raw,
	};

	return g->fn(g->arg, values);
}

bool table_records(struct store *s, const struct store_filter *f,
		   const str *after, uint64_t most, struct arena *arena,
		   store_row_fn *fn, void *arg, struct err *e)
{
	struct giving g = { fn, arg };
	struct flow_key key;

	if (after)
		key = (struct flow_key){ after[0], store_number(after[1]),
					 store_number(after[2]) };
	return flow_records(s, f, after ? &key : NULL, most, arena, give, &g,
			    e);
}
