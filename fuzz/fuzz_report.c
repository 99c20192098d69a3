/* Aggregate reports: the strict and the lenient reader, in pieces, with the head
 * in front and, when it comes late, read twice. */
#include "base/limits.h"
#include "base/utf8.h"
#include "report/aggregate.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool on_head(void *arg, const struct store_head *h)
{
	(void)arg;
	assert(h->domain.n && h->begin <= h->end);
	return true;
}

static void is_text(str s)
{
	for (; s.n; s = str_skip(s, utf8_at(s)))
		assert(utf8_at(s));
}

static bool on_record(void *arg, const struct store_record *r)
{
	size_t *n = arg;

	assert(r->source_ip.n && r->disposition.n);
	is_text(r->header_from);
	is_text(r->auth);
	is_text(r->reasons);
	++*n;
	return true;
}

static enum aggregate_end read_it(str xml, size_t step,
				  const struct aggregate_options *o,
				  struct store_head *head)
{
	size_t n = 0;
	struct aggregate_sink sink = { &n, on_head, on_record };
	struct aggregate *a = aggregate_new(o, &sink);
	enum aggregate_end end;
	bool ok = true;

	assert(a);
	for (; xml.n && ok; xml = str_skip(xml, step))
		ok = aggregate_put(a, str_head(xml, step));
	end = aggregate_end(a);
	assert(aggregate_why(a));
	if (end == AGGREGATE_DONE && o->head_only)
		*head = (struct store_head){ .domain = STR("example.org"),
					     .org = STR("x"),
					     .end = aggregate_head(a)->end };
	aggregate_free(a);
	return end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str xml = { (const char *)data, size };
	struct aggregate_options o = { 0 };
	struct store_head head = { 0 };
	enum aggregate_end end;

	for (int lenient = 0; lenient < 2; lenient++) {
		o.lenient = lenient;
		end = read_it(xml, size / 3 + 1, &o, &head);
		if (end != AGGREGATE_LATE)
			continue;
		o.head_only = true;
		end = read_it(xml, size + 1, &o, &head);
		o.head_only = false;
		o.head = end == AGGREGATE_DONE ? &head : NULL;
		if (o.head)
			(void)read_it(xml, 7, &o, &head);
		o.head = NULL;
	}
	return 0;
}
