/* The questions of one message: asked once, limited, answered once. */
#include "dns/asks.h"
#include "dns/resolver.h"
#include "test.h"

struct recorder {
	struct resolver resolver;
	unsigned sent, cancelled;
	bool at_once;
};

static const struct dns_answer nodata = { .status = DNS_NODATA };
static const struct dns_answer nxdomain = { .status = DNS_NXDOMAIN };

static void record_send(struct resolver *r, struct asks *as, unsigned id,
			enum dns_type type, str name)
{
	struct recorder *rec = (struct recorder *)r;

	(void)type, (void)name;
	rec->sent++;
	if (rec->at_once)
		asks_answer(as, id, &nodata);
}

static void record_cancel(struct resolver *r, struct asks *as)
{
	(void)as;
	((struct recorder *)r)->cancelled++;
}

static struct recorder recorder(bool at_once)
{
	return (struct recorder){ { record_send, record_cancel, NULL },
				  0,
				  0,
				  at_once };
}

static void bump(void *n)
{
	++*(int *)n;
}

static void a_question_is_sent_once_whatever_its_case(void **state)
{
	struct arena *a = arena_new(1024);
	struct recorder r = recorder(false);
	struct asks *as = asks_new(a, &r.resolver, 4);
	int answers = 0;

	(void)state;
	asks_on_answer(as, bump, &answers);
	assert_null(ask(as, DNS_TXT, STR("a.example")));
	assert_null(ask(as, DNS_TXT, STR("A.Example")));
	assert_null(ask(as, DNS_A, STR("a.example")));
	assert_int_equal(r.sent, 2);
	assert_int_equal(asks_outstanding(as), 2);
	asks_answer(as, 0, &nodata);
	asks_answer(as, 0, &nxdomain); /* too late */
	asks_answer(as, 7, &nodata); /* nobody asked */
	assert_int_equal(answers, 1);
	assert_ptr_equal(ask(as, DNS_TXT, STR("a.example")), &nodata);
	assert_int_equal(asks_outstanding(as), 1);
	asks_cancel(as);
	assert_int_equal(r.cancelled, 1);
	arena_free(a);
}

static void an_answer_inside_ask_is_not_announced(void **state)
{
	struct arena *a = arena_new(1024);
	struct recorder r = recorder(true);
	struct asks *as = asks_new(a, &r.resolver, 4);
	int answers = 0;

	(void)state;
	asks_on_answer(as, bump, &answers);
	assert_ptr_equal(ask(as, DNS_TXT, STR("a.example")), &nodata);
	assert_int_equal(answers, 0);
	asks_cancel(as);
	assert_int_equal(r.cancelled, 0);
	arena_free(a);
}

static void the_limit_is_exact(void **state)
{
	struct arena *a = arena_new(1024);
	struct recorder r = recorder(true);
	struct asks *as = asks_new(a, &r.resolver, 2);

	(void)state;
	assert_int_equal(ask(as, DNS_A, STR("a.example"))->status, DNS_NODATA);
	assert_int_equal(ask(as, DNS_A, STR("b.example"))->status, DNS_NODATA);
	assert_int_equal(ask(as, DNS_A, STR("c.example"))->status,
			 DNS_TEMPFAIL);
	assert_int_equal(ask(as, DNS_A, STR("a.example"))->status, DNS_NODATA);
	assert_int_equal(asks_count(as), 2);
	arena_free(a);
}

/* Room for them is made as they come. */
static void many_questions_keep_their_answers(void **state)
{
	enum { MANY = 60 };
	struct arena *a = arena_new(1024);
	struct recorder r = recorder(false);
	struct asks *as = asks_new(a, &r.resolver, MANY);
	char name[32];

	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof name, "d%u.example", i);
		assert_null(ask(as, DNS_TXT, str_of(name)));
	}
	for (unsigned i = MANY; i--;)
		asks_answer(as, i, i % 2 ? &nodata : &nxdomain);
	assert_int_equal(asks_outstanding(as), 0);
	for (unsigned i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof name, "D%u.example", i);
		assert_ptr_equal(ask(as, DNS_TXT, str_of(name)),
				 i % 2 ? &nodata : &nxdomain);
	}
	assert_int_equal(r.sent, MANY);
	arena_free(a);
}

static void what_is_no_name_is_not_asked(void **state)
{
	struct arena *a = arena_new(1024);
	struct recorder r = recorder(true);
	struct asks *as = asks_new(a, &r.resolver, 9);
	const char *names[] = { "", ".", "a..b", "a.b.", "a\\.b.c", "a\tb" };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(names); i++)
		assert_int_equal(ask(as, DNS_A, str_of(names[i]))->status,
				 DNS_NXDOMAIN);
	assert_int_equal(r.sent, 0);
	arena_free(a);
}

static void a_copy_outlives_its_source(void **state)
{
	struct arena *a = arena_new(64), *b = arena_new(64);
	struct dns_rr rr[] = { { arena_str(a, STR("one")), 10 },
			       { arena_str(a, STR("two")), 20 } };
	const struct dns_answer source = { .status = DNS_OK,
					   .secure = true,
					   .ttl = 7,
					   .n = 2,
					   .rr = rr };
	const struct dns_answer *copy = dns_answer_copy(b, &source);

	(void)state;
	arena_free(a);
	assert_int_equal(copy->n, 2);
	assert_int_equal(copy->ttl, 7);
	assert_true(copy->secure);
	assert_str(copy->rr[1].data, STR("two"));
	assert_int_equal(copy->rr[1].preference, 20);
	arena_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_is_sent_once_whatever_its_case),
		cmocka_unit_test(an_answer_inside_ask_is_not_announced),
		cmocka_unit_test(the_limit_is_exact),
		cmocka_unit_test(many_questions_keep_their_answers),
		cmocka_unit_test(what_is_no_name_is_not_asked),
		cmocka_unit_test(a_copy_outlives_its_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
