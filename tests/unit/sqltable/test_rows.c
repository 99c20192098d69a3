/* Names of SQL tables, and tables read from a real SQLite file. */
#include "sign/table.h"
#include "sqltable/rows.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sqlite3.h>

#define TAIL "/table=dkim?keycol=id?datacol=domain,selector,path"

static void parses_names(void **state)
{
	static const struct {
		const char *text;
		const char *want; /* the parts, the query; or the complaint */
	} cases[] = {
		{ "dsn:pgsql://opendkim:pw@127.0.0.1/modoboa" TAIL,
		  "pgsql|opendkim|pw|127.0.0.1||modoboa|SELECT id, domain, "
		  "selector, path FROM dkim ORDER BY 1, 2, 3, 4" },
		{ "pgsql://u:a=40b=2f@5433+db.example/m" TAIL
		  "?filter=enabled=3Dtrue=20AND=20n=3D1",
		  "pgsql|u|a@b/|db.example|5433|m|SELECT id, domain, selector, "
		  "path FROM dkim WHERE (enabled=true AND n=1) ORDER BY 1, 2, "
		  "3, 4" },
		{ "dsn:postgresql:///m/table=public.dkim?keycol=a?datacol=b",
		  "pgsql|||||m|SELECT a, b FROM public.dkim ORDER BY 1, 2" },
		{ "dsn:PGSQL://u@h/m/keycol=a?table=t?datacol= b , c ",
		  "pgsql|u||h||m|SELECT a, b, c FROM t ORDER BY 1, 2, 3" },
		{ "dsn:pgsql://h/m/table=t?keycol=a?datacol=b?filter=x=y",
		  "pgsql|||h||m|SELECT a, b FROM t WHERE (x=y) ORDER BY 1, 2" },
		{ "dsn:sqlite3:///var/lib/x.db" TAIL,
		  "sqlite|||||/var/lib/x.db|SELECT id, domain, selector, path "
		  "FROM dkim ORDER BY 1, 2, 3, 4" },
		{ "dsn:sqlite3://localhost/var/lib/x=20y.db" TAIL,
		  "sqlite|||||/var/lib/x y.db|SELECT id, domain, selector, "
		  "path FROM dkim ORDER BY 1, 2, 3, 4" },
		{ "dsn:sqlite3://x.db" TAIL,
		  "sqlite|||||x.db|SELECT id, domain, selector, path FROM dkim "
		  "ORDER BY 1, 2, 3, 4" },
		{ "dsn:mysql://u:secret@h/db" TAIL, "\"mysql\" is not read" },
		{ "dsn:pgsql:h/db" TAIL, "begins with BACKEND://" },
		{ "dsn:pgsql://h/db", "is missing" },
		{ "dsn:pgsql://h/db/table=t?keycol=k", "datacol= is missing" },
		{ "dsn:pgsql://h/db/table=t?datacol=k", "keycol= is missing" },
		{ "dsn:pgsql://h/db/keycol=t?datacol=k", "table= is missing" },
		{ "dsn:pgsql://h" TAIL, "names no database" },
		{ "dsn:sqlite3://" TAIL, "names no database" },
		{ "dsn:pgsql://h/db/table=t;DROP?keycol=k?datacol=d",
		  "no name of SQL" },
		{ "dsn:pgsql://h/db/table=t?keycol=k=20k?datacol=d",
		  "no name of SQL" },
		{ "dsn:pgsql://h/db/table=t?keycol=k?datacol=d,,e",
		  "no name of SQL" },
		{ "dsn:pgsql://h/db/table=t?keycol=k?datacol=1",
		  "no name of SQL" },
		{ "dsn:pgsql://h/db/table=t?keycol=k?datacol=a,a,a,a,a,a,a,a,a",
		  "more than 8" },
		{ "dsn:pgsql://h/db/table=t?keycol=k?datacol=d?limit=1",
		  "\"limit\" is not known" },
	};
	static const char *const backends[] = { "sqlite", "pgsql" };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct arena *a = arena_new(4096);
		struct buf b = buf_of(a, 4096);
		struct err e;
		struct dsn d;

		if (dsn_parse(a, str_of(cases[i].text), &d, &e)) {
			buf_printf(&b, "%s|%.*s|%.*s|%.*s|%.*s|%.*s|%.*s",
				   backends[d.backend], STR_ARG(d.user),
				   STR_ARG(d.password), STR_ARG(d.host),
				   STR_ARG(d.port), STR_ARG(d.database),
				   STR_ARG(dsn_query(a, &d)));
			assert_str(buf_str(&b), str_of(cases[i].want));
		} else {
			assert_non_null(strstr(e.text, cases[i].want));
			assert_null(strstr(e.text, "secret"));
		}
		arena_free(a);
	}
}

