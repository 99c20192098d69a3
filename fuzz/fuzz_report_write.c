/* A report with anything in its values, written and read: the strict reader
 * takes it without a word, the counts are the same, and what was read, written
 * again, is the same document. */
#include "base/limits.h"
#include "report/aggregate.h"
#include "report/aggregate_write.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { VALUES = 8, BIG = 1 << 22 };

struct written {
	struct arena *arena;
	str value[VALUES];
	uint64_t count;
	bool dkim, spf;
};

struct got {
	struct written again;
	unsigned rows;
};

static const struct aggregate_policy policy = {
	.domain = STR_INIT("example.org"),
	.p = STR_INIT("reject"),
};

static void write_it(struct buf *out, const struct written *w)
{
	struct aggregate_meta m = { .org = w->value[0],
				    .email = w->value[1],
				    .contact = w->value[2],
				    .report_id = w->value[3],
				    .generator = STR("inkan"),
				    .begin = 86400,
				    .end = 172799 };
	struct aggregate_reason reason = { STR("other"), w->value[4] };
	struct aggregate_result dkim = { STR("example.org"), w->value[5],
					 STR("pass"), w->value[4] };
	struct aggregate_row row = {
		.source_ip = STR("2001:db8::1"),
		.count = w->count,
		.disposition = STR("reject"),
		.dkim = w->dkim,
		.spf = w->spf,
		.reasons = &reason,
		.n_reasons = 1,
		.header_from = STR("a.example.org"),
		.envelope_from = w->value[6],
		.envelope_to = w->value[7],
		.signatures = &dkim,
		.n_signatures = 1,
		.spf_result = { STR("example.net"),
				{ NULL, 0 },
				STR("softfail"),
				w->value[5] },
	};

	aggregate_write_begin(out, &m, &policy);
	aggregate_write_row(out, &policy, &row);
	aggregate_write_end(out);
	assert(!out->overflow);
}

static str keep(struct got *g, str s)
{
	return s.p ? arena_str(g->again.arena, s) : s;
}

static bool on_head(void *arg, const struct store_head *h)
{
	struct got *g = arg;

	assert(str_eq(h->domain, STR("example.org")));
	assert(str_eq(h->p, STR("reject")));
	assert(h->begin == 86400 && h->end == 172799);
	g->again.value[0] = keep(g, h->org);
	g->again.value[1] = keep(g, h->email);
	g->again.value[2] = keep(g, h->contact);
	return true;
}

static bool on_record(void *arg, const struct store_record *r)
{
	struct got *g = arg;

	g->rows++;
	assert(str_eq(r->source_ip, STR("2001:db8::1")));
	assert(str_eq(r->header_from, STR("a.example.org")));
	assert(str_eq(r->disposition, STR("reject")));
	g->again.count = r->messages;
	g->again.dkim = r->dkim;
	g->again.spf = r->spf;
	g->again.value[6] = keep(g, r->envelope_from);
	g->again.value[7] = keep(g, r->envelope_to);
	return true;
}

/* The warnings. */
static unsigned read_it(str xml, size_t step, struct got *g)
{
	struct aggregate_options o = { 0 };
	struct aggregate_sink sink = { g, on_head, on_record };
	struct aggregate *a = aggregate_new(&o, &sink);
	unsigned warnings;

	assert(a);
	while (xml.n && aggregate_put(a, str_head(xml, step)))
		xml = str_skip(xml, step);
	assert(aggregate_end(a) == AGGREGATE_DONE);
	assert(g->rows == 1 && !aggregate_skipped(a));
	warnings = aggregate_warnings(a);
	aggregate_free(a);
	return warnings;
}

static void take(struct written *w, str input)
{
	w->count = input.n * UINT64_C(0x9e3779b97f4a7c15);
	w->dkim = input.n & 1;
	w->spf = input.n & 2;
	for (size_t i = 0; i < VALUES; i++) {
		size_t end = str_find(input, '\n');

		w->value[i] = str_head(input, end);
		input = str_skip(input, end + 1);
	}
	/* without a letter the reader takes the name from elsewhere */
	if (!w->value[0].n || (unsigned char)w->value[0].p[0] <= ' ' ||
	    w->value[0].p[0] == 0x7f)
		w->value[0] = STR("r.example");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(65536);
	struct written w = { .arena = arena };
	struct buf xml = buf_of(arena, BIG), again = buf_of(arena, BIG);
	struct got g;
	unsigned warnings;

	assert(arena);
	take(&w, (str){ (const char *)data, size });
	g = (struct got){ .again = w };
	write_it(&xml, &w);
	warnings = read_it(buf_str(&xml), size / 2 + 1, &g);
	assert(!(warnings & ~(unsigned)REPORT_ID));
	assert(g.again.count == w.count && g.again.dkim == w.dkim &&
	       g.again.spf == w.spf);
	write_it(&again, &g.again);
	assert(str_eq(buf_str(&xml), buf_str(&again)));
	arena_free(arena);
	return 0;
}
