/* A KeyTable and a SigningTable rewritten, and a rotation's file read. */
#include "rotate/tables.h"
#include "test.h"

static const struct rotation two = {
	.domain = STR_INIT("example.org"),
	.keys = {
		{ .old = { STR_INIT("old"), STR_INIT("s1"),
			   STR_INIT("/k/s1.private") },
		  .new = { STR_INIT("new"), STR_INIT("s2"),
			   STR_INIT("/k/s2.private") } },
		{ .old = { STR_INIT("oldest"), STR_INIT("e1"),
			   STR_INIT("/k/e1.private") },
		  .new = { STR_INIT("newest"), STR_INIT("e2"),
			   STR_INIT("/k/e2.private") } },
	},
	.n_keys = 2,
};

static const struct {
	const char *before, *after;
} renamed[] = {
	{ "*@example.org old\n", "*@example.org new\n" },
	{ "*@example.org old", "*@example.org new" },
	{ "*@example.org\told:@example.org # old\n# x old\n",
	  "*@example.org\tnew:@example.org # old\n# x old\n" },
	{ "old old\r\n*@b oldest\r\n", "old new\r\n*@b newest\r\n" },
	{ "*@b older\n*@c xold\n*@d %\n", "*@b older\n*@c xold\n*@d %\n" },
	{ "", "" },
	{ "\n\n#\n*@b  old  \n", "\n\n#\n*@b  new  \n" },
},
  added[] = {
	  { "", "new example.org:s2:/k/s2.private\n"
		"newest example.org:e2:/k/e2.private\n" },
	  { "old example.org:s1:/k/s1.private",
	    "old example.org:s1:/k/s1.private\n"
	    "new example.org:s2:/k/s2.private\n"
	    "newest example.org:e2:/k/e2.private\n" },
	  { "new a:b:/c\n# newest x\n",
	    "new a:b:/c\n# newest x\nnewest example.org:e2:/k/e2.private\n" },
  },
  removed[] = {
	  { "# old\nold a:b:/c\nolder a:b:/d\noldest a:b:/e # x\nx y:z:/f",
	    "# old\nolder a:b:/d\nx y:z:/f" },
	  { "  old a:b:/c\r\n\r\n", "\r\n" },
	  { "x y:z:/f\nold a:b:/c", "x y:z:/f\n" },
  };

static void names_are_changed(void **state)
{
	struct arena *a = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(renamed); i++)
		assert_str(tables_rename_keys(a, str_of(renamed[i].before),
					      &two),
			   str_of(renamed[i].after));
	arena_free(a);
}

static void keys_are_added_once(void **state)
{
	struct arena *a = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(added); i++) {
		str once = tables_add_keys(a, str_of(added[i].before), &two);

		assert_str(once, str_of(added[i].after));
		assert_str(tables_add_keys(a, once, &two), once);
	}
	arena_free(a);
}

static void old_keys_are_removed(void **state)
{
	struct arena *a = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(removed); i++)
		assert_str(tables_remove_keys(a, str_of(removed[i].before),
					      &two),
			   str_of(removed[i].after));
	arena_free(a);
}

#define KEY(new)                                                             \
	"{\"old\":{\"name\":\"a\",\"selector\":\"s1\",\"path\":\"/k/a\"},"   \
	"\"new\":{\"name\":\"b\",\"selector\":\"" new "\",\"path\":\"/k/b\"" \
						      "},\"type\":\"rsa\",\"bits\":2048,\"sender\":\"x@example.org\"}"
#define STATE(stage, keys)                                                \
	"{\"domain\":\"example.org\",\"stage\":\"" stage "\",\"method\":" \
	"\"manual\",\"hold\":60,\"ttl\":300,\"keys\":[" keys "]}"

static const struct {
	const char *text;
	bool good;
} files[] = {
	{ STATE("hold", KEY("s2")), true },
	{ STATE("done", KEY("s2") "," KEY("s3")), true },
	{ STATE("held", KEY("s2")), false },
	{ STATE("hold", ""), false },
	{ STATE("hold", KEY("s 2")), false },
	{ STATE("hold", "7"), false },
	{ STATE("hold", KEY("s2")) "x", false },
	{ "", false },
	{ "[]", false },
	{ "{}", false },
};

static void files_are_read(void **state)
{
	struct arena *a = arena_new(4096);
	struct rotation r;
	struct err e;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(files); i++)
		if (rotate_parse(a, str_of(files[i].text), &r, &e) !=
		    files[i].good)
			fail_msg("row %zu", i);
	assert_true(rotate_parse(a, str_of(files[0].text), &r, &e));
	assert_int_equal(r.stage, ROTATE_HOLD);
	assert_int_equal(r.hold, 60);
	assert_str(r.keys[0].new.selector, STR("s2"));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_changed),
		cmocka_unit_test(keys_are_added_once),
		cmocka_unit_test(old_keys_are_removed),
		cmocka_unit_test(files_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
