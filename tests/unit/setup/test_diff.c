/* diff: as diff -u writes it. */
#include "setup/diff.h"
#include "test.h"

static const struct {
	const char *before, *after; /* NULL: no such file */
	size_t context;
	const char *want;
} cases[] = {
	{ "a\n", "a\n", 3, "" },
	{ NULL, "a\nb\n", 3,
	  "--- /dev/null\n+++ f\n@@ -0,0 +1,2 @@\n+a\n+b\n" },
	{ "1\n2\n3\n4\n5\n", "1\n2\nX\n4\n5\n", 1,
	  "--- f\n+++ f\n@@ -2,3 +2,3 @@\n 2\n-3\n+X\n 4\n" },
	{ "1\n2\n", "1\n2\n3\n", 0, "--- f\n+++ f\n@@ -2,0 +3 @@\n+3\n" },
	{ "1\n2\n3\n", "2\n3\n", 0, "--- f\n+++ f\n@@ -1 +0,0 @@\n-1\n" },
	{ "a\nb\nc\nd\ne\nf\ng\nh\n", "A\nb\nc\nd\ne\nf\ng\nH\n", 1,
	  "--- f\n+++ f\n@@ -1,2 +1,2 @@\n-a\n+A\n b\n"
	  "@@ -7,2 +7,2 @@\n g\n-h\n+H\n" },
	{ "a\nb\nc\n", "A\nb\nC\n", 1,
	  "--- f\n+++ f\n@@ -1,3 +1,3 @@\n-a\n+A\n b\n-c\n+C\n" },
	{ "a", "a\n", 3,
	  "--- f\n+++ f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n" },
	{ "x\ny\nx\ny\n", "y\nx\ny\nx\n", 0,
	  "--- f\n+++ f\n@@ -1 +0,0 @@\n-x\n@@ -4,0 +4 @@\n+x\n" },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena *arena = arena_new(1 << 12);
		struct buf b = buf_of(arena, 1 << 16);

		diff_write(arena, &b, "f", str_of(cases[i].before),
			   str_of(cases[i].after), cases[i].context);
		if (!str_eq(buf_str(&b), str_of(cases[i].want)))
			fail_msg("case %zu: got\n%.*s\nwant\n%s", i,
				 STR_ARG(buf_str(&b)), cases[i].want);
		arena_free(arena);
	}
}

/* Texts too large for the table of lengths are shown as replaced. */
static void test_large(void **state)
{
	struct arena *arena = arena_new(1 << 16);
	struct buf a = buf_of(arena, 1 << 20), b = buf_of(arena, 1 << 20);
	struct buf out = buf_of(arena, 1 << 21);

	(void)state;
	for (int i = 0; i < 3000; i++) {
		buf_printf(&a, "a%d\n", i);
		buf_printf(&b, "b%d\n", i);
	}
	diff_write(arena, &out, "f", buf_str(&a), buf_str(&b), 3);
	assert_true(str_starts(buf_str(&out),
			       STR("--- f\n+++ f\n@@ -1,3000 +1,3000 @@\n"
				   "-a0\n-a1\n")));
	assert_true(str_iends(buf_str(&out), STR("+b2999\n")));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
