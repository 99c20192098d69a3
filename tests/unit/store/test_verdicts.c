/* Own verdicts: batches that come twice, sums, the rows of a report, the end of
 * old days.  On SQLite, or in the store that INKAN_TEST_STORE names. */
#include "store/query.h"
#include "store/verdicts.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DAY = 86400, MONDAY = 20700 };

static char dir[64], url[512];
static struct err e;

static int setup(void **state)
{
	const char *named = getenv(
		"INKAN_TEST_STORE"); /* NOLINT(concurrency-mt-unsafe) */
	struct store *s;
	uint64_t n;

	(void)state;
	if (named) { /* all that it holds goes */
		(void)snprintf(url, sizeof url, "%s", named);
		s = store_open(url, true, &e);
		assert_non_null(s);
		assert_true(store_prune_verdicts(s, INT64_MAX / DAY, &n, &e));
		store_close(s);
		return 0;
	}
	(void)snprintf(dir, sizeof dir, "/tmp/inkan-verdicts.XXXXXX");
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
	if (!*dir)
		return 0;
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof path, "%s/s.db%s", dir, names[i]);
		(void)unlink(path);
	}
	return rmdir(dir);
}

static struct store_verdict verdict(uint64_t n, const char *domain)
{
	return (struct store_verdict){
		.n = n,
		.time = (int64_t)MONDAY * DAY + (int64_t)n,
		.domain = str_of(domain),
		.policy = { .p = STR("reject"),
			    .adkim = STR("r"),
			    .discovery = STR("treewalk"),
			    .rua = STR("mailto:r@example.org") },
		.source_ip = STR("192.0.2.1"),
		.header_from = STR("example.org"),
		.envelope_from = STR(""),
		.result = STR("pass"),
		.disposition = STR("pass"),
		.dkim = true,
		.auth = STR("[]"),
		.action = STR("accept"),
	};
}

static const struct store_writer one = { 7, STR_INIT("a.example") },
				 other = { 8, STR_INIT("b.example") };

static uint64_t put(struct store *s, const struct store_writer *w,
		    const struct store_verdict *v, size_t n)
{
	uint64_t added;

	if (!store_put_verdicts(s, w, v, n, &added, &e))
		fail_msg("%s", e.text);
	return added;
}

static bool add_sum(void *arg, const struct store_summary *s)
{
	uint64_t *sums = arg;

	sums[0]++;
	sums[1] += s->messages;
	sums[2] += s->pass;
	sums[3] += s->reject;
	return true;
}

static void sums_are(struct store *s, uint64_t domains, uint64_t messages,
		     uint64_t pass, uint64_t reject)
{
	const struct store_filter own = { .own = true, STORE_ALL_DAYS };
	uint64_t sums[4] = { 0 };

	assert_true(store_summaries(s, &own, add_sum, sums, &e));
	assert_int_equal(sums[0], domains);
	assert_int_equal(sums[1], messages);
	assert_int_equal(sums[2], pass);
	assert_int_equal(sums[3], reject);
}

/* A batch whose commit nobody heard of is put again, with more behind it. */
static void again(void **state)
{
	struct store *s = store_open(url, true, &e);
	struct store_verdict v[] = { verdict(1, "example.org"),
				     verdict(2, "example.net"),
				     verdict(3, "example.org") };

	(void)state;
	v[2].dkim = false;
	v[2].disposition = STR("reject");
	assert_int_equal(put(s, &one, v, 2), 2);
	assert_int_equal(put(s, &one, v, 3), 1);
	assert_int_equal(put(s, &one, v, 3), 0);
	sums_are(s, 2, 3, 2, 1);
	assert_int_equal(put(s, &other, v, 3), 3);
	sums_are(s, 2, 6, 4, 2);
	assert_int_equal(put(s, &one, v, 0), 0);
	store_close(s);
}

struct seen {
	size_t n;
	struct {
		uint64_t messages;
		int64_t first, last;
		char policy[24], p[16], from[64];
		bool null_from, no_to;
	} rows[8];
};

