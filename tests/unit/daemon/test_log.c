#include "daemon/log.h"
#include "test.h"

static void escapes_what_strangers_write(void **state)
{
	static const struct {
		str value;
		const char *want;
	} cases[] = {
		{ STR_INIT("plain"), " k=plain" },
		{ STR_INIT("two words"), " k=\"two words\"" },
		{ STR_INIT("a\"b\\c"), " k=\"a\\\"b\\\\c\"" },
		{ STR_INIT("x\r\nQ1: signed"), " k=\"x\\x0d\\x0aQ1: signed\"" },
		{ STR_INIT("\x1b[31m\xff\0"), " k=\"\\x1b[31m\\xff\\x00\"" },
		{ STR_INIT(""), "" },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct log_line l;

		log_begin(&l, STR(""));
		log_pair(&l, "k", cases[i].value);
		assert_str(((str){ l.text, l.n }), str_of(cases[i].want));
	}
}

static void cuts_what_is_long(void **state)
{
	char value[LOG_VALUE_MAX + 1];
	struct log_line l;

	(void)state;
	memset(value, 'x', sizeof value);
	log_begin(&l, STR("Q1"));
	log_pair(&l, "k", (str){ value, LOG_VALUE_MAX });
	assert_int_equal(l.n, strlen("Q1:  k=") + LOG_VALUE_MAX);
	log_begin(&l, STR("Q1"));
	log_pair(&l, "k", (str){ value, LOG_VALUE_MAX + 1 });
	assert_int_equal(l.n, strlen("Q1:  k=...") + LOG_VALUE_MAX);
	for (int i = 0; i < 20; i++)
		log_pair(&l, "k", (str){ value, LOG_VALUE_MAX });
	assert_true(l.n < LOG_LINE_MAX);
}

static void says_repeated_things_rarely(void **state)
{
	struct log_limit limit = { 0 };
	unsigned left_out = 9, said = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		said += log_allowed(&limit, 600, &left_out);
	assert_int_equal(said, 5);
	assert_true(log_allowed(&limit, 660, &left_out));
	assert_int_equal(left_out, 95);
	assert_true(log_allowed(&limit, 660, &left_out));
	assert_int_equal(left_out, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_what_strangers_write),
		cmocka_unit_test(cuts_what_is_long),
		cmocka_unit_test(says_repeated_things_rarely),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
