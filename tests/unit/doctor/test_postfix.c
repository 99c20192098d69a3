#include "base/limits.h"
#include "doctor/maincf.h"
#include "doctor/mastercf.h"
#include "doctor/postlex.h"
#include "test.h"

#include <stdlib.h>

static bool look_up(const void *arg, str name, str *value)
{
	const struct maincf_setting *s = maincf_find(arg, name);

	if (s)
		*value = s->value;
	return s;
}

/* The value of x in a main.cf. */
static const struct {
	str text, want;
	const char *why;
} values[] = {
	{ STR_INIT("x = a"), STR_INIT("a"), "plain" },
	{ STR_INIT("  x  =  a b  \n"), STR_INIT("a b"), "blanks" },
	{ STR_INIT("x=a=b"), STR_INIT("a=b"), "the first = divides" },
	{ STR_INIT("x = a\r\ny = b\r\n"), STR_INIT("a"), "CRLF" },
	{ STR_INIT("x =\n  a,\n\tb"), STR_INIT("a, b"), "goes on" },
	{ STR_INIT("x = a\n# no\n\n  # no\n  b"), STR_INIT("a b"),
	  "comments and blank lines between" },
	{ STR_INIT("x = a # b"), STR_INIT("a # b"), "# within a line" },
	{ STR_INIT("x = a\nx = b"), STR_INIT("b"), "the last counts" },
	{ STR_INIT("y = 1\nx = $y$y"), STR_INIT("11"), "$name" },
	{ STR_INIT("y = 1\nx = ${y}a$(y)b"), STR_INIT("1a1b"), "brackets" },
	{ STR_INIT("x = $$y"), STR_INIT("$y"), "$$" },
	{ STR_INIT("x = a$nothing"), STR_INIT("a"), "an unknown name" },
	{ STR_INIT("y = 1\nx = ${y?a}"), STR_INIT("a"), "?" },
	{ STR_INIT("y =\nx = ${y?a}"), STR_INIT(""), "? of nothing" },
	{ STR_INIT("y =\nx = ${y:a}"), STR_INIT("a"), ":" },
	{ STR_INIT("y = 1\nx = ${y?{a}:{b}}"), STR_INIT("a"), "? and :" },
	{ STR_INIT("x = ${y?{a}:{b}}"), STR_INIT("b"), "? and :, unknown" },
	{ STR_INIT("y = 1\nx = ${{$y} == {1} ? {a} : {b}}"), STR_INIT("a"),
	  "==" },
	{ STR_INIT("y = 1\nx = ${{$y} != {1} ? {a} : {b}}"), STR_INIT("b"),
	  "!=" },
	{ STR_INIT("x = ${{a} < {b} ? {a} : {b}}"), STR_INIT("b"),
	  "by size: false" },
	{ STR_INIT("x = ${y"), STR_INIT(""), "no end" },
	{ STR_INIT("x = a$"), STR_INIT("a"), "nothing behind $" },
	{ STR_INIT("x = a$x"), STR_INIT("aaaaaaaaaaaaaaaaaaaaa"),
	  "itself: LIMIT_MAINCF_DEPTH times" },
};

static void values_are_expanded(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(values); i++) {
		struct arena *a = arena_new(4096);
		const struct maincf_setting *s;
		struct maincf m;

		maincf_parse(a, values[i].text, (struct map_seed){ 1, 2 }, &m);
		s = maincf_find(&m, STR("x"));
		print_message("%s\n", values[i].why);
		assert_non_null(s);
		assert_str(maincf_expand(a, s->value, look_up, &m),
			   values[i].want);
		arena_free(a);
	}
}

static void doubling_names_end(void **state)
{
	struct arena *a = arena_new(4096);
	struct maincf m;
	str text = STR("x=$a$a$a$a\na=$b$b$b$b\nb=$c$c$c$c\nc=$d$d$d$d\n"
		       "d=$e$e$e$e\ne=$f$f$f$f\nf=$x$x$x$x\n");

	(void)state;
	maincf_parse(a, text, (struct map_seed){ 1, 2 }, &m);
	assert_str(maincf_expand(a, STR("$x"), look_up, &m), STR(""));
	arena_free(a);
}

static void lines_are_known(void **state)
{
	struct arena *a = arena_new(4096);
	const struct maincf_setting *s;
	struct maincf m;

	(void)state;
	maincf_parse(a, STR("\n# c\nx = a\n  b\n# d\n  c\nbad\ny\nx = d\n"),
		     (struct map_seed){ 1, 2 }, &m);
	s = maincf_find(&m, STR("x"));
	assert_int_equal(m.n, 1);
	assert_int_equal(m.bad_line, 7);
	assert_int_equal(s->line, 9);
	assert_int_equal(s->earlier->line, 3);
	assert_int_equal(s->earlier->end, 6);
	assert_null(s->earlier->earlier);
	arena_free(a);
}

static void master_cf_is_read(void **state)
{
	struct arena *a = arena_new(4096);
	const struct mastercf_service *s;
	struct mastercf m;
	str value;

	(void)state;
	mastercf_parse(a,
		       STR("# service\nsmtp inet n - y - - smtpd\n"
			   "587 inet n - - - - smtpd -v\n"
			   "  -o a=1,2\n# c\n -ob=2 -o { c = 3 4 }\n"
			   "  -o a=5 -o\nshort inet n\n"),
		       &m);
	assert_int_equal(m.bad_line, 8);
	s = m.first;
	assert_int_equal(s->chroot, 'y');
	assert_false(mastercf_option(s, STR("a"), &value));
	s = s->next;
	assert_str(s->name, STR("587"));
	assert_str(s->command, STR("smtpd"));
	assert_int_equal(s->chroot, '-');
	assert_int_equal(s->line, 3);
	assert_true(mastercf_option(s, STR("a"), &value));
	assert_str(value, STR("5"));
	assert_true(mastercf_option(s, STR("b"), &value));
	assert_str(value, STR("2"));
	assert_true(mastercf_option(s, STR("c"), &value));
	assert_str(value, STR("3 4"));
	assert_null(s->next);
	arena_free(a);
}

static void words_of_a_list(void **state)
{
	static const str want[] = { STR_INIT("a"), STR_INIT("b"),
				    STR_INIT("c, d=e"), STR_INIT("{f} g"),
				    STR_INIT("h") };
	struct cur c = cur_of(STR(" a,b {c, d=e} , { {f} g } {h"));
	str word;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(want); i++) {
		assert_true(postlex_word(&c, &word));
		assert_str(word, want[i]);
	}
	assert_false(postlex_word(&c, &word));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_expanded),
		cmocka_unit_test(doubling_names_end),
		cmocka_unit_test(lines_are_known),
		cmocka_unit_test(master_cf_is_read),
		cmocka_unit_test(words_of_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
