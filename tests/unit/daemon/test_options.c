#include "daemon/options.h"
#include "test.h"

#include <getopt.h>

/* The words of a line as argv. */
static bool parse(const char *line, struct options *o, struct err *e)
{
	static char text[256];
	char *argv[16];
	int argc = 0;

	(void)snprintf(text, sizeof text, "%s", line);
	for (char *p = text; *p;) {
		argv[argc++] = p;
		p += strcspn(p, " ");
		if (*p)
			*p++ = '\0';
	}
	argv[argc] = NULL;
	optind = 0;
	return options_parse("inkand", argc, argv, o, e);
}

static void reads_flags(void **state)
{
	struct options o;
	struct err e;

	(void)state;
	assert_true(
		parse("inkand -f -b sv -x /c -p inet:1@h -vv -F 7", &o, &e));
	assert_int_equal(o.n_configs, 1);
	assert_string_equal(o.configs[0], "/c");
	assert_int_equal(o.verbose, 2);
	assert_int_equal(o.fixed_time, 7);
	assert_int_equal(o.n_settings, 3);
	assert_str(o.settings[0].name, STR("Background"));
	assert_str(o.settings[0].value, STR("no"));
	assert_str(o.settings[1].value, STR("sv"));
	assert_str(o.settings[1].origin, STR("-b"));
	assert_str(o.settings[2].name, STR("Socket"));
}

static void refuses(void **state)
{
	static const char *const cases[] = {
		"inkand -q",      "inkand -x",        "inkand -n word",
		"inkand -F soon", "inkand --no-such",
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct options o;
		struct err e = { 0 };

		assert_false(parse(cases[i], &o, &e));
		assert_int_equal(err_exit(&e), 64);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_flags),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
