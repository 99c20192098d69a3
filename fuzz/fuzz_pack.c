/* Sums in a text: what is read, written again, is read again as the same. */
#include "store/pack.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	struct pack_reader r = pack_open(a, (str){ (const char *)data, size });
	struct pack_writer w = pack_begin(a, SIZE_MAX / 2);
	struct pack_row row, again;

	while (pack_next(&r, &row))
		pack_put(&w, &row.t);

	struct pack_reader first = pack_open(a,
					     (str){ (const char *)data, size });
	struct pack_reader second = pack_open(a, buf_str(&w.text));

	while (pack_next(&first, &row)) {
		assert(pack_next(&second, &again));
		assert(!pack_cmp(&row.t, &again.t));
		assert(row.t.messages == again.t.messages);
	}
	assert(!pack_next(&second, &again) && !second.damaged);
	arena_free(a);
	return 0;
}
