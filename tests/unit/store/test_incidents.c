/* Messages that failed: alike ones are counted, what is put again is not, and
 * no flood fills the store.  On SQLite, or in the store that INKAN_TEST_STORE
 * names. */
#include "base/limits.h"
#include "store/incidents.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DAY = 86400, TODAY = 20700 };

static const int64_t NOW = (int64_t)TODAY * DAY;

static char dir[64], url[512];
static struct err e;
static struct store *store;

static bool nothing(void *arg, const str *columns)
{
	(void)arg;
	(void)columns;
	return true;
}

static void clear(const char *table)
{
	char sql[64];

	(void)snprintf(sql, sizeof sql, "DELETE FROM %s", table);
	assert_true(store_query(store, sql, NULL, 0, nothing, NULL, &e));
}

static int setup(void **state)
{
	const char *named = getenv(
		"INKAN_TEST_STORE"); /* NOLINT(concurrency-mt-unsafe) */

	(void)state;
	(void)snprintf(dir, sizeof dir, "/tmp/inkan-incidents.XXXXXX");
	if (named)
		(void)snprintf(url, sizeof url, "%s", named);
	else if (mkdtemp(dir))
		(void)snprintf(url, sizeof url, "sqlite:%s/s.db", dir);
	if (named)
		*dir = '\0';
	store = store_open(url, true, &e);
	assert_non_null(store);
	clear("incident");
	clear("sending_failures");
	clear("sent");
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = { "", "-wal", "-shm" };
	char path[160];

	(void)state;
	store_close(store);
	if (!*dir)
		return 0;
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof path, "%s/s.db%s", dir, names[i]);
		(void)unlink(path);
	}
	return rmdir(dir);
}

static void put(uint64_t writer, uint64_t n, const char *ip)
{
	const struct store_writer w = { writer, STR("node") };
	struct store_incident i = {
		.n = n,
		.time = NOW + (int64_t)n,
		.domain = STR("a.example"),
		.source_ip = str_of(ip),
		.envelope_from = STR("b.example"),
		.alignment = STR("dkim, spf"),
		.feedback = STR("Auth-Failure: dmarc\n"),
		.header = STR("From: x@a.example\n"),
	};

	assert_true(store_put_incidents(store, &w, &i, 1, &e));
}

static struct store_unit unit(void)
{
	return (struct store_unit){ .domain = STR("a.example"),
				    .day = TODAY,
				    .holder = "one",
				    .failures = true };
}

struct sums {
	uint64_t rows, incidents, reported;
	int64_t first, last;
};

static bool add(void *arg, const struct store_incident_row *r)
{
	struct sums *s = arg;

	s->rows++;
	s->incidents += r->incidents;
	s->reported += r->reported;
	s->first = r->first - NOW;
	s->last = r->last - NOW;
	assert_str(r->feedback, STR("Auth-Failure: dmarc\n"));
	assert_str(r->header, STR("From: x@a.example\n"));
	return true;
}

static struct sums owed(int64_t now)
{
	struct store_unit u = unit();
	struct sums s = { .rows = 0 };

	assert_true(store_incidents(store, &u, now, add, &s, &e));
	return s;
}

static bool count(void *arg, str domain, int64_t day)
{
	unsigned *n = arg;

	assert_str(domain, STR("a.example"));
	assert_int_equal(day, TODAY);
	++*n;
	return true;
}

static unsigned units(int64_t now, bool all)
{
	unsigned n = 0;

	assert_true(store_incidents_owed(store, now, all, count, &n, &e));
	return n;
}

static void alike_ones_are_counted(void **state)
{
	struct sums s;

	(void)state;
	put(7, 1, "192.0.2.1");
	put(7, 5, "192.0.2.1");
	put(7, 5, "192.0.2.1"); /* again: a commit whose answer was lost */
	put(8, 5, "192.0.2.1"); /* of another machine */
	put(7, 1, "192.0.2.1");
	s = owed(NOW);
	assert_int_equal(s.rows, 2);
	assert_int_equal(s.incidents, 3);
	assert_int_equal(s.last, 5);
	put(7, 6, "192.0.2.2");
	assert_int_equal(owed(NOW).rows, 3);
}

static void tell_all(void)
{
	char sql[] = "UPDATE incident SET reported = incidents";

	assert_true(store_query(store, sql, NULL, 0, nothing, NULL, &e));
}

