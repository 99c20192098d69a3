/* The store on SQLite: what is there after batches, doubles, hostile numbers
 * and files that are no store. */
#include "store/store.h"
#include "unroll.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DAY = 86400, MONDAY = 1790000000 / DAY * DAY };

static char dir[64], url[128];
static struct err e;

static int setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof dir, "/tmp/inkan-store.XXXXXX");
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

static struct store_head head(const char *domain, const char *id)
{
	return (struct store_head){
		.domain = str_of(domain),
		.org = STR("r.example"),
		.report_id = str_of(id),
		.begin = MONDAY,
		.end = MONDAY + DAY - 1,
		.policy = STR("{}"),
	};
}

static struct store_record record(const char *ip, uint64_t messages)
{
	return (struct store_record){
		.source_ip = str_of(ip),
		.messages = messages,
		.disposition = STR("none"),
		.dkim = true,
		.header_from = STR("example.org"),
		.auth = STR("[]"),
	};
}

static void put(struct store *s, struct store_head h, const char *ident,
		const struct store_record *r, size_t n)
{
	struct store_tail t = { .ident = str_of(ident), .file = STR("f") };

	assert_true(store_report_begin(s, &h, &e));
	for (size_t i = 0; i < n; i++)
		assert_true(store_put_records(s, &r[i], 1, &e));
	assert_true(store_report_end(s, &t, &e));
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

static void idempotent(void **state)
{
	struct store *s = store_open(url, true, &e);
	struct store_counts c = { 0 };
	struct store_record r[] = { record("192.0.2.1", 3),
				    record("192.0.2.2", 4) };

	(void)state;
	assert_non_null(s);
	for (int i = 0; i < 2;
	     i++) { /* a report twice in one batch, and again */
		assert_true(store_begin(s, &e));
		put(s, head("example.org", "1"), "A", r, 2);
		put(s, head("example.org", "1"), "A", r, 2);
		assert_true(store_commit(s, &c, &e));
	}
	assert_int_equal(c.reports, 1);
	assert_int_equal(c.records, 2);
	assert_int_equal(c.duplicates, 3);
	/* the id again for other content, and for another domain */
	assert_true(store_begin(s, &e));
	put(s, head("example.org", "1"), "B", r, 1);
	put(s, head("example.net", "1"), "A", r, 1);
	assert_true(store_commit(s, &c, &e));
	assert_int_equal(c.reports, 3);
	assert_int_equal(c.reused, 1);
	unroll(s);
	assert_string_equal(one(s, "SELECT sum(messages) FROM traffic"), "13");
	assert_string_equal(one(s, "SELECT sum(messages) FROM traffic_day"),
			    "13");
	assert_string_equal(one(s, "SELECT sum(messages) FROM report"), "13");
	assert_string_equal(one(s, "SELECT sum(messages) FROM record"), "13");
	store_close(s);
}

static void given_up(void **state)
{
	struct store *s = store_open(url, true, &e);
	struct store_head h = head("example.org", "1");
	struct store_record r = record("192.0.2.1", 3);
	struct store_counts c = { 0 };

	(void)state;
	assert_true(store_begin(s, &e));
	assert_true(store_report_begin(s, &h, &e));
	assert_true(store_put_records(s, &r, 1, &e));
	assert_true(store_report_cancel(s, &e)); /* this one alone */
	put(s, h, "A", &r, 1);
	assert_true(store_commit(s, &c, &e));
	unroll(s);
	assert_string_equal(one(s, "SELECT count(*) FROM record"), "1");
	assert_true(store_begin(s, &e)); /* the batch */
	put(s, h, "B", &r, 1);
	store_rollback(s);
	assert_true(store_begin(s, &e)); /* the program */
	put(s, h, "C", &r, 1);
	store_close(s);
	s = store_open(url, false, &e);
	assert_non_null(s);
	unroll(s);
	assert_string_equal(one(s, "SELECT count(*) FROM record"), "1");
	assert_string_equal(one(s, "SELECT sum(messages) FROM traffic"), "3");
	store_close(s);
}

static bool keep_messages(void *arg, const struct flow_row *r)
{
	(void)snprintf(arg, 64, "%llu", (unsigned long long)r->messages);
	return true;
}

/* A column of a table has no place for 2^64 - 1. */
static const char *messages_of_row(struct store *s, uint64_t n)
{
	static const struct store_filter all = { STORE_ALL_DAYS };
	static char text[64];
	struct arena *a = arena_new(1 << 12);
	struct flow_key after = { STR("example.org"), 1, n - 1 };

	assert_true(
		flow_records(s, &all, &after, 1, a, keep_messages, text, &e));
	arena_free(a);
	return text;
}

static void large_numbers(void **state)
{
	struct store *s = store_open(url, true, &e);
	struct store_record r[] = { record("192.0.2.1", UINT64_MAX),
				    record("192.0.2.1", INT64_MAX),
				    record("192.0.2.2", UINT64_MAX) };
	struct store_counts c = { 0 };

	(void)state;
	assert_true(store_begin(s, &e));
	put(s, head("example.org", "1"), "A", r, 3);
	put(s, head("example.org", "2"), "B", r, 3);
	assert_true(store_commit(s, &c, &e));
	unroll(s);
	assert_string_equal(messages_of_row(s, 1), "18446744073709551615");
	assert_string_equal(messages_of_row(s, 2), "9223372036854775807");
	assert_string_equal(one(s, "SELECT max(messages) FROM traffic"),
			    "4000000000000000000");
	/* sums of sums end, they do not fail */
	assert_string_equal(one(s, "SELECT sum(messages) FROM (SELECT messages "
				   "FROM traffic UNION ALL SELECT messages "
				   "FROM traffic)"),
			    "9223372036854775807");
	store_close(s);
}

static void many_days(void **state)
{
	struct store *s = store_open(url, true, &e);
	struct store_head h = head("example.org", "1");
	struct store_record r = record("192.0.2.1", 11);
	struct store_counts c = { 0 };

	(void)state;
	h.end = h.begin + 3 * DAY;
	assert_true(store_begin(s, &e));
	put(s, h, "A", &r, 1);
	h.end = h.begin + 30 * 3600; /* is one day */
	put(s, h, "B", &r, 1);
	h.end = INT64_MAX / 2; /* is nonsense */
	put(s, h, "C", &r, 1);
	assert_true(store_commit(s, &c, &e));
	assert_string_equal(one(s, "SELECT count(*) FROM traffic_day"), "4");
	assert_string_equal(one(s, "SELECT messages - 11 FROM traffic_day "
				   "ORDER BY day LIMIT 1"),
			    "4");
	assert_string_equal(one(s, "SELECT sum(messages) FROM traffic_day"),
			    "33");
	store_close(s);
}

/* A message of each of 40000 sources, twice. */
static void put_many(struct store *s, const char *id)
{
	enum { PIECE = 500 };
	static char ip[PIECE][32];
	struct store_record r[PIECE];
	struct store_head h = head("example.org", id);

	assert_true(store_report_begin(s, &h, &e));
	for (int i = 0; i < 80000; i += PIECE) {
		for (int k = 0; k < PIECE; k++) {
			(void)snprintf(ip[k], sizeof ip[k], "2001:db8::%x",
				       (i + k) % 40000 + 1);
			r[k] = record(ip[k], 1);
		}
		assert_true(store_put_records(s, r, PIECE, &e));
	}
}

/* More kinds of rows than are summed up in memory; and what was written before
 * the end of a report goes when the report does. */
static void many_sources(void **state)
{
	struct store *s = store_open(url, true, &e);
	struct store_tail t = { .ident = STR("A") };
	struct store_counts c = { 0 };
	bool known = false;
	struct store_head h = head("example.org", "2");

	(void)state;
	assert_true(store_begin(s, &e));
	put_many(s, "1");
	assert_true(store_report_end(s, &t, &e));
	put_many(s, "1"); /* again */
	assert_true(store_report_end(s, &t, &e));
	put_many(s, "2");
	assert_true(store_report_cancel(s, &e));
	assert_true(store_skip_known(s, &h, STR("A"), 1, &known, &e));
	assert_true(known);
	assert_true(store_skip_known(s, &h, STR("B"), 1, &known, &e));
	assert_false(known);
	assert_true(store_commit(s, &c, &e));
	assert_int_equal(c.reports, 1);
	assert_int_equal(c.duplicates, 2);
	assert_int_equal(c.records, 80000);
	unroll_sums(s);
	assert_string_equal(one(s, "SELECT count(*) FROM traffic"), "40000");
	assert_string_equal(one(s, "SELECT sum(messages) FROM traffic"),
			    "80000");
	assert_string_equal(one(s, "SELECT sum(messages) FROM traffic_day"),
			    "80000");
	assert_string_equal(one(s, "SELECT sum(rows) FROM record_block"),
			    "80000");
	store_close(s);
}

/* ---- rows in pages ---- */

struct page {
	char domain[32];
	struct flow_key last; /* its domain is above */
	uint64_t n, all;
};

static bool take_row(void *arg, const struct flow_row *r)
{
	struct page *p = arg;
	int d = str_cmp(r->domain, str_of(p->domain));
	char ip[32];

	assert_true(d > 0 || (!d && (r->report > p->last.report ||
				     (r->report == p->last.report &&
				      r->n == p->last.n + 1))));
	(void)snprintf(ip, sizeof ip, "192.0.2.%u", (unsigned)(r->n % 7));
	assert_true(str_eq(r->source_ip, str_of(ip)));
	assert_int_equal(r->messages, r->n);
	(void)snprintf(p->domain, sizeof p->domain, "%.*s", STR_ARG(r->domain));
	p->last = (struct flow_key){ str_of(p->domain), r->report, r->n };
	p->n++;
	p->all++;
	return true;
}

static void read_pages(struct store *s, const char *domain, uint64_t most,
		       uint64_t want)
{
	const struct store_filter f = { STORE_ALL_DAYS,
					.domain = str_of(domain) };
	struct page p = { .all = 0 };
	struct arena *a = arena_new(1 << 12);

	do {
		struct flow_key after = p.last;

		p.n = 0;
		arena_reset(a);
		after.domain = arena_str(a, after.domain);
		assert_true(flow_records(s, &f, p.all ? &after : NULL, most, a,
					 take_row, &p, &e));
		assert_true(p.n <= most);
	} while (p.n == most);
	assert_int_equal(p.all, want);
	arena_free(a);
}

static bool count_row(void *arg, const struct flow_row *r)
{
	struct page *p = arg;

	assert_true(r->n > p->last.n);
	p->last.n = r->n;
	p->n++;
	return true;
}

/* Of one report, behind a row, of one source. */
static void read_report(struct store *s, uint64_t after, uint64_t most,
			uint64_t want, uint64_t last)
{
	struct store_view v = { .of = { STORE_ALL_DAYS,
					.domain = STR("example.org") } };
	struct page p = { .n = 0 };
	struct arena *a = arena_new(1 << 12);

	assert_true(ip_prefix_parse(STR("192.0.2.3"), &v.net));
	assert_true(flow_rows(s, &v, 2, after, most, a, count_row, &p, &e));
	assert_int_equal(p.n, want);
	assert_int_equal(p.last.n, last);
	arena_free(a);
}

/* Rows n from 1 on, with n messages, of seven sources in turn. */
static void put_rows(struct store *s, const char *domain, const char *ident,
		     unsigned rows)
{
	enum { PIECE = 700 };
	static const char ip[7][12] = { "192.0.2.0", "192.0.2.1", "192.0.2.2",
					"192.0.2.3", "192.0.2.4", "192.0.2.5",
					"192.0.2.6" };
	struct store_head h = head(domain, "1");
	struct store_tail t = { .ident = str_of(ident) };
	struct store_record r[PIECE];

	assert_true(store_report_begin(s, &h, &e));
	for (unsigned n = 1; n <= rows;) {
		size_t k = 0;

		for (; k < PIECE && n <= rows; k++, n++)
			r[k] = record(ip[n % 7], n);
		assert_true(store_put_records(s, r, k, &e));
	}
	assert_true(store_report_end(s, &t, &e));
}

static void rows_in_pages(void **state)
{
	struct store *s = store_open(url, true, &e);
	struct store_counts c = { 0 };

	(void)state;
	assert_true(store_begin(s, &e));
	put_rows(s, "example.net", "A", 3);
	put_rows(s, "example.org", "B", 600);
	put_rows(s, "example.org", "C", 40000);
	put_rows(s, "example.org", "D", 512);
	put_rows(s, "example.test", "E", 1025);
	assert_true(store_commit(s, &c, &e));
	assert_int_equal(c.records, 42140);
	read_pages(s, "", 777, 42140);
	read_pages(s, "", 1000000, 42140);
	read_pages(s, "example.org", 512, 41112);
	read_pages(s, "example.net", 1, 3);
	read_pages(s, "example.com", 1, 0);
	read_report(s, 0, UINT64_MAX, 5714, 39994);
	read_report(s, 39990, 10, 1, 39994);
	read_report(s, 513, 2, 2, 521);
	read_report(s, 39995, 2, 0, 0);
	store_close(s);
}

/* Reports of a batch about the same days, and about others. */
static void sums_of_a_batch(void **state)
{
	static const char *const domains[] = { "example.org", "example.net" };
	static const char *const dispositions[] = { "none", "reject", "pass",
						    "quarantine" };
	struct store *s = store_open(url, true, &e);
	struct store_counts c = { 0 };
	char ident[8];

	(void)state;
	assert_true(store_begin(s, &e));
	for (int i = 0; i < 16; i++) {
		struct store_head h = head(domains[i % 2], "1");
		struct store_record r[8];

		h.begin += (int64_t)(i / 2 % 2) * DAY;
		h.end += (int64_t)(i / 2 % 2) * DAY;
		for (int k = 0; k < 8; k++) {
			r[k] = record(k < 4 ? "192.0.2.1" : "192.0.2.2", 1);
			r[k].disposition = str_of(dispositions[k % 4]);
			r[k].dkim = k & 1;
			r[k].spf = (k & 2) != 0;
		}
		(void)snprintf(ident, sizeof ident, "%d", i);
		put(s, h, ident, r, 8);
	}
	assert_true(store_commit(s, &c, &e));
	assert_int_equal(c.records, 128);
	unroll(s);
	assert_string_equal(one(s, "SELECT count(*) FROM traffic"), "32");
	assert_string_equal(one(s, "SELECT count(*) FROM traffic_day"), "16");
	assert_string_equal(
		one(s, "SELECT count(*) FROM traffic_day WHERE messages = 8"),
		"16");
	assert_string_equal(
		one(s, "SELECT count(*) FROM traffic WHERE messages = 4"),
		"32");
	store_close(s);
}

static void no_store(void **state)
{
	char path[128];
	struct store *s;

	(void)state;
	assert_null(store_open(url, false, &e));
	assert_int_equal(e.code, ERR_NO_INPUT);
	assert_null(store_open("sqlite:/nonexistent/s.db", true, &e));
	assert_int_equal(e.code, ERR_CREATE);
	assert_null(store_open("sqlite:", true, &e));
	assert_null(store_open("mysql://h/d", true, &e));
	assert_int_equal(e.code, ERR_USAGE);
	s = store_open(url, true, &e);
	assert_true(store_query(s, "PRAGMA user_version = 999", NULL, 0, keep,
				path, &e));
	store_close(s);
	assert_null(store_open(url, true, &e));
	assert_int_equal(e.code, ERR_CONFIG);
	assert_non_null(strstr(e.text, "newer"));
	(void)snprintf(path, sizeof path, "%s/s.db", dir);

	int fd = open(path, O_WRONLY | O_TRUNC);

	assert_int_equal(write(fd,
			       "no database, whatever its name says. "
			       "no database, whatever its name says. "
			       "no database, whatever its name says.",
			       110),
			 110);
	close(fd);
	assert_null(store_open(url, true, &e));
	assert_int_equal(e.code, ERR_DATA);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(idempotent, setup, teardown),
		cmocka_unit_test_setup_teardown(given_up, setup, teardown),
		cmocka_unit_test_setup_teardown(large_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(many_days, setup, teardown),
		cmocka_unit_test_setup_teardown(many_sources, setup, teardown),
		cmocka_unit_test_setup_teardown(rows_in_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(sums_of_a_batch, setup,
						teardown),
		cmocka_unit_test_setup_teardown(no_store, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