static void labels_hide_secrets(void **state)
{
	struct arena *a = arena_new(4096);
	struct err e;
	struct dsn d;

	(void)state;
	assert_true(
		dsn_parse(a, STR("dsn:pgsql://u:secret@h/db" TAIL), &d, &e));
	assert_str(dsn_label(a, &d), STR("PostgreSQL h/db table dkim"));
	arena_free(a);
}

static char path[] = "/tmp/inkan-rows.XXXXXX";

static void make(const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static bool read_rows(struct arena *a, const char *tail, size_t max,
		      struct rows *rows, struct err *e)
{
	struct buf b = buf_of(a, 1024);
	struct dsn d;

	buf_printf(&b, "dsn:sqlite3://%s%s", path, tail);
	assert_true(dsn_parse(a, buf_str(&b), &d, e));
	return rows_read(a, &d, max, rows, e);
}

static void reads_rows(void **state)
{
	struct arena *a = arena_new(4096);
	struct table_entry found;
	struct rows rows;
	struct err e;

	(void)state;
	make("CREATE TABLE dkim (id, domain, selector, path);"
	     "INSERT INTO dkim VALUES (2, 'example.org', 's', '/k/%.pem'),"
	     " ('# two words', 'example.net', NULL, 'a:b'),"
	     " (NULL, 'x', 'y', 'z'), ('', 'x', 'y', 'z'),"
	     " ('bad', 'x:y', 's', 'z'), ('nul', 'x', 's', 'a' || char(0)),"
	     " ('pem', 'd', 's', '-----BEGIN' || char(10) || '# x')");
	assert_true(read_rows(a, TAIL, 65536, &rows, &e));
	assert_int_equal(rows.n, 3);
	assert_int_equal(rows.left_out, 2);
	assert_string_equal(rows.left_key, "bad");

	struct table_spec spec = { .kind = TABLE_ROWS,
				   .name = STR("t"),
				   .text = buf_str(&rows.text) };
	struct table *t = table_new(a, &spec, &e);

	assert_non_null(t);
	assert_int_equal(table_count(t), 3);
	assert_true(table_find(t, STR("2"), &found));
	assert_str(found.value, STR("example.org:s:/k/%.pem"));
	assert_int_equal(table_line(t, found.at), 1);
	assert_true(table_find(t, STR("# two words"), &found));
	assert_str(found.value, STR("example.net::a:b"));
	assert_true(table_find(t, STR("pem"), &found));
	assert_str(found.value, STR("d:s:-----BEGIN\n# x"));
	assert_int_equal(table_line(t, found.at), 3);
	assert_false(table_find(t, STR("x"), &found));
	rows_free(&rows);

	assert_true(read_rows(a, TAIL "?filter=domain=3D'example.org'", 65536,
			      &rows, &e));
	assert_int_equal(rows.n, 1);
	rows_free(&rows);
	arena_free(a);
}

static void says_what_is_wrong(void **state)
{
	static const struct {
		const char *tail;
		size_t max;
		const char *want;
	} cases[] = {
		{ "/table=other?keycol=id?datacol=path", 99, "no such table" },
		{ "/table=dkim?keycol=id?datacol=other", 99, "no such column" },
		{ TAIL "?filter=1); DROP TABLE dkim; --", 99, "more than one" },
		{ TAIL, 40, "too large" },
		{ ".none" TAIL, 99, "unable to open" },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct arena *a = arena_new(4096);
		struct rows rows;
		struct err e;

		assert_false(
			read_rows(a, cases[i].tail, cases[i].max, &rows, &e));
		if (!strstr(e.text, cases[i].want))
			fail_msg("%s: %s", cases[i].tail, e.text);
		arena_free(a);
	}
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 || close(fd) < 0;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_names),
		cmocka_unit_test(labels_hide_secrets),
		cmocka_unit_test(reads_rows),
		cmocka_unit_test(says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
