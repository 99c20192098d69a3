#include "doctor/finding.h"
#include "test.h"

static void codes_are_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < FIND_CODES; i++) {
		const struct finding_kind *k = &finding_kinds[i];

		assert_true(k->code[0] && k->seen[0] && k->fine[0]);
		assert_true(k->wanted[0] && k->why[0] && k->fix[0]);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(k->code, finding_kinds[j].code);
	}
}

static void causes_come_first(void **state)
{
	struct arena *a = arena_new(4096);
	struct findings f;

	(void)state;
	findings_init(&f, a);
	judge(&f, 2, false, STR("c"), NULL);
	judge(&f, 1, true, STR("a"), NULL);
	judge(&f, 2, true, STR("d"), NULL);
	finding_skip(&f, 1, STR("b"), "why");
	findings_sort(&f);
	judge(&f, 0, true, STR("e"), NULL);

	struct finding *x = f.first;

	for (const char *want = "abcde"; *want; want++, x = x->next)
		assert_int_equal(x->subject.p[0], *want);
	assert_null(x);
	assert_int_equal(f.count[FINDING_OK], 3);
	assert_int_equal(f.count[FINDING_SKIP], 1);
	arena_free(a);
}

static void commands_are_quoted(void **state)
{
	struct arena *a = arena_new(4096);
	struct finding f = { .subject = STR("/etc/x"),
			     .args = { STR("a b"), STR("it's; $(rm)"),
				       STR("") } };

	(void)state;
	assert_str(finding_text(a, &f, "{0}: {1} {6} {x}"),
		   STR("/etc/x: a b {6} {x}"));
	assert_str(finding_command(a, &f, "do {0} {1} {2} {3}"),
		   STR("do /etc/x 'a b' 'it'\\''s; $(rm)' ''"));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_are_whole),
		cmocka_unit_test(causes_come_first),
		cmocka_unit_test(commands_are_quoted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
