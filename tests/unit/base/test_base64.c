#include "base/base64.h"
#include "test.h"

static const struct {
	str text;
	bool space;
	bool ok;
	str want;
} cases[] = {
	{ STR_INIT(""), false, true, STR_INIT("") },
	{ STR_INIT("Zg=="), false, true, STR_INIT("f") },
	{ STR_INIT("Zm8="), false, true, STR_INIT("fo") },
	{ STR_INIT("Zm9v"), false, true, STR_INIT("foo") },
	{ STR_INIT("Z m9\r\n\tv"), true, true, STR_INIT("foo") },
	{ STR_INIT("Zm 9v"), false, false, STR_INIT("") },
	{ STR_INIT("Zm9"), false, false, STR_INIT("") },
	{ STR_INIT("Zm9=v"), false, false, STR_INIT("") },
	{ STR_INIT("Zg="), false, false, STR_INIT("") },
	{ STR_INIT("Zg==="), false, false, STR_INIT("") },
	{ STR_INIT("Zg==Zg=="), false, false, STR_INIT("") },
	{ STR_INIT("===="), false, false, STR_INIT("") },
	{ STR_INIT("Zh=="), false, false, STR_INIT("") }, /* unused bits */
	{ STR_INIT("Zh=="), true, true, STR_INIT("f") },
	{ STR_INIT("Zm-_"), false, false, STR_INIT("") },
};

static void decodes(void **state)
{
	struct arena *a = arena_new(64);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		str out = STR("");

		assert_int_equal(base64_decode(a, cases[i].text, cases[i].space,
					       &out),
				 cases[i].ok);
		if (cases[i].ok)
			assert_str(out, cases[i].want);
	}
	arena_free(a);
}

static void encodes(void **state)
{
	struct arena *a = arena_new(64);

	(void)state;
	assert_str(base64_encode(a, STR("")), STR(""));
	assert_str(base64_encode(a, STR("f")), STR("Zg=="));
	assert_str(base64_encode(a, STR("fo")), STR("Zm8="));
	assert_str(base64_encode(a, STR("foo\xff")), STR("Zm9v/w=="));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes),
		cmocka_unit_test(encodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
