/* RFC 9989 4.4, 4.10 and 5.3: policies found, identifiers aligned. */
#include "dmarc/check.h"
#include "dns/script.h"
#include "dns/zone.h"
#include "test.h"

static const char *const txt[][2] = {
	{ "_dmarc.ex.test", "v=DMARC1; p=reject; sp=quarantine; np=reject; "
			    "rua=mailto:d@ex.test" },
	{ "news.ex.test", "here" },
	{ "deep.b.ex.test", "here" },
	{ "_dmarc.two.ex.test", "v=DMARC1; p=none" },
	{ "_dmarc.two.ex.test", "v=DMARC1; p=reject" },
	{ "_dmarc.own.ex.test", "v=DMARC1; p=none" },
	{ "_dmarc.dept.ex.test", "v=DMARC1; p=none; psd=n" },
	{ "w.dept.ex.test", "here" },
	/* the nearest record does not win */
	{ "_dmarc.far.test", "v=DMARC1; p=none" },
	{ "_dmarc.b.far.test", "v=DMARC1; p=reject" },
	{ "x.b.far.test", "here" },
	/* a suffix */
	{ "_dmarc.gov.test", "v=DMARC1; p=reject; psd=y" },
	{ "x.agency.gov.test", "here" },
	{ "a.gov.test", "here" },
	{ "_dmarc.rec.gov.test", "v=DMARC1; p=none" },
	{ "sub.rec.gov.test", "here" },
	/* a record at a subdomain alone */
	{ "_dmarc.mail.only.test", "v=DMARC1; p=reject" },
	{ "_dmarc.testing.test", "v=DMARC1; p=reject; np=quarantine; t=y" },
	{ "_dmarc.strict.test", "v=DMARC1; p=reject; adkim=s; aspf=s" },
	{ "_dmarc.norua.test", "v=DMARC1; p=rejct" },
	{ "_dmarc.rua.test", "v=DMARC1; rua=mailto:x@rua.test" },
	{ "_dmarc.text.test", "some text" },
	{ "_dmarc.text.test", "v=DMARC1; p=quarantine" },
	/* the top is asked; eight queries are all there are */
	{ "_dmarc.top", "v=DMARC1; p=quarantine" },
	{ "a.top", "here" },
	{ "_dmarc.c.d.e.f.g.deep8.test", "v=DMARC1; p=reject" },
	{ "_dmarc.b.c.d.e.f.g.deep8.test", "v=DMARC1; p=quarantine" },
	{ "_dmarc.slow.test", "v=DMARC1; p=reject" },
	{ "_dmarc.np.test", "v=DMARC1; p=none; np=reject" },
};

static struct zone *make_zone(void)
{
	struct zone *z = zone_new();
	struct dns_rr nowhere = { .data = STR("nothing.invalid") };
	struct err e;

	for (size_t i = 0; i < TEST_COUNT(txt); i++)
		assert_true(zone_add_txt(z, str_of(txt[i][0]),
					 str_of(txt[i][1]), &e));
	assert_true(
		zone_add(z, STR("alias.np.test"), DNS_CNAME, 60, &nowhere, &e));
	assert_true(zone_add_failure(z, STR("_dmarc.sub.slow.test"), &e));
	assert_true(zone_add_failure(z, STR("_dmarc.lost.test"), &e));
	assert_true(zone_add_failure(z, STR("gone.np.test"), &e));
	return z;
}

struct expectation {
	const char *from;
	const char *ids; /* "dkim:pass:d.test spf:temp:e.test" */
	enum dmarc_result result;
	enum dmarc_policy policy;
	const char *od;
};

#define NONE DMARC_POLICY_NONE
#define QUARANTINE DMARC_POLICY_QUARANTINE
#define REJECT DMARC_POLICY_REJECT
#define ABSENT DMARC_POLICY_ABSENT

