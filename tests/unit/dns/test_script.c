#include "base/limits.h"
#include "dns/script.h"
#include "test.h"

static void delays_decide_the_order(void **state)
{
	struct arena *a = arena_new(1024);
	struct script *s = script_new(a);
	struct asks *as = asks_new(a, script_resolver(s), 9);
	const struct dns_answer *at_once;

	(void)state;
	script_txt(s, "a.example", "one", 0);
	script_txt(s, "a.example", "two", 0);
	script_txt(s, "slow.example", "slow", 30);
	script_txt(s, "fast.example", "fast", 10);
	script_timeout(s, "dead.example");
	script_status(s, "empty.example", DNS_A, DNS_NODATA, 20);

	at_once = ask(as, DNS_TXT, STR("A.example"));
	assert_non_null(at_once);
	assert_int_equal(at_once->n, 2);
	assert_str(at_once->rr[1].data, STR("two"));
	assert_int_equal(ask(as, DNS_A, STR("a.example"))->status,
			 DNS_NXDOMAIN);

	assert_null(ask(as, DNS_TXT, STR("slow.example")));
	assert_null(ask(as, DNS_TXT, STR("fast.example")));
	assert_null(ask(as, DNS_A, STR("dead.example")));
	assert_null(ask(as, DNS_A, STR("empty.example")));
	assert_true(script_next(s));
	assert_non_null(ask(as, DNS_TXT, STR("fast.example")));
	assert_null(ask(as, DNS_TXT, STR("slow.example")));
	assert_int_equal(script_now(s), 10);
	assert_true(script_next(s));
	assert_int_equal(ask(as, DNS_A, STR("empty.example"))->status,
			 DNS_NODATA);
	assert_true(script_next(s));
	assert_true(script_next(s));
	assert_int_equal(script_now(s), SCRIPT_TIMEOUT_MS);
	assert_int_equal(ask(as, DNS_A, STR("dead.example"))->status,
			 DNS_TEMPFAIL);
	assert_false(script_next(s));
	assert_int_equal(script_questions(s), 6);
	arena_free(a);
}

static void seeds_give_every_order(void **state)
{
	unsigned seen = 0;

	(void)state;
	for (unsigned seed = 0; seed < 64; seed++) {
		struct arena *a = arena_new(1024);
		struct script *s = script_new(a);
		struct asks *as = asks_new(a, script_resolver(s), 9);
		unsigned order = 0;

		script_txt(s, "a.example", "a", 0);
		script_shuffle(s, seed);
		assert_null(ask(as, DNS_TXT, STR("a.example")));
		assert_null(ask(as, DNS_TXT, STR("b.example")));
		assert_null(ask(as, DNS_TXT, STR("c.example")));
		while (script_next(s)) {
			order <<= 3;
			if (ask(as, DNS_TXT, STR("a.example")))
				order |= 1;
			if (ask(as, DNS_TXT, STR("b.example")))
				order |= 2;
		}
		/* the first to come tells enough: 1 = a, 2 = b, 0 = c */
		seen |= 1U << (order >> 6 & 3);
		arena_free(a);
	}
	assert_int_equal(seen, 7);
}

static void cancelled_questions_get_no_answer(void **state)
{
	struct arena *a = arena_new(1024);
	struct script *s = script_new(a);
	struct asks *one = asks_new(a, script_resolver(s), 9);
	struct asks *two = asks_new(a, script_resolver(s), 9);

	(void)state;
	script_default(s, DNS_TEMPFAIL, 5);
	assert_null(ask(one, DNS_A, STR("a.example")));
	assert_null(ask(two, DNS_A, STR("a.example")));
	asks_cancel(one);
	assert_true(script_next(s));
	assert_int_equal(asks_outstanding(one), 1);
	assert_int_equal(asks_outstanding(two), 0);
	assert_false(script_next(s));
	arena_free(a);
}

static void a_feed_answers_what_is_not_listed(void **state)
{
	struct arena *a = arena_new(1024);
	struct script *s = script_new(a);
	struct asks *as = asks_new(a, script_resolver(s), LIMIT_QUESTIONS);
	const struct dns_answer *txt;

	(void)state;
	script_feed(s, STR("\x08"
			   "v=spf1 -all\n\x07\x02\x10"
			   "late\n"));
	txt = ask(as, DNS_TXT, STR("a.example"));
	assert_str(txt->rr[0].data, STR("v=spf1 -all"));
	assert_true(txt->secure);
	assert_true(ask(as, DNS_TXT, STR("b.example"))->bogus);
	assert_int_equal(ask(as, DNS_TXT, STR("c.example"))->status,
			 DNS_NXDOMAIN);
	assert_null(ask(as, DNS_A, STR("d.example")));
	assert_true(script_next(s));
	assert_int_equal(ask(as, DNS_A, STR("d.example"))->rr[0].data.n, 4);
	assert_int_equal(ask(as, DNS_A, STR("e.example"))->rr[0].data.n, 4);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delays_decide_the_order),
		cmocka_unit_test(seeds_give_every_order),
		cmocka_unit_test(cancelled_questions_get_no_answer),
		cmocka_unit_test(a_feed_answers_what_is_not_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
