/* gzip and zip, and one in the other: every document that begins ends. */
#include "base/limits.h"
#include "report/unpack.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	unsigned begun, ended;
	uint64_t octets;
	bool running;
};

static bool on_begin(void *arg, unsigned number, enum unpack_kind kind,
		     str name)
{
	struct seen *s = arg;

	assert(!s->running && kind <= UNPACK_ZIP && name.n <= 256);
	if (number % 5 == 4)
		return false;
	s->running = true;
	s->begun++;
	return true;
}

static bool on_octets(void *arg, str octets)
{
	struct seen *s = arg;

	assert(s->running);
	s->octets += octets.n;
	return s->octets % 7 != 6;
}

static void on_end(void *arg, const char *why, bool mended)
{
	struct seen *s = arg;

	(void)why;
	(void)mended;
	assert(s->running);
	s->running = false;
	s->ended++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen s = { 0 };
	struct unpack_sink sink = { &s, on_begin, on_octets, on_end };
	/* near the limit, so that it is met */
	struct unpack_budget budget = { .octets = LIMIT_REPORT_BYTES -
						  (8 << 20) };

	(void)unpack((str){ (const char *)data, size }, &sink, &budget);
	assert(!s.running && s.begun == s.ended);
	return 0;
}
