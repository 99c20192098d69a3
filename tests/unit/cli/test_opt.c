/* opt: the command line as getopt_long(3) reads it, and its mistakes. */
#include "base/buf.h"
#include "cli/opt.h"
#include "test.h"

static const struct opt table[] = {
	{ "key", 'k', "FILE", "" },   { "keep", 0, NULL, "" },
	{ "verbose", 'v', NULL, "" }, { "wait", 0, "[SECONDS]", "" },
	{ NULL, 0, NULL, NULL },
};

enum { WORDS = 6 };

static const struct {
	const char *argv[WORDS];
	const char *set; /* NAME=VALUE of each, with blanks between */
	const char *rest;
	const char *error; /* part of it; NULL: none */
} cases[] = {
	{ { "--key", "a" }, "key=a", "", NULL },
	{ { "--key=a" }, "key=a", "", NULL },
	{ { "--key=" }, "key=", "", NULL },
	{ { "--key==a=b" }, "key==a=b", "", NULL },
	{ { "-k", "a" }, "key=a", "", NULL },
	{ { "-ka" }, "key=a", "", NULL },
	{ { "-vka" }, "verbose key=a", "", NULL },
	{ { "-vv" }, "verbose verbose", "", NULL },
	{ { "--key", "--keep" }, "key=--keep", "", NULL },
	{ { "--key", "a", "--key", "b" }, "key=a key=b", "", NULL },
	{ { "x", "-v", "y" }, "verbose", "x y", NULL },
	{ { "-" }, "", "-", NULL },
	{ { "--", "-v", "--key" }, "", "-v --key", NULL },
	{ { "" }, "", "", NULL },
	{ { "--wait", "5", "x" }, "wait=5", "x", NULL },
	{ { "--wait", "x" }, "wait", "x", NULL },
	{ { "--wait", "-v" }, "wait verbose", "", NULL },
	{ { "--wait=7" }, "wait=7", "", NULL },
	{ { "--kee" }, "keep", "", NULL },
	{ { "--verb" }, "verbose", "", NULL },
	{ { "--zone", "z" }, "zone=z", "", NULL },
	{ { "-c", "f" }, "config=f", "", NULL },
	{ { "--ke" }, NULL, NULL, "ambiguous" },
	{ { "--key" }, NULL, NULL, "needs a value: FILE" },
	{ { "-k" }, NULL, NULL, "needs a value: FILE" },
	{ { "--keep=yes" }, NULL, NULL, "takes no value" },
	{ { "--kye", "a" }, NULL, NULL, "did you mean --key?" },
	{ { "--verbsoe" }, NULL, NULL, "did you mean --verbose?" },
	{ { "--kye=long=value" }, NULL, NULL, "option --kye: did" },
	{ { "--nothing-like-it" }, NULL, NULL, "--nothing-like-it" },
	{ { "--=x" }, NULL, NULL, "unknown option" },
	{ { "-x" }, NULL, NULL, "unknown option -x" },
	{ { "-vx" }, NULL, NULL, "unknown option -x" },
};

static str text_of(struct arena *arena, const struct args *a, bool rest)
{
	struct buf b = buf_of(arena, 1024);

	for (size_t i = 0; rest && i < a->n_rest; i++)
		buf_printf(&b, "%s%s", i ? " " : "", a->rest[i]);
	for (size_t i = 0; !rest && i < a->n_set; i++)
		buf_printf(&b, "%s%s%s%s", i ? " " : "", a->set[i].opt->name,
			   a->set[i].value ? "=" : "",
			   a->set[i].value ? a->set[i].value : "");
	return buf_str(&b);
}

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena *arena = arena_new(4096);
		char *argv[WORDS + 1] = { arena_cstr(arena, STR("inkan")) };
		int argc = 1;
		struct args a;
		struct err e = { .text = "" };

		for (size_t k = 0; k < WORDS && cases[i].argv[k]; k++)
			argv[argc++] = arena_cstr(arena,
						  str_of(cases[i].argv[k]));

		bool ok = opt_parse(arena, table, argc, argv, &a, &e);

		assert_int_equal(ok, cases[i].error == NULL);
		if (ok) {
			assert_str(text_of(arena, &a, false),
				   str_of(cases[i].set));
			assert_str(text_of(arena, &a, true),
				   str_of(cases[i].rest));
		} else {
			assert_int_equal(e.code, ERR_USAGE);
			assert_non_null(strstr(e.text, cases[i].error));
		}
		arena_free(arena);
	}
}

static void test_values(void **state)
{
	struct arena *arena = arena_new(4096);
	char words[6][8] = { "inkan", "--key", "1", "-v", "--key", "2x" };
	char *argv[6];
	struct args a;
	struct err e;
	int64_t n;
	size_t count;

	(void)state;
	for (int i = 0; i < 6; i++)
		argv[i] = words[i];
	assert_true(opt_parse(arena, table, 6, argv, &a, &e));
	assert_true(args_has(&a, "verbose"));
	assert_false(args_has(&a, "keep"));
	assert_string_equal(args_get(&a, "key"), "2x");
	assert_null(args_get(&a, "zone"));

	const char *const *all = args_all(&a, arena, "key", &count);

	assert_int_equal(count, 2);
	assert_string_equal(all[0], "1");
	assert_false(args_number(&a, "key", 0, 9, 5, &n, &e));
	assert_true(args_number(&a, "zone", 0, 9, 5, &n, &e));
	assert_int_equal(n, 5);
	arena_free(arena);
}

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		bool ok;
	} numbers[] = {
		{ "--key=0", true },    { "--key=9", true },
		{ "--key=10", false },  { "--key=-1", false },
		{ "--key=", false },    { "--key=3s", false },
		{ "--key=0x3", false }, { "--key=99999999999999999999", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		struct arena *arena = arena_new(4096);
		char *argv[2] = { arena_cstr(arena, STR("inkan")),
				  arena_cstr(arena, str_of(numbers[i].text)) };
		struct args a;
		struct err e;
		int64_t n;

		assert_true(opt_parse(arena, table, 2, argv, &a, &e));
		assert_int_equal(args_number(&a, "key", 0, 9, 5, &n, &e),
				 numbers[i].ok);
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
