#include "test.h"

static void splits(void **state)
{
	str rest = STR("a,,b"), e;

	(void)state;
	assert_true(str_split(&rest, ',', &e));
	assert_str(e, STR("a"));
	assert_true(str_split(&rest, ',', &e));
	assert_str(e, STR(""));
	assert_true(str_split(&rest, ',', &e));
	assert_str(e, STR("b"));
	assert_false(str_split(&rest, ',', &e));
	rest = STR("");
	assert_true(str_split(&rest, ',', &e));
	assert_int_equal(e.n, 0);
	assert_false(str_split(&rest, ',', &e));
}

static void compares(void **state)
{
	(void)state;
	assert_true(str_ieq(STR("Ab-Z"), STR("aB-z")));
	assert_false(str_ieq(STR("a["), STR("a{")));
	assert_true(str_cmp(STR("a"), STR("ab")) < 0);
	assert_true(str_cmp(STR("\xff"), STR("a")) > 0);
	assert_int_equal(str_cmp(STR(""), STR("")), 0);
	assert_true(str_iends(STR("a.Example"), STR(".example")));
	assert_false(str_iends(STR("example"), STR(".example")));
	assert_true(str_istarts(STR("DKIM-Sig"), STR("dkim-")));
}

static void finds_and_trims(void **state)
{
	(void)state;
	assert_int_equal(str_find(STR("a@b@c"), '@'), 1);
	assert_int_equal(str_rfind(STR("a@b@c"), '@'), 3);
	assert_int_equal(str_find(STR("abc"), '@'), 3);
	assert_int_equal(str_rfind(STR(""), '@'), 0);
	assert_str(str_trim(STR(" \t\r\na b \r\n")), STR("a b"));
	assert_str(str_trim(STR(" \t")), STR(""));
	assert_str(str_skip(STR("abc"), 5), STR(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits),
		cmocka_unit_test(compares),
		cmocka_unit_test(finds_and_trims),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