static bool keep(void *arg, const struct store_incident_row *r)
{
	struct store_incident_row *out = arg;

	*out = *r;
	out->source_ip = STR("192.0.2.1");
	out->envelope_from = STR("b.example");
	out->alignment = STR("dkim, spf");
	return true;
}

static void told_once_and_the_rest_when_the_day_is_over(void **state)
{
	struct store_unit u = unit();
	struct store_incident_row r;

	(void)state;
	tell_all();
	assert_int_equal(units(NOW, false), 0);
	put(9, 1, "192.0.2.1");
	assert_int_equal(units(NOW, false), 1);
	assert_true(store_incidents(store, &u, NOW, keep, &r, &e));
	assert_int_equal(r.writer, 9);
	assert_true(store_incident_told(store, &u, &r, &e));
	put(9, 2, "192.0.2.1");
	put(9, 3, "192.0.2.1");
	assert_int_equal(units(NOW, false), 0);
	assert_int_equal(units(NOW + DAY, false), 1);
	assert_int_equal(owed(NOW + DAY).incidents, 3);
	assert_int_equal(owed(NOW + DAY).reported, 1);
}

static void one_works_on_it(void **state)
{
	struct store_unit a = unit(), b = unit();
	bool taken;

	(void)state;
	(void)snprintf(b.holder, sizeof b.holder, "two");
	put(10, 1, "192.0.2.9");
	assert_true(
		store_claim(store, &a, "token", NOW, NOW + 900, &taken, &e) &&
		taken);
	assert_true(
		store_claim(store, &b, "other", NOW, NOW + 900, &taken, &e) &&
		!taken);
	assert_int_equal(units(NOW, false), 0);
	assert_int_equal(units(NOW, true), 1); /* of a dry run */
	assert_true(store_release(store, &a, &e));
	assert_int_equal(units(NOW, false), 1);
	b.failures = false; /* the aggregate report is another work */
	assert_true(
		store_claim(store, &a, "token", NOW, NOW + 900, &taken, &e) &&
		taken);
	assert_true(
		store_claim(store, &b, "other", NOW, NOW + 900, &taken, &e) &&
		taken);
	assert_true(store_finish(store, &a, STORE_GIVEN_UP, 0, STR("x"), &e));
	assert_int_equal(units(NOW + DAY, false), 0);
	assert_true(store_prune_outbox(store, TODAY + 1, &e));
	assert_int_equal(units(NOW, false), 1);
}

static void mails_are_counted(void **state)
{
	struct store_unit u = unit();
	struct store_mail m = { .report_id = STR(INCIDENT_ID "1"),
				.address = STR("f@a.example"),
				.message_id = STR("m") };
	uint64_t n;

	(void)state;
	assert_true(store_put_sent(store, &u, &m, &e));
	m.report_id = STR("aggregate");
	assert_true(store_put_sent(store, &u, &m, &e));
	assert_true(store_incident_mails(store, &u, &n, &e));
	assert_int_equal(n, 1);
}

static void a_flood(void **state)
{
	char ip[32];

	(void)state;
	for (unsigned i = 0; i < LIMIT_INCIDENTS + 20; i++) {
		(void)snprintf(ip, sizeof ip, "198.51.100.%u", i);
		put(11, i + 1, ip);
	}
	assert_true(store_query(store, "UPDATE incident SET reported = 0", NULL,
				0, nothing, NULL, &e));
	assert_int_equal(owed(NOW).rows, LIMIT_INCIDENTS);
	tell_all();
	assert_int_equal(owed(NOW).rows, 0);
	put(11, 1000, "198.51.100.1"); /* counted still */
	assert_int_equal(owed(NOW + DAY).rows, 1);
	clear("sending_failures");
	assert_true(store_prune_incidents(store, TODAY, &e));
	assert_int_equal(units(NOW + DAY, true), 1);
	assert_true(store_prune_incidents(store, TODAY + 1, &e));
	assert_int_equal(units(NOW + DAY, true), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alike_ones_are_counted),
		cmocka_unit_test(told_once_and_the_rest_when_the_day_is_over),
		cmocka_unit_test(one_works_on_it),
		cmocka_unit_test(mails_are_counted),
		cmocka_unit_test(a_flood),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
