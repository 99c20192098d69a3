/* Failure reports: the feedback part, then the sample behind a line "%%"; and the
 * whole as one that is nothing but text. */
#include "report/failure.h"
#include "report/failure_text.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	str all = { (const char *)data, size }, body;
	const char *cut = size ? memmem(data, size, "%%\n", 3) : NULL;
	size_t n = cut ? (size_t)(cut - all.p) : size;
	struct header top = mime_header(a, all, &body);
	struct failure_parts parts = { str_head(all, n), str_skip(all, n + 3),
				       &top, 0 };
	struct store_head head;
	struct store_failure f;
	const char *why = NULL;
	bool other;
	str sample;

	if (failure_read(a, &parts, &head, &f, &other, &why))
		assert(head.domain.n && head.org.n && f.incidents);
	else
		assert(why);
	if (failure_text_is(all)) {
		parts.feedback = failure_text_read(a, all, &sample);
		parts.sample = sample;
		(void)failure_read(a, &parts, &head, &f, &other, &why);
		assert(!other);
	}
	arena_free(a);
	return 0;
}
