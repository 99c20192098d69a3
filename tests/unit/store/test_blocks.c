/* Blocks: rows that are written are read, whatever is in them; a text that is cut
 * or changed is damaged, not believed. */
#include "base/buf.h"
#include "store/block.h"
#include "test.h"

#include <stdio.h>

static uint64_t seed = 1;

static unsigned any(unsigned n)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

/* One of n texts, the empty one among them, or none. */
static str maybe(struct arena *a, unsigned n)
{
	struct buf b = buf_of(a, 4096);
	unsigned which = any(n + 2);

	if (!which)
		return (str){ NULL, 0 };
	for (unsigned i = 1; i < which; i++)
		buf_printf(&b, "%c\"%u\xe5\x8d\xb0", (char)(1 + i % 126), i);
	return buf_str(&b);
}

static str always(struct arena *a, unsigned n)
{
	str s = maybe(a, n);

	return s.p ? s : STR("");
}

static struct store_record row(struct arena *a)
{
	return (struct store_record){
		.source_ip = always(a, 5),
		.messages = any(3) ? any(40) : UINT64_MAX - any(9),
		.disposition = always(a, 3),
		.dkim = any(2),
		.spf = any(2),
		.header_from = always(a, 2),
		.envelope_from = maybe(a, 2),
		.envelope_to = maybe(a, 40),
		.reasons = maybe(a, 3),
		.auth = always(a, 100),
		.raw = maybe(a, 1),
	};
}

static void same_str(str a, str b)
{
	assert_true(str_eq(a, b) && !a.p == !b.p);
}

static void same(const struct store_record *a, const struct store_record *b)
{
	assert_true(a->messages == b->messages);
	assert_true(a->dkim == b->dkim && a->spf == b->spf);
	same_str(a->source_ip, b->source_ip);
	same_str(a->disposition, b->disposition);
	same_str(a->header_from, b->header_from);
	same_str(a->envelope_from, b->envelope_from);
	same_str(a->envelope_to, b->envelope_to);
	same_str(a->reasons, b->reasons);
	same_str(a->auth, b->auth);
	same_str(a->raw, b->raw);
}

static void written_and_read(void **state)
{
	static struct store_record rows[BLOCK_ROWS];
	struct arena *a = arena_new(1 << 16);
	struct block_reader r = block_reader_of(a);
	struct store_record got;

	(void)state;
	for (int round = 0; round < 20; round++) {
		size_t n = 1 + any(BLOCK_ROWS);

		for (size_t i = 0; i < n; i++)
			rows[i] = row(a);
		block_open(&r, block_write(a, rows, n));
		for (size_t i = 0; i < n; i++) {
			assert_true(block_next(&r, &got));
			same(&rows[i], &got);
		}
		assert_false(block_next(&r, &got));
		assert_false(r.damaged);
	}
	arena_free(a);
}

/* No row is read of what is not whole; those before it are. */
static void cut(void **state)
{
	struct arena *a = arena_new(1 << 16);
	struct block_reader r = block_reader_of(a);
	struct store_record rows[3], got;
	str text;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		rows[i] = row(a);
	text = block_write(a, rows, 3);
	for (size_t n = 0; n < text.n; n++) {
		size_t seen = 0;

		block_open(&r, str_head(text, n));
		while (block_next(&r, &got))
			same(&rows[seen++], &got);
		assert_true(seen < 3);
		assert_true(r.damaged || !n || seen);
	}
	arena_free(a);
}

static void damaged(void **state)
{
	static const char *const texts[] = {
		"4", /* no class */
		"X",
		"0", /* no source */
		"00", /* as the row before: there is none */
		"03a", /* shorter than it says */
		"02a", /* no messages */
		"02a1", /* no words */
		"02a12", /* a word before the first one */
		"02a115ab", /* shorter than it says */
		"02a1`````````````1", /* no such number */
	};
	struct arena *a = arena_new(1 << 12);
	struct block_reader r = block_reader_of(a);
	struct store_record got;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		block_open(&r, str_of(texts[i]));
		assert_false(block_next(&r, &got));
		if (!r.damaged)
			fail_msg("%s", texts[i]);
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_and_read),
		cmocka_unit_test(cut),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
