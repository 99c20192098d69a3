#include "base/buf.h"
#include "base/limits.h"
#include "mail/feed.h"
#include "test.h"

struct seen {
	struct buf text; /* "[field]" ..., "|", the body */
	size_t too_large;
};

static void field(void *arg, str raw)
{
	struct seen *seen = arg;

	buf_putc(&seen->text, '[');
	buf_put(&seen->text, raw);
	buf_putc(&seen->text, ']');
}

static void too_large(void *arg)
{
	((struct seen *)arg)->too_large++;
}

static void end_of_header(void *arg)
{
	buf_putc(&((struct seen *)arg)->text, '|');
}

static void body(void *arg, str chunk)
{
	buf_put(&((struct seen *)arg)->text, chunk);
}

static struct seen read_message(struct arena *a, str message, size_t chunk)
{
	struct seen seen = { buf_of(a, 1 << 24), 0 };
	struct feed_sink sink = { &seen, field, too_large, end_of_header,
				  body };
	struct feed *f = feed_new(a, &sink);

	for (size_t i = 0; i < message.n; i += chunk)
		feed_put(f, str_head(str_skip(message, i), chunk));
	feed_end(f);
	return seen;
}

static void messages(void **state)
{
	static const struct {
		str message, want;
	} cases[] = {
		{ STR_INIT("A: b\r\nC: d\r\n\r\nx\r\n"),
		  STR_INIT("[A: b][C: d]|x\r\n") },
		{ STR_INIT("A: b\nC: d\n\nx\n"),
		  STR_INIT("[A: b][C: d]|x\r\n") },
		{ STR_INIT("A: b\n c\r\n\td\n\nx\r\ny\n"),
		  STR_INIT("[A: b\r\n c\r\n\td]|x\r\ny\r\n") },
		{ STR_INIT("A: b\n\n\n\n"), STR_INIT("[A: b]|\r\n\r\n") },
		{ STR_INIT("A: b\n"), STR_INIT("[A: b]|") },
		{ STR_INIT("A: b"), STR_INIT("[A: b]|") },
		{ STR_INIT("A: b\r"), STR_INIT("[A: b]|") },
		{ STR_INIT("A: b\n\nno end"), STR_INIT("[A: b]|no end") },
		{ STR_INIT("A: b\n\nend\r"), STR_INIT("[A: b]|end\r") },
		{ STR_INIT(""), STR_INIT("|") },
		{ STR_INIT("\n"), STR_INIT("|") },
		{ STR_INIT("\r\nbody"), STR_INIT("|body") },
		{ STR_INIT("\rA: b\n\n"), STR_INIT("[\rA: b]|") },
		{ STR_INIT("A: b\rc\n\nx\ry\r\r\nz\n"),
		  STR_INIT("[A: b\rc]|x\ry\r\r\nz\r\n") },
		{ STR_INIT("From u@example.org Thu Jan  1\nA: b\n\nx"),
		  STR_INIT("[A: b]|x") },
		{ STR_INIT("From : u@example.org\n\nx"),
		  STR_INIT("[From : u@example.org]|x") },
		{ STR_INIT("A: b\nFrom x\n\n"), STR_INIT("[A: b][From x]|") },
		{ STR_INIT(" begins\nA: b\n\n"), STR_INIT("[ begins][A: b]|") },
		{ STR_INIT("no field\nA: b\n\n"),
		  STR_INIT("[no field][A: b]|") },
		{ STR_INIT("A: b\n \nC: d\n\n"),
		  STR_INIT("[A: b\r\n ][C: d]|") },
		{ STR_INIT("A: \0b\n\n\0\n"), STR_INIT("[A: \0b]|\0\r\n") },
	};
	struct arena *a = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		for (size_t chunk = 1; chunk < 40; chunk++) {
			struct seen seen = read_message(a, cases[i].message,
							chunk);

			assert_str(buf_str(&seen.text), cases[i].want);
		}
	arena_free(a);
}

static str field_of(struct arena *a, size_t bytes)
{
	char *p = arena_alloc(a, bytes);

	memset(p, 'x', bytes);
	memcpy(p, "A:", 2);
	return (str){ p, bytes };
}

static void a_field_too_large_is_left_out(void **state)
{
	struct arena *a = arena_new(1024);

	(void)state;
	for (size_t extra = 0; extra < 2; extra++) {
		struct buf b = buf_of(a, 1 << 24);

		buf_put(&b, field_of(a, LIMIT_HEADER_BYTES - 2 + extra));
		buf_put(&b, STR("\n more\nC: d\n\nbody"));

		struct seen seen = read_message(a, buf_str(&b), 5000);

		assert_str(buf_str(&seen.text), STR("[C: d]|body"));
		assert_int_equal(seen.too_large, 1);
	}

	struct buf b = buf_of(a, 1 << 24);

	buf_put(&b, field_of(a, LIMIT_HEADER_BYTES - 2));
	buf_put(&b, STR("\nC: d\n\n"));

	struct seen seen = read_message(a, buf_str(&b), 5000);

	assert_int_equal(seen.too_large, 0);
	assert_int_equal(seen.text.n, LIMIT_HEADER_BYTES - 2 + 2 + 6 + 1);
	arena_free(a);
}

static size_t counted;

static void count(void *arg, str chunk)
{
	(void)arg;
	counted += chunk.n;
}

static void a_long_body_takes_no_memory(void **state)
{
	struct arena *a = arena_new(1024);
	struct feed_sink sink = { NULL, count, NULL, NULL, count };
	struct feed *f = feed_new(a, &sink);
	char piece[4096];
	size_t before;

	(void)state;
	for (size_t i = 0; i < sizeof piece; i++)
		piece[i] = i % 64 ? 'x' : '\n';
	feed_put(f, STR("A: b\n\n"));
	before = arena_used(a);
	counted = 0;
	for (int i = 0; i < 2560; i++)
		feed_put(f, (str){ piece, sizeof piece });
	feed_end(f);
	assert_int_equal(counted, 2560 * (sizeof piece + sizeof piece / 64));
	assert_int_equal(arena_used(a), before);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages),
		cmocka_unit_test(a_field_too_large_is_left_out),
		cmocka_unit_test(a_long_body_takes_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