static const struct expectation cases[] = {
	{ "ex.test", "dkim:pass:ex.test", DMARC_PASS, REJECT, "ex.test" },
	{ "EX.test", "dkim:pass:ex.TEST", DMARC_PASS, REJECT, "EX.test" },
	{ "ex.test", "", DMARC_FAIL, REJECT, "ex.test" },
	{ "ex.test", "dkim:no:ex.test spf:no:ex.test", DMARC_FAIL, REJECT,
	  "ex.test" },
	{ "ex.test", "spf:pass:bounce.ex.test", DMARC_PASS, REJECT, "ex.test" },
	{ "ex.test", "dkim:pass:evil.test spf:pass:notex.test", DMARC_FAIL,
	  REJECT, "ex.test" },
	{ "ex.test", "dkim:pass:test", DMARC_FAIL, REJECT, "ex.test" },
	/* E1 */
	{ "news.ex.test", "", DMARC_FAIL, QUARANTINE, "ex.test" },
	{ "nope.ex.test", "", DMARC_FAIL, REJECT, "ex.test" },
	{ "news.ex.test", "dkim:pass:a.b.ex.test", DMARC_PASS, QUARANTINE,
	  "ex.test" },
	/* E4: _dmarc below it, so that it exists */
	{ "two.ex.test", "", DMARC_FAIL, QUARANTINE, "ex.test" },
	{ "own.ex.test", "", DMARC_FAIL, NONE, "ex.test" },
	{ "own.ex.test", "dkim:pass:ex.test", DMARC_PASS, NONE, "ex.test" },
	/* E3 */
	{ "w.dept.ex.test", "dkim:pass:ex.test", DMARC_FAIL, NONE,
	  "dept.ex.test" },
	{ "w.dept.ex.test", "dkim:pass:dept.ex.test", DMARC_PASS, NONE,
	  "dept.ex.test" },
	{ "ex.test", "dkim:pass:dept.ex.test", DMARC_FAIL, REJECT, "ex.test" },
	{ "x.b.far.test", "", DMARC_FAIL, NONE, "far.test" },
	{ "b.far.test", "", DMARC_FAIL, REJECT, "far.test" },
	/* E2 */
	{ "x.agency.gov.test", "dkim:pass:agency.gov.test", DMARC_PASS, REJECT,
	  "agency.gov.test" },
	{ "a.gov.test", "dkim:pass:b.gov.test", DMARC_FAIL, REJECT,
	  "a.gov.test" },
	{ "a.gov.test", "dkim:pass:gov.test", DMARC_FAIL, REJECT,
	  "a.gov.test" },
	{ "gov.test", "dkim:pass:gov.test", DMARC_PASS, REJECT, "gov.test" },
	{ "gov.test", "dkim:pass:a.gov.test", DMARC_FAIL, REJECT, "gov.test" },
	{ "sub.rec.gov.test", "", DMARC_FAIL, NONE, "rec.gov.test" },
	{ "mail.only.test", "dkim:pass:only.test", DMARC_FAIL, REJECT,
	  "mail.only.test" },
	{ "only.test", "dkim:pass:only.test", DMARC_NONE, ABSENT, "only.test" },
	{ "testing.test", "", DMARC_FAIL, QUARANTINE, "testing.test" },
	{ "no.testing.test", "", DMARC_FAIL, NONE, "testing.test" },
	{ "testing.test", "dkim:pass:testing.test", DMARC_PASS, QUARANTINE,
	  "testing.test" },
	{ "strict.test", "dkim:pass:a.strict.test spf:pass:b.strict.test",
	  DMARC_FAIL, REJECT, "strict.test" },
	{ "strict.test", "spf:pass:strict.test", DMARC_PASS, REJECT,
	  "strict.test" },
	{ "norua.test", "", DMARC_NONE, ABSENT, "norua.test" },
	{ "rua.test", "", DMARC_FAIL, NONE, "rua.test" },
	{ "text.test", "", DMARC_FAIL, QUARANTINE, "text.test" },
	{ "a.top", "", DMARC_FAIL, QUARANTINE, "top" },
	{ "b.c.d.e.f.g.deep8.test", "", DMARC_FAIL, QUARANTINE,
	  "c.d.e.f.g.deep8.test" },
	/* nine labels: eight are never asked for, seven are */
	{ "a.b.c.d.e.f.g.deep8.test", "", DMARC_FAIL, REJECT,
	  "c.d.e.f.g.deep8.test" },
	{ "localhost", "", DMARC_NONE, ABSENT, "localhost" },
	/* what cannot be looked up */
	{ "lost.test", "dkim:pass:lost.test", DMARC_TEMPERROR, ABSENT, NULL },
	{ "sub.slow.test", "", DMARC_TEMPERROR, ABSENT, NULL },
	{ "slow.test", "dkim:pass:sub.slow.test", DMARC_TEMPERROR, REJECT,
	  "slow.test" },
	{ "slow.test", "dkim:pass:sub.slow.test spf:pass:slow.test", DMARC_PASS,
	  REJECT, "slow.test" },
	{ "slow.test", "dkim:pass:sub.slow.test dkim:pass:other.example",
	  DMARC_TEMPERROR, REJECT, "slow.test" },
	{ "ex.test", "spf:temp:ex.test", DMARC_TEMPERROR, REJECT, "ex.test" },
	{ "ex.test", "spf:temp:other.test", DMARC_FAIL, REJECT, "ex.test" },
	{ "ex.test", "spf:temp:ex.test dkim:pass:ex.test", DMARC_PASS, REJECT,
	  "ex.test" },
	{ "none.example", "spf:temp:none.example", DMARC_NONE, ABSENT,
	  "none.example" },
	/* only NXDOMAIN of the name itself makes it a missing one */
	{ "none.np.test", "", DMARC_FAIL, REJECT, "np.test" },
	{ "alias.np.test", "", DMARC_FAIL, NONE, "np.test" },
	{ "gone.np.test", "", DMARC_TEMPERROR, ABSENT, "np.test" },
};

