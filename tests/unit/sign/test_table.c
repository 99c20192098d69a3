#include "base/limits.h"
#include "sign/pattern.h"
#include "sign/table.h"
#include "test.h"

static const char file_text[] = "# a comment\n"
				"a 1\n"
				"\n"
				"B  x:y:z:w  \n"
				"c\n"
				"  lead v\n"
				"d\tv # com\n"
				"e v w\n"
				"f:g h\n"
				"g  #only\n"
				"CR v\r\n"
				"x=y z\n"
				"a 2\n"
				"last one";

/* What opendkim -Q answers to these. */
static const struct {
	str key, value;
	bool found;
	unsigned line;
} file_cases[] = {
	{ STR_INIT("a"), STR_INIT("1"), true, 2 },
	{ STR_INIT("A"), STR_INIT(""), false, 0 },
	{ STR_INIT("B"), STR_INIT("x:y:z:w"), true, 4 },
	{ STR_INIT("c"), STR_INIT(""), true, 5 },
	{ STR_INIT("lead"), STR_INIT("v"), true, 6 },
	{ STR_INIT("d"), STR_INIT("v"), true, 7 },
	{ STR_INIT("e"), STR_INIT("v w"), true, 8 },
	{ STR_INIT("f:g"), STR_INIT("h"), true, 9 },
	{ STR_INIT("f"), STR_INIT(""), false, 0 },
	{ STR_INIT("g"), STR_INIT(""), true, 10 },
	{ STR_INIT("CR"), STR_INIT("v"), true, 11 },
	{ STR_INIT("x=y"), STR_INIT("z"), true, 12 },
	{ STR_INIT("last"), STR_INIT("one"), true, 14 },
	{ STR_INIT("#"), STR_INIT(""), false, 0 },
	{ STR_INIT(""), STR_INIT(""), false, 0 },
};

static const char pattern_text[] = "a.c 1\n"
				   "ab*d 2\n"
				   "x+y 3\n"
				   "(p|q)@z 4\n"
				   "[0-9]@n 5\n"
				   "^h$ 6\n"
				   "w?v 7\n"
				   "b{2} 9\n"
				   "*@DOM.com 10\n"
				   "!n 11\n"
				   "*dup 12\n"
				   "*dup 13\n"
				   "user@* 14\n"
				   "*mid*dle* 15\n"
				   "m*d*q 16\n";

static const struct {
	str key, value; /* value empty: not found */
} pattern_cases[] = {
	{ STR_INIT("a.c"), STR_INIT("1") },
	{ STR_INIT("abc"), STR_INIT("") },
	{ STR_INIT("axc"), STR_INIT("") },
	{ STR_INIT("abd"), STR_INIT("2") },
	{ STR_INIT("abXXd"), STR_INIT("2") },
	{ STR_INIT("abde"), STR_INIT("") },
	{ STR_INIT("x+y"), STR_INIT("3") },
	{ STR_INIT("xxy"), STR_INIT("") },
	{ STR_INIT("p@z"), STR_INIT("4") },
	{ STR_INIT("P@z"), STR_INIT("") },
	{ STR_INIT("5@n"), STR_INIT("5") },
	{ STR_INIT("h"), STR_INIT("6") },
	{ STR_INIT("v"), STR_INIT("7") },
	{ STR_INIT("wxv"), STR_INIT("") },
	{ STR_INIT("bb"), STR_INIT("9") },
	{ STR_INIT("u@DOM.com"), STR_INIT("10") },
	{ STR_INIT("u@dom.com"), STR_INIT("") },
	{ STR_INIT("!n"), STR_INIT("11") },
	{ STR_INIT("xdup"), STR_INIT("12") },
	{ STR_INIT("dup"), STR_INIT("12") },
	{ STR_INIT("user@"), STR_INIT("14") },
	{ STR_INIT("user@x.test"), STR_INIT("14") },
	{ STR_INIT("a mid b dle c"), STR_INIT("15") },
	{ STR_INIT("middle"), STR_INIT("15") },
	{ STR_INIT("midle"), STR_INIT("") },
	{ STR_INIT("mddq"), STR_INIT("16") },
	{ STR_INIT("mq"), STR_INIT("") },
	{ STR_INIT(""), STR_INIT("") },
};

