/* Mails that came back. */
#include "base/utf8.h"
#include "report/bounce.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	struct bounce b;

	if (bounce_read(a, (str){ (const char *)data, size }, &b))
		assert(b.message_id.n);
	for (str s = b.why; s.n; s = str_skip(s, utf8_at(s)))
		assert(utf8_at(s) && (unsigned char)s.p[0] >= ' ');
	arena_free(a);
	return 0;
}
