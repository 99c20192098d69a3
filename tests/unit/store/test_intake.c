/* The thread that stores: reports in one piece and in many come out as they were
 * put, what is given up is not there, and a store that refuses is heard of. */
#include "store/intake.h"
#include "unroll.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char dir[64], url[128];
static struct err e;

static int setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof dir, "/tmp/inkan-intake.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(url, sizeof url, "sqlite:%s/s.db", dir);
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = { "", "-wal", "-shm" };
	char path[160];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof path, "%s/s.db%s", dir, names[i]);
		(void)unlink(path);
	}
	return rmdir(dir);
}

static bool keep(void *arg, const str *columns)
{
	(void)snprintf(arg, 64, "%.*s", STR_ARG(columns[0]));
	return true;
}

/* The first column of the last row. */
static const char *one(struct store *s, const char *sql)
{
	static char text[64];

	text[0] = '\0';
	if (!store_query(s, sql, NULL, 0, keep, text, &e))
		fail_msg("%s", e.text);
	return text;
}

static bool begin(struct intake *f, const char *id, enum store_kind kind)
{
	struct store_head h = {
		.kind = kind,
		.domain = STR("example.org"),
		.org = STR("r.example"),
		.report_id = str_of(id),
		.begin = 1790000000,
		.end = 1790086399,
		.policy = STR("{}"),
	};

	return intake_report_begin(f, &h, &e);
}

static bool end(struct intake *f, const char *ident)
{
	struct store_tail t = { .ident = str_of(ident), .file = STR("f") };

	return intake_report_end(f, &t, &e);
}

/* Rows i = 0 to n - 1, with i + 1 messages and `extra` octets of JSON. */
static bool rows(struct intake *f, unsigned n, size_t extra)
{
	char ip[32], *auth = malloc(extra + 2);
	bool ok = true;

	assert_non_null(auth);
	memset(auth, ' ', extra + 2);
	auth[0] = '[';
	auth[extra + 1] = ']';
	for (unsigned i = 0; ok && i < n; i++) {
		struct store_record r = {
			.source_ip = { ip, (size_t)snprintf(ip, sizeof ip,
							    "192.0.2.%u",
							    i % 256) },
			.messages = i + 1,
			.disposition = STR("none"),
			.header_from = STR("example.org"),
			.auth = { auth, extra + 2 },
		};

		ok = intake_put_record(f, &r, &e);
	}
	free(auth);
	return ok;
}

static bool report(struct intake *f, const char *id, unsigned n, size_t extra)
{
	return begin(f, id, STORE_AGGREGATE) && rows(f, n, extra) && end(f, id);
}

static void order(void **state)
{
	struct store *s = store_open(url, true, &e);
	struct intake *f = intake_new(s, &e);
	struct store_counts c = { 0 };

	(void)state;
	assert_non_null(f);
	assert_true(report(f, "small", 3, 0));
	assert_true(report(f, "large", 5000, 100));
	assert_true(report(f, "none", 0, 0));
	assert_true(report(f, "wide", 2, 400000)); /* more than a piece */
	assert_true(intake_commit(f, &c, &e));
	assert_int_equal(c.reports, 4);
	assert_int_equal(c.records, 5005);
	/* the same again, in one piece and in many */
	assert_true(report(f, "small", 3, 0));
	assert_true(report(f, "large", 5000, 100));
	assert_true(intake_commit(f, &c, &e));
	assert_true(intake_commit(f, &c, &e));
	assert_int_equal(c.reports, 4);
	assert_int_equal(c.duplicates, 2);
	intake_free(f);
	unroll(s);
	assert_string_equal(one(s, "SELECT count(*) FROM record"), "5005");
	assert_string_equal(
		one(s, "SELECT count(*) FROM record WHERE messages = n"),
		"5005");
	assert_string_equal(one(s, "SELECT max(length(auth)) FROM record"),
			    "400002");
	assert_string_equal(
		one(s,
		    "SELECT group_concat(report_id) FROM (SELECT report_id FROM report ORDER BY report)"),
		"small,large,none,wide");
	assert_string_equal(one(s, "SELECT sum(messages) FROM traffic"),
			    "12502509");
	assert_string_equal(one(s, "SELECT sum(messages) FROM traffic_day"),
			    "12502509");
	store_close(s);
}

