#include "conf/dataset.h"
#include "conf/names.h"
#include "test.h"

static void knows_the_kinds(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		enum table_kind kind;
		const char *path; /* or a part of the message */
	} cases[] = {
		{ "/etc/x", true, TABLE_FILE, "/etc/x" },
		{ "file:/etc/x", true, TABLE_FILE, "/etc/x" },
		{ "FILE:x", true, TABLE_FILE, "x" },
		{ "refile:/etc/x", true, TABLE_PATTERNS, "/etc/x" },
		{ "csl:::1,127.0.0.1", true, TABLE_LIST, "::1,127.0.0.1" },
		{ "127.0.0.1,::1", true, TABLE_LIST, "127.0.0.1,::1" },
		{ "::1,127.0.0.1", true, TABLE_LIST, "::1,127.0.0.1" },
		{ "2001:db8::/32", true, TABLE_LIST, "2001:db8::/32" },
		{ "[::1]", true, TABLE_LIST, "[::1]" },
		{ "example.org", true, TABLE_LIST, "example.org" },
		{ "a,foo:bar", true, TABLE_LIST, "a,foo:bar" },
		{ "x:y", false, TABLE_LIST, "no kind of table called \"x\"" },
		{ "file:", false, TABLE_FILE, "names no file" },
		{ "dsn:pgsql://u@h/db/table=t?keycol=a,b", true, TABLE_ROWS,
		  "dsn:pgsql://u@h/db/table=t?keycol=a,b" },
		{ "ldap://h/", false, TABLE_LIST, "LDAP" },
		{ "LUA:/x", false, TABLE_LIST, "Lua" },
		{ "memcache:h/k", false, TABLE_LIST, "memcached" },
		{ "db:/x", false, TABLE_LIST, "Berkeley" },
		{ "/etc/x.db", false, TABLE_FILE, "Berkeley" },
		{ "x.db", false, TABLE_LIST, "Berkeley" },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		enum table_kind kind;
		struct err e = { .code = ERR_NONE };
		str path;

		assert_int_equal(dataset_parse(str_of(cases[i].text), &kind,
					       &path, &e),
				 cases[i].ok);
		if (!cases[i].ok) {
			assert_non_null(strstr(e.text, cases[i].path));
			continue;
		}
		assert_int_equal(kind, cases[i].kind);
		assert_str(path, str_of(cases[i].path));
	}
}

static void edits_header_lists(void **state)
{
	static const str standard_names[] = { STR_INIT("From"), STR_INIT("To"),
					      STR_INIT("Subject") };
	static const struct {
		const char *list, *want; /* joined with ":" */
		bool wrong;
	} cases[] = {
		{ "Date,Cc", "Date:Cc", false },
		{ "*,+X-Foo", "From:To:Subject:X-Foo", false },
		{ "*,-to", "From:Subject", false },
		{ "-to,*,+Cc,-cc,Date", "From:Subject:Date", false },
		{ ".", ".", false },
		{ "From,from", "from", false },
		{ "a b", "", true },
		{ "a,b:c", "a", true },
	};
	struct dkim_names standard = { standard_names, 3 };
	struct arena *a = arena_new(4096);
	str wrong;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct table_spec spec = { .fold = true,
					   .name = STR("t"),
					   .text = str_of(cases[i].list) };
		struct err e;
		struct dkim_names got = names_edit(a, table_new(a, &spec, &e),
						   standard, &wrong);
		struct buf b = buf_of(a, 200);

		for (size_t k = 0; k < got.n; k++) {
			if (k)
				buf_putc(&b, ':');
			buf_put(&b, got.names[k]);
		}
		assert_str(buf_str(&b), str_of(cases[i].want));
		assert_int_equal(wrong.p != NULL, cases[i].wrong);
	}
	assert_int_equal(names_edit(a, NULL, standard, &wrong).n, 3);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_kinds),
		cmocka_unit_test(edits_header_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