static struct table *made(struct arena *a, enum table_kind kind, bool fold,
			  str text)
{
	struct table_spec spec = { .kind = kind,
				   .fold = fold,
				   .name = STR("t"),
				   .line = 7,
				   .text = text,
				   .seed = { 1, 2 } };
	struct err e;
	struct table *t = table_new(a, &spec, &e);

	assert_non_null(t);
	return t;
}

static void finds_lines(void **state)
{
	struct arena *a = arena_new(4096);
	struct table *t = made(a, TABLE_FILE, false, str_of(file_text));
	struct table_entry e;

	(void)state;
	assert_int_equal(table_count(t), 12);
	for (size_t i = 0; i < TEST_COUNT(file_cases); i++) {
		bool found = table_find(t, file_cases[i].key, &e);

		assert_int_equal(found, file_cases[i].found);
		if (!found)
			continue;
		assert_str(e.key, file_cases[i].key);
		assert_str(e.value, file_cases[i].value);
		assert_int_equal(table_line(t, e.at), file_cases[i].line);
	}
	assert_true(table_find(t, STR("a"), &e));
	assert_true(table_find_next(t, STR("a"), e.at, &e));
	assert_str(e.value, STR("2"));
	assert_false(table_find_next(t, STR("a"), e.at, &e));
	t = made(a, TABLE_FILE, true, str_of(file_text));
	assert_true(table_find(t, STR("LEAD"), &e));
	arena_free(a);
}

static void first_pattern_wins(void **state)
{
	struct arena *a = arena_new(4096);
	struct table *t = made(a, TABLE_PATTERNS, false, str_of(pattern_text));
	struct table_entry e;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(pattern_cases); i++) {
		bool found = table_find(t, pattern_cases[i].key, &e);

		assert_str(found ? e.value : STR(""), pattern_cases[i].value);
	}
	t = made(a, TABLE_PATTERNS, true, str_of(pattern_text));
	assert_true(table_find(t, STR("U@dom.COM"), &e));
	assert_true(table_find(t, STR("Q@Z"), &e));
	assert_true(table_find(t, STR("USER@x"), &e));
	arena_free(a);
}

/* Every kind of pattern for one key, in mixed order: all, in file order. */
static void all_matches_in_file_order(void **state)
{
	static const char text[] = "*k 1\nab* 2\n(x|abk) 3\nabk 4\n*b* 5\nq 6\n"
				   "a*k 7\nabk 8\n* 9\n*bk 10\n";
	static const char *const want[] = { "1", "2", "3", "4", "5",
					    "7", "8", "9", "10" };
	struct arena *a = arena_new(4096);
	struct table *t = made(a, TABLE_PATTERNS, false, str_of(text));
	struct table_entry e = { .at = TABLE_START };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(want); i++) {
		assert_true(table_find_next(t, STR("abk"), e.at, &e));
		assert_str(e.value, str_of(want[i]));
	}
	assert_false(table_find_next(t, STR("abk"), e.at, &e));
	assert_int_equal(table_slow_patterns(t), 3);
	arena_free(a);
}

static void reads_lists(void **state)
{
	struct arena *a = arena_new(4096);
	struct table *t = made(a, TABLE_LIST, false,
			       STR(" a, b ,c=v, k = v1|v2,,a b"));
	struct table_entry e;

	(void)state;
	assert_int_equal(table_count(t), 5);
	assert_true(table_find(t, STR("b"), &e));
	assert_str(e.value, STR(""));
	assert_int_equal(table_line(t, e.at), 7);
	assert_true(table_find(t, STR("k"), &e));
	assert_str(e.value, STR("v1|v2"));
	assert_true(table_find(t, STR("a b"), &e));
	assert_false(table_find(t, STR(" b"), &e));
	assert_false(table_find(t, STR(""), &e));
	arena_free(a);
}