static size_t read_ids(const char *text, struct dmarc_identifier *ids)
{
	str rest = str_of(text), one;
	size_t n = 0;

	while (text[0] && str_split(&rest, ' ', &one)) {
		str mechanism, status;

		assert_true(str_split(&one, ':', &mechanism));
		assert_true(str_split(&one, ':', &status));
		ids[n++] = (struct dmarc_identifier){
			.mechanism = str_eq(mechanism, STR("spf")) ? DMARC_SPF
								   : DMARC_DKIM,
			.status = str_eq(status, STR("pass")) ? DMARC_ID_PASS
				  : str_eq(status, STR("temp"))
					  ? DMARC_ID_TEMPERROR
					  : DMARC_ID_NO,
			.domain = one,
		};
	}
	return n;
}

static void expect(const struct expectation *c, const struct dmarc_verdict *v)
{
	if (v->result != c->result || v->policy != c->policy)
		fail_msg("From %s, %s: %s, %s (%s)", c->from, c->ids,
			 dmarc_result_word(v->result),
			 dmarc_policy_word(v->policy),
			 v->reason ? v->reason : "");
	assert_str(v->organizational_domain, str_of(c->od));
}

static void messages_are_judged(void **state)
{
	struct zone *z = make_zone();

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct arena *a = arena_new(4096);
		struct dmarc_identifier ids[4];
		struct dmarc_query q = { .domain = str_of(cases[i].from),
					 .ids = ids };

		q.n_ids = read_ids(cases[i].ids, ids);

		struct dmarc_verdict v = dmarc_check(
			asks_new(a, zone_resolver(z), 100), &q);

		expect(&cases[i], &v);
		arena_free(a);
	}
	zone_free(z);
}

/* The same answers, late and in every order: the same verdict. */
static struct script *make_script(struct arena *a, uint64_t seed)
{
	struct script *s = script_new(a);

	for (size_t i = 0; i < TEST_COUNT(txt); i++)
		script_txt(s, txt[i][0], txt[i][1], 0);
	for (size_t i = 0; i < TEST_COUNT(txt); i++)
		script_status(s, txt[i][0], DNS_A, DNS_NODATA, 0);
	script_status(s, "two.ex.test", DNS_A, DNS_NODATA, 0);
	script_status(s, "alias.np.test", DNS_A, DNS_NXDOMAIN, 0);
	script_status(s, "alias.np.test", DNS_CNAME, DNS_OK, 0);
	script_status(s, "_dmarc.sub.slow.test", SCRIPT_ANY, DNS_TEMPFAIL, 0);
	script_status(s, "_dmarc.lost.test", SCRIPT_ANY, DNS_TEMPFAIL, 0);
	script_status(s, "gone.np.test", SCRIPT_ANY, DNS_TEMPFAIL, 0);
	script_shuffle(s, seed);
	return s;
}

