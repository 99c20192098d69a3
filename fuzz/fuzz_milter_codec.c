/* Packets: what is taken lies within the input, and written again is the same. */
#include "milter/codec.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cur c = { (const char *)data, (const char *)data + size };
	struct buf b = { .max = size + 8 };
	struct milter_frame f;
	str s;

	while (milter_take(&c, size, &f) == MILTER_TAKEN) {
		struct cur d = cur_of(f.data);

		milter_put(&b, f.command, f.data);
		while (milter_take_string(&d, &s))
			assert(s.n < f.data.n);
	}
	assert(str_eq(buf_str(&b), (str){ (const char *)data, b.n }));
	buf_free(&b);
	return 0;
}
