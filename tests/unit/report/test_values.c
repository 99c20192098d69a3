/* Numbers, times, domains and words as reports have them. */
#include "report/values.h"
#include "test.h"

static void counts(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		uint64_t want;
	} cases[] = {
		{ "0", true, 0 },
		{ " 12\n", true, 12 },
		{ "1.0", true, 1 },
		{ "18446744073709551615", true, UINT64_MAX },
		{ "18446744073709551616", false, 0 },
		{ "1.5", false, 0 },
		{ "1,000", false, 0 },
		{ "-1", false, 0 },
		{ "1e3", false, 0 },
		{ "", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		uint64_t v;
		bool ok = value_count(str_of(cases[i].text), &v);

		assert_int_equal(ok, cases[i].ok);
		if (ok)
			assert_true(v == cases[i].want);
	}
}

static void times(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		int64_t want;
	} cases[] = {
		{ "0", true, 0 },
		{ "1790000000", true, 1790000000 },
		{ "1529366400.0", true, 1529366400 },
		{ "1529366400000", true, 1529366400 },
		{ "-7200", true, 0 },
		{ "100000000000", true, 100000000000 },
		{ "99999999999999999999", false, 0 },
		{ "1970-01-02", true, 86400 },
		{ "2000-02-29T12:00:00Z", true, 951825600 },
		{ "2026-11-24T00:00:00+09:00", true, 1795446000 },
		{ "2026-11-24 00:00:00.250", true, 1795478400 },
		{ "2026-11-24T00:00:00-0530", true, 1795498200 },
		{ "1960-01-01", true, 0 },
		{ "2026-13-01", false, 0 },
		{ "2026-11-24T", false, 0 },
		{ "2026-11-24x", false, 0 },
		{ "now", false, 0 },
		{ "", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		int64_t v;
		bool ok = value_time(str_of(cases[i].text), &v);

		if (ok != cases[i].ok || (ok && v != cases[i].want))
			fail_msg("%s: %d %lld", cases[i].text, ok,
				 (long long)v);
	}
}

static void domains(void **state)
{
	static const char *const cases[][2] = {
		{ "Example.ORG.", "example.org" },
		{ "a@b@Example.org", "example.org" },
		{ "\"<a@example.org>\"", "example.org" },
		{ "_x.example.org", "_x.example.org" },
		{ "b\xc3\xbc"
		  "cher.example",
		  "xn--bcher-kva.example" },
		{ "a b.example", "" },
		{ "-.", "" },
		{ "..", "" },
		{ "", "" },
	};
	struct arena *a = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		assert_str(value_domain(a, str_of(cases[i][0])),
			   str_of(cases[i][1]));
	assert_true(value_same_owner(STR("a.example.org"), STR("example.org")));
	assert_true(value_same_owner(STR("example.org"), STR("a.example.org")));
	assert_false(value_same_owner(STR("bexample.org"), STR("example.org")));
	assert_false(value_same_owner(STR(""), STR("example.org")));
	arena_free(a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),
		cmocka_unit_test(times),
		cmocka_unit_test(domains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
