#include "base/buf.h"
#include "test.h"

static void stops_at_its_maximum(void **state)
{
	struct arena *a = arena_new(64);
	struct buf kinds[] = { buf_of(a, 10), buf_of(NULL, 10) };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(kinds); i++) {
		struct buf *b = &kinds[i];

		buf_put(b, STR("12345"));
		buf_printf(b, "%d", 678);
		buf_putc(b, '9');
		assert_str(buf_str(b), STR("123456789"));
		buf_put(b, STR("ab"));
		assert_true(b->overflow);
		buf_put(b, STR("a")); /* would fit: sticky */
		assert_str(buf_str(b), STR("123456789"));
		buf_free(b);
		assert_str(buf_str(b), STR(""));
	}
	arena_free(a);
}

static void grows(void **state)
{
	struct buf b = buf_of(NULL, 100000);

	(void)state;
	for (int i = 0; i < 50000; i++)
		buf_put(&b, STR("xy"));
	assert_int_equal(b.n, 100000);
	assert_false(b.overflow);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stops_at_its_maximum),
		cmocka_unit_test(grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
