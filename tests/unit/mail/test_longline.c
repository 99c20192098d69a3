/* Lines over 998 octets as they will arrive, however the chunks are cut. */
#include "base/buf.h"
#include "mail/longline.h"
#include "test.h"

static void keep(void *arg, str piece)
{
	buf_put(arg, piece);
}

static str broken(struct arena *a, str text, size_t step)
{
	struct longline l = { 0 };
	struct buf b = buf_of(a, 1 << 20);

	for (; text.n; text = str_skip(text, step))
		longline_feed(&l, str_head(text, step), keep, &b);
	return buf_str(&b);
}

/* Lines of these lengths, with CRLF; every line begins with its own letter. */
static str lines(struct arena *a, const size_t *lengths, size_t n)
{
	struct buf b = buf_of(a, 1 << 20);

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < lengths[i]; k++)
			buf_putc(&b, (char)('a' + i));
		buf_put(&b, STR("\r\n"));
	}
	return buf_str(&b);
}

static void short_lines_stay(void **state)
{
	static const size_t lengths[] = { 0, 1, 70, 998, 997, 0, 998 };
	struct arena *a = arena_new(4096);
	str text = lines(a, lengths, TEST_COUNT(lengths));

	(void)state;
	for (size_t step = 1; step < 2100; step += 13)
		assert_str(broken(a, text, step), text);
	assert_str(broken(a, STR(""), 1), STR(""));
	arena_free(a);
}

/* Each line has 998 octets at most, the space among them, and without CRLF +
 * space the text is what it was. */
static void long_lines_are_broken(void **state)
{
	static const size_t lengths[] = {
		999, 5, 1995, 1996, 3000, 998, 100000
	};
	struct arena *a = arena_new(4096);
	str text = lines(a, lengths, TEST_COUNT(lengths));
	str whole = broken(a, text, text.n), rest = whole, line;
	struct buf back = buf_of(a, 1 << 20);

	(void)state;
	for (size_t step = 1; step < 2100; step += 97)
		assert_str(broken(a, text, step), whole);
	while (str_split(&rest, '\n', &line)) {
		assert_true(line.n <= LONGLINE_MAX + 1);
		if (line.n && line.p[0] == ' ') {
			back.n -= 2;
			line = str_skip(line, 1);
		}
		buf_put(&back, line);
		if (rest.p)
			buf_putc(&back, '\n');
	}
	assert_str(buf_str(&back), text);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_lines_stay),
		cmocka_unit_test(long_lines_are_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
