/* TLS reports: JSON of strangers. */
#include "report/tlsrpt.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool on_head(void *arg, const struct store_head *h)
{
	(void)arg;
	assert(h->domain.n && h->org.n && h->begin <= h->end);
	return true;
}

static bool on_row(void *arg, const struct store_tls *r)
{
	unsigned *n = arg;

	(void)r;
	return ++*n < 100000;
}

static bool on_end(void *arg)
{
	(void)arg;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	unsigned n = 0;
	struct tlsrpt_sink sink = { &n, on_head, on_row, on_end };
	const char *why = NULL;

	if (tlsrpt_read(a, (str){ (const char *)data, size }, &sink, &why) !=
	    TLSRPT_DONE)
		assert(why);
	arena_free(a);
	return 0;
}
