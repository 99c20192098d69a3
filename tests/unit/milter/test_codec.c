#include "milter/codec.h"
#include "test.h"

static void takes_packets(void **state)
{
	static const struct {
		str in;
		enum milter_take want;
		char command;
		str data;
		size_t left;
	} cases[] = {
		{ STR_INIT(""), MILTER_MORE, 0, { NULL, 0 }, 0 },
		{ STR_INIT("\0\0\0"), MILTER_MORE, 0, { NULL, 0 }, 3 },
		{ STR_INIT("\0\0\0\1"), MILTER_MORE, 0, { NULL, 0 }, 4 },
		{ STR_INIT("\0\0\0\1Q"), MILTER_TAKEN, 'Q', STR_INIT(""), 0 },
		{ STR_INIT("\0\0\0\3Bab!"), MILTER_TAKEN, 'B', STR_INIT("ab"),
		  1 },
		{ STR_INIT("\0\0\0\3Ba"), MILTER_MORE, 0, { NULL, 0 }, 6 },
		{ STR_INIT("\0\0\0\0Q"), MILTER_BROKEN, 0, { NULL, 0 }, 5 },
		{ STR_INIT("\0\0\0\x0bQ"), MILTER_BROKEN, 0, { NULL, 0 }, 5 },
		{ STR_INIT("\xff\xff\xff\xffQ"),
		  MILTER_BROKEN,
		  0,
		  { NULL, 0 },
		  5 },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct cur c = cur_of(cases[i].in);
		struct milter_frame f = { 0 };

		assert_int_equal(milter_take(&c, 10, &f), cases[i].want);
		assert_int_equal(cur_rest(&c).n, cases[i].left);
		if (cases[i].want != MILTER_TAKEN)
			continue;
		assert_int_equal(f.command, cases[i].command);
		assert_str(f.data, cases[i].data);
	}
}

static void takes_strings(void **state)
{
	struct cur c = cur_of(STR("ab\0\0c"));
	str s;

	(void)state;
	assert_true(milter_take_string(&c, &s));
	assert_str(s, STR("ab"));
	assert_true(milter_take_string(&c, &s));
	assert_str(s, STR(""));
	assert_false(milter_take_string(&c, &s));
	assert_str(cur_rest(&c), STR("c"));
}

static void writes_what_it_reads(void **state)
{
	struct buf b = { .max = 1 << 20 };
	struct milter_frame f;

	(void)state;
	size_t mark = milter_begin(&b, 'i');

	milter_put_u32(&b, 0x01020304);
	milter_put_string(&b, STR("a\0b"));
	milter_end(&b, mark);
	milter_put(&b, 'c', STR(""));

	struct cur c = cur_of(buf_str(&b));

	assert_int_equal(milter_take(&c, 100, &f), MILTER_TAKEN);
	assert_str(f.data, STR("\1\2\3\4a\0"));
	assert_int_equal(milter_frame_bytes(cur_rest(&c)), 5);
	assert_int_equal(milter_take(&c, 100, &f), MILTER_TAKEN);
	assert_int_equal(f.command, 'c');
	assert_true(cur_done(&c));
	buf_free(&b);
}

static void remembers_an_overflow(void **state)
{
	struct buf b = { .max = 8 };

	(void)state;
	milter_put(&b, 'c', STR("abcd"));
	assert_true(b.overflow);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_packets),
		cmocka_unit_test(takes_strings),
		cmocka_unit_test(writes_what_it_reads),
		cmocka_unit_test(remembers_an_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
