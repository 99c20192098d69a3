/* postfix_file, conf_file: one setting changes, every other byte stays. */
#include "setup/conf_file.h"
#include "setup/postfix_file.h"
#include "test.h"

static void check(str got, const char *want)
{
	if (!str_eq(got, str_of(want)))
		fail_msg("got \"%.*s\"\nwant \"%s\"", STR_ARG(got), want);
}

#define ADDED "\n# inkan setup (inkan setup --undo takes it back)\n"

static const struct {
	const char *text, *name, *value, *want;
} sets[] = {
	{ "a = 1\nb = 2\n", "a", "3", "a = 3\nb = 2\n" },
	{ "a=1\r\nb = 2", "b", "3", "a=1\r\nb = 3" },
	{ "a = 1\na = 2\n", "a", "3", "a = 1\na = 3\n" },
	{ "a = 1\n", "a", "1", "a = 1\n" },
	{ "a =\n  1,\n  2\nb = 3\n", "a", "9", "a = 9\nb = 3\n" },
	{ "a = 1\n# note\n  2\n\n\t3\n# end\nb = 4\n", "a", "9",
	  "a = 9\n# end\nb = 4\n" },
	{ "#a = 1\n", "a", "2", "#a = 1\n" ADDED "a = 2\n" },
	{ "ab = 1\n a = 5\n", "a", "2", "ab = 1\n a = 5\n" ADDED "a = 2\n" },
	{ "x = 1", "a", "2", "x = 1\n" ADDED "a = 2\n" },
	{ "", "a", "2", ADDED "a = 2\n" },
	{ "\n\n# only\n", "a", "2", "\n\n# only\n" ADDED "a = 2\n" },
};

static void test_set(void **state)
{
	struct arena *arena = arena_new(1 << 12);

	(void)state;
	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
		struct mainfile_setting s = { str_of(sets[i].name),
					      str_of(sets[i].value) };
		str once = mainfile_set(arena, str_of(sets[i].text), &s, 1);

		check(once, sets[i].want);
		check(mainfile_get(arena, once, s.name), sets[i].value);
		check(mainfile_set(arena, once, &s, 1), sets[i].want);
	}
	arena_free(arena);
}

static const char master[] =
	"# service type\n"
	"smtp      inet  n       -       y       -       -       smtpd\n"
	"#submission inet n - y - - smtpd\n"
	"#  -o smtpd_milters=no\n"
	"submission inet n       -       y       -       -       smtpd\n"
	"  -o syslog_name=postfix/submission\n"
	"#  -o smtpd_milters=commented\n"
	"  -o smtpd_milters=inet:localhost:8891\n"
	"\n"
	"  -o { smtpd_x = a b } -osmtpd_y=\n"
	"pickup    unix  n       -       y       60      1       pickup\n";

static void test_master(void **state)
{
	struct arena *arena = arena_new(1 << 12);
	static const char *const names[] = { "smtp", "submission", "pickup" };
	struct masterfile_service s;
	size_t at = 0, n = 0;
	str v;

	(void)state;
	while (masterfile_next(str_of(master), &at, &s)) {
		check(s.name, names[n]);
		check(s.chroot, "y");
		check(s.command, n == 2 ? "pickup" : "smtpd");
		assert_int_equal(masterfile_option(&s, STR("smtpd_milters"),
						   &v),
				 n == 1);
		if (n++ != 1)
			continue;
		check(v, "inet:localhost:8891");
		assert_true(masterfile_option(&s, STR("smtpd_x"), &v));
		check(v, "a b");
		assert_true(masterfile_option(&s, STR("smtpd_y"), &v));
		check(v, "");
		assert_false(masterfile_option(&s, STR("smtpd"), &v));
	}
	assert_int_equal(n, 3);
	arena_free(arena);
}

static void test_list(void **state)
{
	static const char *const want[] = { "inet:a:1", "{ unix:b, x=y z }",
					    "c" };
	str rest = STR(" inet:a:1,{ unix:b, x=y z }\t, c "), element;
	size_t n = 0;

	(void)state;
	while (postfix_list_next(&rest, &element))
		check(element, want[n++]);
	assert_int_equal(n, 3);
}

static const struct {
	const char *text, *name, *value, *want;
} confs[] = {
	{ "Mode\tsv # both\nX 1\n", "mode", "s", "Mode\ts # both\nX 1\n" },
	{ "A 1\nA 2\n", "A", "3", "A 1\nA 3\n" },
	{ "#A 1", "A", "2", "#A 1\nA                       2\n" },
	{ "A\n", "A", "2", "A 2\n" },
	{ "AB 1\n", "A", "2", "AB 1\nA                       2\n" },
};

static void test_conf(void **state)
{
	struct arena *arena = arena_new(1 << 12);

	(void)state;
	for (size_t i = 0; i < sizeof confs / sizeof *confs; i++) {
		str name = str_of(confs[i].name);
		str value = str_of(confs[i].value);
		str once = conffile_set(arena, str_of(confs[i].text), name,
					value);

		check(once, confs[i].want);
		check(conffile_get(once, name), confs[i].value);
		check(conffile_set(arena, once, name, value), confs[i].want);
	}
	check(conffile_disable(arena, STR("A 1\nB 2\na 3"), STR("A")),
	      "#A 1\nB 2\n#a 3");
	check(conffile_disable(arena, STR("B 2\n"), STR("A")), "B 2\n");
	arena_free(arena);
}

static void test_disable(void **state)
{
	struct arena *arena = arena_new(1 << 20);

	(void)state;
	check(mainfile_disable(arena, STR("a = 1\nb = 2\n# a\na = 3\n 4\n"),
			       STR("a")),
	      "#a = 1\nb = 2\n# a\n#a = 3\n# 4\n");
	check(mainfile_disable(arena, STR("a =\n# why\n x\nb = 2"), STR("a")),
	      "#a =\n# why\n# x\nb = 2");
	check(mainfile_disable(arena, STR("aa = 1\n"), STR("a")), "aa = 1\n");
	check(conffile_explain(arena, STR("B 1"), STR("A"), STR("2"),
			       "# why\n"),
	      "B 1\n\n# why\nA                       2\n");
	check(conffile_explain(arena, STR("A 1\n"), STR("A"), STR("2"),
			       "# why\n"),
	      "A 2\n");
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),     cmocka_unit_test(test_master),
		cmocka_unit_test(test_list),    cmocka_unit_test(test_conf),
		cmocka_unit_test(test_disable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