static bool keep_row(void *arg, const struct store_verdict_row *r)
{
	struct seen *x = arg;

	assert_true(x->n < 8);
	x->rows[x->n].messages = r->messages;
	x->rows[x->n].first = r->first;
	x->rows[x->n].last = r->last;
	x->rows[x->n].null_from = r->envelope_from.p && !r->envelope_from.n;
	x->rows[x->n].no_to = !r->envelope_to.p;
	(void)snprintf(x->rows[x->n].policy, 24, "%.*s", STR_ARG(r->policy_id));
	(void)snprintf(x->rows[x->n].p, 16, "%.*s", STR_ARG(r->policy.p));
	(void)snprintf(x->rows[x->n].from, 64, "%.*s", STR_ARG(r->header_from));
	x->n++;
	return true;
}

static bool keep_domain(void *arg, str domain)
{
	(void)snprintf((char *)arg + strlen(arg), 64, "%.*s ", STR_ARG(domain));
	return true;
}

static void rows_of_a_report(void **state)
{
	struct store *s = store_open(url, true, &e);
	struct store_verdict v[] = {
		verdict(1, "example.org"),  verdict(2, "example.org"),
		verdict(3, "example.org"),  verdict(4, "example.org"),
		verdict(5, "example.net"),  verdict(6, "example.com"),
		verdict(DAY, "example.org")
	};
	struct seen x = { 0 };
	char domains[200] = "";

	(void)state;
	v[2].header_from = STR("sub.example.org");
	v[3].policy.p = STR("none"); /* it was changed within the day */
	v[4].policy.rua = STR("");
	v[5].policy = (struct store_policy){ 0 };
	assert_int_equal(put(s, &one, v, 7), 7);
	assert_true(store_verdict_domains(s, MONDAY, keep_domain, domains, &e));
	assert_string_equal(domains, "example.org ");
	assert_true(store_verdict_rows(s, STR("example.org"), MONDAY, keep_row,
				       &x, &e));
	assert_int_equal(x.n, 3);

	/* by policy, in the order of their digests; the rows by name */
	size_t none = strcmp(x.rows[0].p, "none") ? 2 : 0;
	size_t reject = none ? 0 : 1;

	assert_string_equal(x.rows[none].p, "none");
	assert_int_equal(x.rows[none].messages, 1);
	assert_string_equal(x.rows[reject].p, "reject");
	assert_string_equal(x.rows[reject].from, "example.org");
	assert_int_equal(x.rows[reject].messages, 2);
	assert_int_equal(x.rows[reject].first, (int64_t)MONDAY * DAY + 1);
	assert_int_equal(x.rows[reject].last, (int64_t)MONDAY * DAY + 2);
	assert_true(x.rows[reject].null_from && x.rows[reject].no_to);
	assert_string_equal(x.rows[reject + 1].from, "sub.example.org");
	assert_string_equal(x.rows[reject].policy, x.rows[reject + 1].policy);
	assert_string_not_equal(x.rows[reject].policy, x.rows[none].policy);

	x.n = 0; /* without a policy there are rows, too */
	assert_true(store_verdict_rows(s, STR("example.com"), MONDAY, keep_row,
				       &x, &e));
	assert_int_equal(x.n, 1);
	assert_string_equal(x.rows[0].p, "");
	store_close(s);
}

static void old_days(void **state)
{
	struct store *s = store_open(url, true, &e);
	struct store_verdict v[4];
	struct seen x = { 0 };
	uint64_t removed;

	(void)state;
	for (uint64_t i = 0; i < 4; i++) {
		v[i] = verdict(i, i % 2 ? "example.org" : "example.net");
		v[i].time = ((int64_t)MONDAY + (int64_t)i) * DAY;
	}
	assert_int_equal(put(s, &one, v, 4), 4);
	assert_true(store_prune_verdicts(s, MONDAY + 2, &removed, &e));
	assert_int_equal(removed, 2);
	sums_are(s, 2, 2, 2, 0);
	assert_true(store_verdict_rows(s, STR("example.net"), MONDAY, keep_row,
				       &x, &e));
	assert_int_equal(x.n, 0);
	assert_true(store_verdict_rows(s, STR("example.org"), MONDAY + 3,
				       keep_row, &x, &e));
	assert_int_equal(x.n, 1);
	assert_true(store_prune_verdicts(s, MONDAY + 2, &removed, &e));
	assert_int_equal(removed, 0);
	store_close(s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(again, setup, teardown),
		cmocka_unit_test_setup_teardown(rows_of_a_report, setup,
						teardown),
		cmocka_unit_test_setup_teardown(old_days, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