static void kinds(void **state)
{
	struct store *s = store_open(url, true, &e);
	struct intake *f = intake_new(s, &e);
	struct store_tls tls = { .policy_type = STR("sts"), .sessions = 4 };
	struct store_failure failure = { .subject = STR("hello"),
					 .incidents = 1 };
	struct store_counts c = { 0 };

	(void)state;
	assert_true(begin(f, "t", STORE_TLS));
	for (int i = 0; i < 600; i++)
		assert_true(intake_put_tls(f, &tls, &e));
	assert_true(end(f, "t"));
	assert_true(begin(f, "f", STORE_FAILURE));
	assert_true(intake_put_failure(f, &failure, &e));
	assert_true(end(f, "f"));
	assert_true(intake_commit(f, &c, &e));
	intake_free(f);
	assert_int_equal(c.reports, 2);
	assert_string_equal(one(s, "SELECT sum(sessions) FROM tls"), "2400");
	assert_string_equal(one(s, "SELECT source_ip IS NULL FROM failure"),
			    "1");
	assert_string_equal(one(s, "SELECT subject FROM failure"), "hello");
	store_close(s);
}

static void given_up(void **state)
{
	struct store *s = store_open(url, true, &e);
	struct intake *f = intake_new(s, &e);
	struct store_counts c = { 0 };

	(void)state;
	assert_true(begin(f, "1", STORE_TLS)); /* in one piece */
	assert_true(intake_report_cancel(f, &e));
	assert_true(begin(f, "2", STORE_AGGREGATE)); /* in many */
	assert_true(rows(f, 3000, 0));
	assert_true(intake_report_cancel(f, &e));
	assert_true(report(f, "3", 2, 0));
	assert_true(intake_commit(f, &c, &e));
	assert_true(report(f, "4", 2, 0)); /* never committed */
	assert_true(begin(f, "5", STORE_AGGREGATE));
	assert_true(rows(f, 2000, 0));
	intake_free(f);
	assert_int_equal(c.reports, 1);
	assert_string_equal(
		one(s,
		    "SELECT group_concat(report_id) FROM (SELECT report_id FROM report ORDER BY report)"),
		"3");
	unroll(s);
	assert_string_equal(one(s, "SELECT count(*) FROM record"), "2");
	assert_string_equal(one(s, "SELECT sum(messages) FROM traffic"), "3");
	store_close(s);
}

/* Without the table nothing can be put; many pieces later at the latest that is
 * told, and at the end again. */
static void refused(void **state)
{
	struct store *s = store_open(url, true, &e);
	struct intake *f = intake_new(s, &e);
	struct store_counts c = { 0 };
	bool ok = true;

	(void)state;
	assert_true(report(f, "1", 1, 0));
	assert_true(intake_commit(f, &c, &e));
	assert_string_equal(one(s, "DROP TABLE record_block"), "");
	for (int i = 0; ok && i < 100; i++)
		ok = report(f, "2", 600, 0);
	assert_false(ok);
	e.text[0] = '\0';
	assert_false(intake_commit(f, &c, &e));
	assert_non_null(strstr(e.text, "record"));
	assert_false(report(f, "3", 600, 0));
	intake_free(f);
	assert_int_equal(c.reports, 1);
	assert_string_equal(one(s, "SELECT count(*) FROM report"), "1");
	store_close(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(order, setup, teardown),
		cmocka_unit_test_setup_teardown(kinds, setup, teardown),
		cmocka_unit_test_setup_teardown(given_up, setup, teardown),
		cmocka_unit_test_setup_teardown(refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