static void the_order_of_answers_does_not_matter(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++)
		for (size_t i = 0; i < TEST_COUNT(cases); i++) {
			struct arena *a = arena_new(4096);
			struct script *s = make_script(a, seed);
			struct asks *asks = asks_new(a, script_resolver(s),
						     100);
			struct dmarc_identifier ids[4];
			struct dmarc_query q = { .domain = str_of(
							 cases[i].from),
						 .ids = ids };
			struct dmarc_verdict v;

			q.n_ids = read_ids(cases[i].ids, ids);
			while ((v = dmarc_check(asks, &q)).result ==
			       DMARC_PENDING)
				assert_true(script_next(s));
			expect(&cases[i], &v);
			arena_free(a);
		}
}

/* Eight questions, the name itself and then seven labels to one. */
static void a_walk_asks_eight_times(void **state)
{
	struct arena *a = arena_new(4096);
	struct script *s = script_new(a);
	struct asks *asks = asks_new(a, script_resolver(s), 100);
	struct dmarc_walk w;

	(void)state;
	dmarc_walk(asks, STR("a.b.c.d.e.f.g.h.ex.test"), &w);
	assert_int_equal(w.n, 8);
	assert_int_equal(script_questions(s), 8);
	assert_str(w.steps[1].name, STR("d.e.f.g.h.ex.test"));
	assert_str(w.steps[7].name, STR("test"));
	assert_str(w.organizational_domain, STR("a.b.c.d.e.f.g.h.ex.test"));
	arena_free(a);
}

/* All that can be asked at once is asked at once. */
static void one_wave_of_questions(void **state)
{
	struct arena *a = arena_new(4096);
	struct script *s = script_new(a);
	struct asks *asks = asks_new(a, script_resolver(s), 100);
	struct dmarc_identifier id = { DMARC_DKIM, DMARC_ID_PENDING,
				       STR("mail.ex.test") };
	struct dmarc_query q = { STR("news.ex.test"), &id, 1, NULL };

	(void)state;
	script_default(s, DNS_NXDOMAIN, 10);
	assert_int_equal(dmarc_check(asks, &q).result, DMARC_PENDING);
	assert_int_equal(asks_outstanding(asks), 4);
	while (script_next(s))
		continue;
	assert_int_equal(dmarc_check(asks, &q).result, DMARC_NONE);
	assert_int_equal(asks_count(asks), 4);
	arena_free(a);
}

static str last_two(const struct suffix_list *list, str domain)
{
	const char *dot = domain.p + domain.n;
	int dots = 0;

	(void)list;
	while (dot > domain.p)
		if (*--dot == '.' && ++dots == 2)
			return str_skip(domain, (size_t)(dot + 1 - domain.p));
	return domain;
}

static void a_suffix_list_can_decide(void **state)
{
	static const struct suffix_list list = { last_two };
	static const struct expectation with_list[] = {
		/* the list says only.test; the walk did not */
		{ "mail.only.test", "dkim:pass:only.test", DMARC_PASS, REJECT,
		  "only.test" },
		{ "news.ex.test", "dkim:pass:ex.test", DMARC_PASS, QUARANTINE,
		  "ex.test" },
		{ "x.b.far.test", "", DMARC_FAIL, NONE, "far.test" },
		{ "a.b.top", "", DMARC_NONE, ABSENT, "b.top" },
		{ "ex.test", "dkim:pass:far.test", DMARC_FAIL, REJECT,
		  "ex.test" },
		{ "lost.test", "", DMARC_TEMPERROR, ABSENT, NULL },
	};
	struct zone *z = make_zone();

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(with_list); i++) {
		struct arena *a = arena_new(4096);
		struct dmarc_identifier ids[4];
		struct dmarc_query q = { .domain = str_of(with_list[i].from),
					 .ids = ids,
					 .suffixes = &list };

		q.n_ids = read_ids(with_list[i].ids, ids);

		struct dmarc_verdict v = dmarc_check(
			asks_new(a, zone_resolver(z), 100), &q);

		expect(&with_list[i], &v);
		arena_free(a);
	}
	zone_free(z);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_judged),
		cmocka_unit_test(the_order_of_answers_does_not_matter),
		cmocka_unit_test(a_walk_asks_eight_times),
		cmocka_unit_test(one_wave_of_questions),
		cmocka_unit_test(a_suffix_list_can_decide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
