/* Who makes a report, what was sent, who gets none.  On SQLite, or in the store
 * that INKAN_TEST_STORE names. */
#include "store/outbox.h"
#include "store/verdicts.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DAY = 86400, TODAY = 20700, LEASE = 900, TEXT = 256 };

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

static void put_verdict(uint64_t n, const char *domain, const char *rua)
{
	struct store_verdict v = {
		.n = n,
		.time = (int64_t)TODAY * DAY + (int64_t)n,
		.domain = str_of(domain),
		.policy = { .p = STR("none"),
			    .sp = STR(""),
			    .np = STR(""),
			    .adkim = STR(""),
			    .aspf = STR(""),
			    .testing = STR(""),
			    .fo = STR(""),
			    .discovery = STR("treewalk"),
			    .rua = str_of(rua) },
		.source_ip = STR("192.0.2.1"),
		.header_from = str_of(domain),
		.result = STR("fail"),
		.disposition = STR("none"),
		.auth = STR("[]"),
		.action = STR("accept"),
	};
	struct store_writer w = { 77, STR("node") };
	uint64_t added;

	assert_true(store_put_verdicts(store, &w, &v, 1, &added, &e));
}

static int setup(void **state)
{
	const char *named = getenv(
		"INKAN_TEST_STORE"); /* NOLINT(concurrency-mt-unsafe) */
	uint64_t n;

	(void)state;
	(void)snprintf(dir, sizeof dir, "/tmp/inkan-outbox.XXXXXX");
	if (named)
		(void)snprintf(url, sizeof url, "%s", named);
	else if (mkdtemp(dir))
		(void)snprintf(url, sizeof url, "sqlite:%s/s.db", dir);
	if (named)
		*dir = '\0';
	store = store_open(url, true, &e);
	assert_non_null(store);
	assert_true(store_prune_verdicts(store, INT64_MAX / DAY, &n, &e));
	clear("sending");
	clear("sent");
	clear("suppressed");
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

static struct store_unit unit(const char *holder)
{
	struct store_unit u = { .domain = STR("a.example"), .day = TODAY };

	(void)snprintf(u.holder, sizeof u.holder, "%s", holder);
	return u;
}

static bool claim(struct store_unit *u, const char *token, int64_t now)
{
	bool taken;

	assert_true(store_claim(store, u, token, now, now + LEASE, &taken, &e));
	return taken;
}

static bool renew(const struct store_unit *u, int64_t now)
{
	bool ours;

	assert_true(store_renew(store, u, now + LEASE, &ours, &e));
	return ours;
}

static bool join(void *arg, str domain)
{
	char *text = arg;

	size_t n = strlen(text);

	(void)snprintf(text + n, TEXT - n, "%.*s ", STR_ARG(domain));
	return true;
}

static void is_owed(int64_t now, const char *want)
{
	char text[TEXT] = "";

	assert_true(store_owed(store, TODAY, now, join, text, &e));
	assert_string_equal(text, want);
}

static void who_is_owed(void **state)
{
	(void)state;
	put_verdict(1, "b.example", "mailto:x@b.example");
	put_verdict(2, "a.example", "mailto:x@a.example");
	put_verdict(3, "none.example", "");
	is_owed(NOW, "a.example b.example ");
}

static void one_at_a_time(void **state)
{
	struct store_unit one = unit("1111111111111111");
	struct store_unit two = unit("2222222222222222");

	(void)state;
	assert_true(claim(&one, "aaaaaaaaaaaaaaaa", NOW));
	assert_int_equal(one.attempts, 1);
	assert_string_equal(one.token, "aaaaaaaaaaaaaaaa");
	is_owed(NOW, "b.example ");
	assert_false(claim(&two, "bbbbbbbbbbbbbbbb", NOW + LEASE - 1));
	assert_true(renew(&one, NOW + 100));
	assert_false(claim(&two, "bbbbbbbbbbbbbbbb", NOW + LEASE));
	/* the first is gone: the second goes on, under the first's token */
	is_owed(NOW + 100 + LEASE, "a.example b.example ");
	assert_true(claim(&two, "bbbbbbbbbbbbbbbb", NOW + 100 + LEASE));
	assert_int_equal(two.attempts, 2);
	assert_string_equal(two.token, "aaaaaaaaaaaaaaaa");
	assert_false(renew(&one, NOW + 200 + LEASE));
	assert_true(store_finish(store, &one, STORE_SENT, 0, STR(""), &e));
	assert_true(renew(&two, NOW + 200 + LEASE));
}

static void later_and_done(void **state)
{
	struct store_unit two = unit("2222222222222222");
	int64_t later = NOW + 10000;

	(void)state;
	assert_true(store_finish(store, &two, STORE_LATER, later,
				 STR("no answer"), &e));
	assert_false(claim(&two, "cccccccccccccccc", later - 1));
	assert_true(claim(&two, "cccccccccccccccc", later));
	assert_int_equal(two.attempts, 3);
	assert_true(store_finish(store, &two, STORE_SENT, 0, STR(""), &e));
	assert_false(claim(&two, "dddddddddddddddd", later + LEASE));
	is_owed(later * 2, "b.example ");
}

static void what_was_sent(void **state)
{
	struct store_unit u = unit("3333333333333333");
	struct store_mail m = { .report_id = STR("1@x.example"),
				.address = STR("d@a.example"),
				.message_id = STR("1.2@x.example"),
				.records = 2,
				.messages = 3,
				.now = NOW };
	struct arena *a = arena_new(4096);
	str address;
	bool was;

	(void)state;
	assert_true(
		store_was_sent(store, &u, m.report_id, m.address, &was, &e));
	assert_false(was);
	for (int i = 0; i < 2; i++)
		assert_true(store_put_sent(store, &u, &m, &e));
	assert_true(
		store_was_sent(store, &u, m.report_id, m.address, &was, &e));
	assert_true(was);
	assert_true(store_was_sent(store, &u, m.report_id, STR("x@a.example"),
				   &was, &e));
	assert_false(was);
	assert_true(store_sent_to(store, m.message_id, a, &address, &e));
	assert_str(address, m.address);
	assert_true(store_sent_to(store, STR("other"), a, &address, &e));
	assert_str(address, STR(""));
	assert_true(store_prune_outbox(store, TODAY, &e));
	assert_true(
		store_was_sent(store, &u, m.report_id, m.address, &was, &e));
	assert_true(was);
	assert_true(store_prune_outbox(store, TODAY + 1, &e));
	assert_true(
		store_was_sent(store, &u, m.report_id, m.address, &was, &e));
	assert_false(was);
	is_owed(NOW * 2, "a.example b.example ");
	arena_free(a);
}

static bool join_address(void *arg, const struct store_suppressed *x)
{
	return join(arg, x->address) && join(arg, x->why);
}

static bool suppressed(const char *address, int64_t now)
{
	bool is;

	assert_true(store_is_suppressed(store, STR("a.example"),
					str_of(address), now, &is, &e));
	return is;
}

static void who_gets_none(void **state)
{
	struct store_suppressed x = { STR("d@a.example"), NOW, NOW + 10,
				      STR("first") };
	char text[TEXT] = "";
	bool was;

	(void)state;
	assert_false(suppressed("d@a.example", NOW));
	assert_true(store_suppress(store, STR("a.example"), &x, &e));
	x.why = STR("again");
	x.until = NOW + 20;
	assert_true(store_suppress(store, STR("a.example"), &x, &e));
	assert_true(suppressed("d@a.example", NOW + 19));
	assert_false(suppressed("d@a.example", NOW + 20));
	assert_false(suppressed("e@a.example", NOW));
	assert_true(store_suppressions(store, NOW, join_address, text, &e));
	assert_string_equal(text, "d@a.example again ");
	assert_true(
		store_unsuppress(store, STR("a.example"), x.address, &was, &e));
	assert_true(was);
	assert_true(
		store_unsuppress(store, STR("a.example"), x.address, &was, &e));
	assert_false(was);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_owed),
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(later_and_done),
		cmocka_unit_test(what_was_sent),
		cmocka_unit_test(who_gets_none),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