static void splits_values(void **state)
{
	str v = STR("x: y :z:w");

	(void)state;
	assert_str(table_field(&v, 3), STR("x"));
	assert_str(table_field(&v, 2), STR("y"));
	assert_str(table_field(&v, 1), STR("z:w"));
	assert_str(table_field(&v, 1), STR(""));
	v = STR("x");
	assert_str(table_field(&v, 2), STR("x"));
	assert_str(table_field(&v, 1), STR(""));
}

static void names_the_wrong_line(void **state)
{
	struct arena *a = arena_new(4096);
	struct table_spec spec = { .kind = TABLE_PATTERNS, .name = STR("t") };
	char text[LIMIT_PATTERN_BYTES + 8];
	struct err e;

	(void)state;
	spec.text = STR("a b\n\n(x k\n");
	assert_null(table_new(a, &spec, &e));
	assert_true(str_starts(str_of(e.text), STR("t:3: pattern \"(x\"")));
	memset(text, 'x', sizeof text);
	spec.text = (str){ text, LIMIT_PATTERN_BYTES };
	assert_non_null(table_new(a, &spec, &e));
	spec.text.n++;
	assert_null(table_new(a, &spec, &e));
	spec.kind = TABLE_FILE; /* a line may have any length */
	assert_non_null(table_new(a, &spec, &e));
	spec.text = STR("a\0b");
	assert_null(table_new(a, &spec, &e));
	spec.text = STR("");
	assert_non_null(table_new(a, &spec, &e));
	arena_free(a);
}

/* Against the C library: "*" as ".*", the rest literal. */
static void globs_are_regexes(void **state)
{
	static const char alphabet[] = "ab*@.";
	struct arena *a = arena_new(1 << 16);
	uint32_t rnd = 1;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		char p[8], s[8], why[128];
		size_t np, ns;

		rnd = rnd * 1664525U + 1013904223U;
		np = rnd >> 8 & 7;
		ns = rnd >> 16 & 7;
		for (size_t k = 0; k < 7; k++) {
			rnd = rnd * 1664525U + 1013904223U;
			p[k] = alphabet[(rnd >> 10) % 5];
			s[k] = alphabet[(rnd >> 20) % 5];
		}
		if (pattern_kind((str){ p, np }) == PATTERN_REGEX)
			fail();

		const regex_t *re = pattern_compile(a, (str){ p, np }, false,
						    why);

		if (!re) /* "**" is no regular expression everywhere */
			continue;
		assert_int_equal(pattern_regex_match(re, (str){ s, ns }),
				 pattern_glob_match((str){ p, np },
						    (str){ s, ns }, false));
		if (i % 100 == 0)
			arena_reset(a);
	}
	arena_free(a);
}

/* As many lines of one key as of all others: nothing gets slow or lost. */
static void many_entries(void **state)
{
	struct arena *a = arena_new(1 << 20);
	char *text = arena_alloc(a, 40000 * 32);
	size_t n = 0;
	struct table_entry e;

	(void)state;
	for (int i = 0; i < 40000; i++)
		n += (size_t)snprintf(text + n, 32, "*@d%d.example k%d\n",
				      i % 2 ? i : 0, i);

	struct table *t = made(a, TABLE_PATTERNS, true, (str){ text, n });

	assert_int_equal(table_count(t), 40000);
	assert_int_equal(table_slow_patterns(t), 0);
	for (int i = 1; i < 40000; i += 1998) {
		char key[32];

		n = (size_t)snprintf(key, sizeof key, "u@D%d.example", i);
		assert_true(table_find(t, (str){ key, n }, &e));
		assert_int_equal(table_line(t, e.at), i + 1);
	}
	assert_true(table_find(t, STR("u@d0.example"), &e));
	assert_int_equal(table_line(t, e.at), 1);
	assert_true(table_find_next(t, STR("u@d0.example"), e.at, &e));
	assert_int_equal(table_line(t, e.at), 3);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_lines),
		cmocka_unit_test(first_pattern_wins),
		cmocka_unit_test(all_matches_in_file_order),
		cmocka_unit_test(reads_lists),
		cmocka_unit_test(splits_values),
		cmocka_unit_test(names_the_wrong_line),
		cmocka_unit_test(globs_are_regexes),
		cmocka_unit_test(many_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
