#include "mail/message.h"
#include "test.h"

static void keeps_the_bytes(void **state)
{
	struct arena *a = arena_new(1024);
	struct header h = header_of(a, 0, 0);

	(void)state;
	assert_true(header_add(&h, STR("Subject"), STR(" a\n b\n\tc")));
	assert_true(header_add_raw(&h, STR("To \t:x\r\n")));
	assert_true(header_add_raw(&h, STR("subject:\r\n two\r\n")));
	assert_int_equal(h.n, 3);
	assert_str(h.fields[0].raw, STR("Subject: a\r\n b\r\n\tc"));
	assert_str(h.fields[0].value, STR(" a\r\n b\r\n\tc"));
	assert_str(h.fields[1].name, STR("To"));
	assert_str(h.fields[1].raw, STR("To \t:x"));
	assert_str(header_find(&h, STR("SUBJECT"), 1)->value, STR("\r\n two"));
	assert_null(header_find(&h, STR("SUBJECT"), 2));
	assert_int_equal(header_count(&h, STR("subJect")), 2);
	assert_false(h.malformed);
	arena_free(a);
}

static void lines_that_are_no_fields(void **state)
{
	static const str lines[] = { STR_INIT("no colon"), STR_INIT(": x"),
				     STR_INIT("a b: x"), STR_INIT(""),
				     STR_INIT("a\0b: x") };
	struct arena *a = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(lines); i++) {
		struct header h = header_of(a, 0, 0);

		assert_true(header_add_raw(&h, lines[i]));
		assert_int_equal(h.n, 0);
		assert_true(h.malformed);
	}
	arena_free(a);
}

static void limits_are_exact(void **state)
{
	struct arena *a = arena_new(1024);
	struct header h = header_of(a, 14, 9); /* "A: b" + CRLF is 6 */

	(void)state;
	assert_true(header_add_raw(&h, STR("A: b")));
	assert_true(header_add_raw(&h, STR("A: bcd")));
	assert_int_equal(h.bytes, 14);
	assert_false(header_add_raw(&h, STR("A:")));
	assert_true(h.too_large);
	assert_int_equal(h.n, 2);

	h = header_of(a, 0, 2);
	assert_true(header_add_raw(&h, STR("A: b")));
	assert_true(header_add_raw(&h, STR("A: b")));
	assert_false(header_add_raw(&h, STR("A: b")));
	assert_true(h.too_large);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_bytes),
		cmocka_unit_test(lines_that_are_no_fields),
		cmocka_unit_test(limits_are_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
