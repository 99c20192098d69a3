/* Rows in a text: what is read, written again, is read again as the same. */
#include "store/block.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same_str(str a, str b, bool always)
{
	return str_eq(a.p ? a : STR(""), b.p ? b : STR("")) &&
	       (always || !a.p == !b.p);
}

static bool same(const struct store_record *a, const struct store_record *b)
{
	return a->messages == b->messages && a->dkim == b->dkim &&
	       a->spf == b->spf && same_str(a->source_ip, b->source_ip, true) &&
	       same_str(a->disposition, b->disposition, true) &&
	       same_str(a->header_from, b->header_from, true) &&
	       same_str(a->envelope_from, b->envelope_from, false) &&
	       same_str(a->envelope_to, b->envelope_to, false) &&
	       same_str(a->reasons, b->reasons, false) &&
	       same_str(a->auth, b->auth, true) &&
	       same_str(a->raw, b->raw, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	struct block_reader r = block_reader_of(a), again = r;
	struct store_record *row = calloc(BLOCK_ROWS, sizeof *row), x;
	size_t n = 0;

	block_open(&r, (str){ (const char *)data, size });
	while (n < BLOCK_ROWS && block_next(&r, &row[n]))
		n++;
	block_open(&again, block_write(a, row, n));
	for (size_t i = 0; i < n; i++) {
		assert(block_next(&again, &x));
		assert(same(&row[i], &x));
	}
	assert(!block_next(&again, &x) && !again.damaged);
	free(row);
	arena_free(a);
	return 0;
}
