/* The table of sums by day. */
#include "report/tables.h"
#include "store/sums.h"

struct giving {
	store_row_fn *fn;
	void *arg;
};

static bool give(void *arg, const struct traffic *t)
{
	const struct giving *g = arg;
	char day[24], hints[24], messages[24];
	const str values[] = {
		t->domain,
		table_number(day, (uint64_t)t->day),
		t->source_ip,
		t->dkim ? STR("1") : STR("0"),
		t->spf ? STR("1") : STR("0"),
		t->disposition,
		t->selector,
		t->via,
		table_number(messages, t->messages),
		table_number(hints, t->hints),
	};

	return g->fn(g->arg, values);
}

bool table_traffic(struct store *s, const struct store_filter *f,
		   const str *after, uint64_t most, struct arena *arena,
		   store_row_fn *fn, void *arg, struct err *e)
{
	struct giving g = { fn, arg };
	struct traffic last;
	struct sums_choice c = {
		.domain = f->domain,
		.since = f->since,
		.until = f->until,
		.most = most,
	};

	if (after) {
		last = (struct traffic){
			.domain = after[0],
			.day = (int64_t)store_number(after[1]),
			.source_ip = after[2],
			.dkim = store_number(after[3]) > 0,
			.spf = store_number(after[4]) > 0,
			.disposition = after[5],
			.hints = (unsigned)store_number(after[6]),
			.selector = after[7],
			.via = after[8],
		};
		c.after = &last;
	}
	return sums_read(s, &c, arena, give, &g, e);
}
