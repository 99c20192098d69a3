#include "doctor/dovecot.h"
#include "test.h"

static unsigned included;

static void include(void *arg, str pattern)
{
	str *last = arg;

	included++;
	*last = pattern;
}

static void sections_and_values(void **state)
{
	struct arena *a = arena_new(4096);
	struct dovecot d;
	str last = { NULL, 0 };
	str text = STR("# c\nssl = yes # why\nname = \"a # b\"\n"
		       "!include conf.d/*.conf\n!include_try \"x.conf\"\n"
		       "service auth {\n"
		       "  unix_listener  \"/x/auth\" {\n    mode = 0660\n  }\n"
		       "  unix_listener empty {\n  }\n}\n"
		       "long = a \\\n  b\nssl = no\n");

	(void)state;
	included = 0;
	dovecot_init(&d, a);
	dovecot_parse(&d, text, STR("f"), include, &last);
	assert_int_equal(d.bad_line, 0);
	assert_int_equal(included, 2);
	assert_str(last, STR("x.conf"));
	assert_str(dovecot_find(&d, STR(""), STR("ssl"))->value, STR("no"));
	assert_int_equal(dovecot_find(&d, STR(""), STR("ssl"))->line, 15);
	assert_str(dovecot_find(&d, STR(""), STR("name"))->value, STR("a # b"));
	assert_str(dovecot_find(&d, STR(""), STR("long"))->value, STR("a b"));
	assert_str(dovecot_find(&d, STR("service auth/unix_listener /x/auth"),
				STR("mode"))
			   ->value,
		   STR("0660"));
	assert_true(dovecot_has_section(
		&d, STR("service auth/unix_listener empty")));
	assert_false(dovecot_has_section(&d, STR("service")));
	assert_null(dovecot_find(&d, STR("service auth"), STR("mode")));
	arena_free(a);
}

static const struct {
	str text;
	unsigned bad;
} bad[] = {
	{ STR_INIT("a = b\n}\n"), 2 },
	{ STR_INIT("a {\n"), 1 },
	{ STR_INIT("nothing\n"), 1 },
	{ STR_INIT(
		  "a{\nb{\nc{\nd{\ne{\nf{\ng{\nh{\ni{\nj{\nk{\nl{\nm{\nn{\no{\n"
		  "p{\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n}\n"),
	  0 },
	{ STR_INIT(
		  "a{\nb{\nc{\nd{\ne{\nf{\ng{\nh{\ni{\nj{\nk{\nl{\nm{\nn{\no{\n"
		  "p{\nq{\n}\n"),
	  17 },
};

static void bad_lines_are_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(bad); i++) {
		struct arena *a = arena_new(4096);
		struct dovecot d;

		dovecot_init(&d, a);
		dovecot_parse(&d, bad[i].text, STR("f"), include, NULL);
		assert_int_equal(d.bad_line, bad[i].bad);
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_and_values),
		cmocka_unit_test(bad_lines_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
