/* A verdict of ours as a row of the store. */
#include "base/limits.h"
#include "report/own.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(65536);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

/* One message of example.org, with what follows of a record. */
struct scene {
	struct dmarc_record record;
	struct dmarc_identifier ids[3];
	enum dmarc_alignment alignment[3];
	struct dmarc_verdict check;
	struct verdict_dmarc dmarc;
	struct verdict_dkim rows[40];
	struct spf_verdict spf;
	struct verdict v;
	struct own_facts facts;
	struct store_verdict out;
};

static void begin(struct scene *s, const char *record, enum dmarc_result result,
		  enum dmarc_policy policy)
{
	*s = (struct scene){ .facts.done = DMARC_POLICY_NONE,
			     .facts.action = "accept" };
	dmarc_record_parse(arena, str_of(record), &s->record);
	s->check = (struct dmarc_verdict){
		.result = result,
		.domain = STR("example.org"),
		.organizational_domain = STR("example.org"),
		.record = &s->record,
		.policy_domain = STR("example.org"),
		.tag = "p",
		.policy = policy,
		.exists = true,
		.ids = s->ids,
		.alignment = s->alignment,
	};
	s->dmarc = (struct verdict_dmarc){
		.result = result,
		.domain = STR("example.org"),
		.disposition = result == DMARC_FAIL ? policy
						    : DMARC_POLICY_NONE,
		.check = &s->check,
	};
	s->v = (struct verdict){
		.dkim_judged = true,
		.dkim_rows = s->rows,
		.dmarc = &s->dmarc,
		.mail_from = STR("a@example.org"),
	};
}

static void is(str got, const char *want)
{
	if (!want)
		assert_null(got.p);
	else if (!str_eq(got, str_of(want)))
		fail_msg("got %.*s, want %s", STR_ARG(got), want);
}

static void dkim(struct scene *s, enum dkim_result result, const char *domain,
		 const char *selector)
{
	s->rows[s->v.n_dkim++] = (struct verdict_dkim){
		.result = result,
		.domain = str_of(domain),
		.selector = str_of(selector),
	};
}

/* RFC 9990 3.1.1.13: what passes and aligns comes first. */
static void order_of_results(void **state)
{
	static struct scene s;

	(void)state;
	begin(&s, "v=DMARC1; p=none", DMARC_PASS, DMARC_POLICY_NONE);
	dkim(&s, DKIM_FAIL, "example.org", "f");
	dkim(&s, DKIM_PASS, "other.example", "o");
	dkim(&s, DKIM_PASS, "mail.example.org", "r");
	dkim(&s, DKIM_PASS, "example.org", "e");
	s.ids[0] = (struct dmarc_identifier){ DMARC_DKIM, DMARC_ID_PASS,
					      STR("mail.example.org") };
	s.ids[1] = (struct dmarc_identifier){ DMARC_DKIM, DMARC_ID_PASS,
					      STR("example.org") };
	s.alignment[0] = DMARC_RELAXED;
	s.alignment[1] = DMARC_EQUAL;
	s.check.n_ids = 2;
	s.check.dkim_aligned = true;
	s.spf = (struct spf_verdict){ .result = SPF_NONE,
				      .domain = STR("b\xff.example") };
	s.v.spf = &s.spf; /* its domain is none: left out */
	assert_true(own_verdict(arena, &s.v, &s.facts, &s.out));
	is(s.out.auth,
	   "[{\"method\":\"dkim\",\"domain\":\"example.org\",\"selector\":"
	   "\"e\",\"result\":\"pass\"},{\"method\":\"dkim\",\"domain\":"
	   "\"mail.example.org\",\"selector\":\"r\",\"result\":\"pass\"},"
	   "{\"method\":\"dkim\",\"domain\":\"other.example\",\"selector\":"
	   "\"o\",\"result\":\"pass\"},{\"method\":\"dkim\",\"domain\":"
	   "\"example.org\",\"selector\":\"f\",\"result\":\"fail\"}]");
	is(s.out.disposition, "none");
	is(s.out.reasons, NULL);
	is(s.out.policy.fo, "0");
	is(s.out.policy.sp, "");
	assert_true(s.out.dkim && !s.out.spf);
}

/* However many and long they are, what matters stays. */
static void long_results(void **state)
{
	static struct scene s;
	char name[220];

	(void)state;
	for (size_t i = 0; i < sizeof name; i++)
		name[i] = i % 50 == 49 ? '.' : 'a';
	memcpy(name + sizeof name - 9, ".example", 9);
	begin(&s, "v=DMARC1; p=reject", DMARC_PASS, DMARC_POLICY_REJECT);
	for (int i = 0; i < 39; i++)
		dkim(&s, DKIM_FAIL, name, name);
	dkim(&s, DKIM_PASS, "example.org", "e");
	assert_true(own_verdict(arena, &s.v, &s.facts, &s.out));
	assert_true(s.out.auth.n <= LIMIT_OWN_AUTH && s.out.auth.n > 4000);
	assert_true(str_starts(
		s.out.auth, STR("[{\"method\":\"dkim\",\"domain\":\"example.org"
				"\"")));
	assert_int_equal(s.out.auth.p[s.out.auth.n - 1], ']');
	is(s.out.disposition, "pass");
}

static void what_others_said(void **state)
{
	static struct scene s;

	(void)state;
	begin(&s, "v=DMARC1; p=none", DMARC_PASS, DMARC_POLICY_NONE);
	s.v.dkim_judged = false;
	s.ids[0] = (struct dmarc_identifier){ DMARC_DKIM, DMARC_ID_PASS,
					      STR("example.org") };
	s.ids[1] = (struct dmarc_identifier){ DMARC_SPF, DMARC_ID_TEMPERROR,
					      STR("example.org") };
	s.check.n_ids = 2;
	assert_true(own_verdict(arena, &s.v, &s.facts, &s.out));
	is(s.out.auth,
	   "[{\"method\":\"dkim\",\"domain\":\"example.org\",\"result\":"
	   "\"pass\"},{\"method\":\"spf\",\"domain\":\"example.org\",\"scope\":"
	   "\"mfrom\",\"result\":\"temperror\"}]");
}

static const struct {
	const char *record;
	enum dmarc_result result;
	enum dmarc_policy policy, done;
	const char *override, *disposition, *reasons;
} outcomes[] = {
	{ "v=DMARC1; p=reject", DMARC_FAIL, DMARC_POLICY_REJECT,
	  DMARC_POLICY_REJECT, "", "reject", NULL },
	{ "v=DMARC1; p=reject", DMARC_PASS, DMARC_POLICY_REJECT,
	  DMARC_POLICY_NONE, "", "pass", NULL },
	{ "v=DMARC1; p=reject", DMARC_FAIL, DMARC_POLICY_REJECT,
	  DMARC_POLICY_NONE, "", "none",
	  "[{\"type\":\"local_policy\",\"comment\":\"the policy is not enforced "
	  "here\"}]" },
	{ "v=DMARC1; p=reject", DMARC_FAIL, DMARC_POLICY_REJECT,
	  DMARC_POLICY_NONE, "local policy: arc=pass as[1].d=list.example",
	  "none",
	  "[{\"type\":\"local_policy\",\"comment\":\"arc=pass "
	  "as[1].d=list.example\"}]" },
	{ "v=DMARC1; p=reject; t=y", DMARC_FAIL, DMARC_POLICY_QUARANTINE,
	  DMARC_POLICY_NONE, "", "none",
	  "[{\"type\":\"policy_test_mode\"},{\"type\":\"local_policy\","
	  "\"comment\":\"the policy is not enforced here\"}]" },
	{ "v=DMARC1; p=none; t=y", DMARC_FAIL, DMARC_POLICY_NONE,
	  DMARC_POLICY_NONE, "", "none", NULL },
	{ "v=DMARC1; p=none", DMARC_TEMPERROR, DMARC_POLICY_NONE,
	  DMARC_POLICY_NONE, "", "none", "[{\"type\":\"other\"}]" },
};

static void what_became_of_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(outcomes); i++) {
		static struct scene s;

		begin(&s, outcomes[i].record, outcomes[i].result,
		      outcomes[i].policy);
		s.facts.done = outcomes[i].done;
		s.facts.override = str_of(outcomes[i].override);
		assert_true(own_verdict(arena, &s.v, &s.facts, &s.out));
		is(s.out.disposition, outcomes[i].disposition);
		is(s.out.reasons, outcomes[i].reasons);
	}
}

static void names(void **state)
{
	static struct scene s;
	str to[] = { STR_INIT("<b@Example.net>"), STR_INIT("c@example.NET") };

	(void)state;
	begin(&s,
	      "v=DMARC1; p=none; fo=1:d:s; rua=mailto:a@example.org!1m,"
	      "https://x.example/%2c,mailto:b@example.net",
	      DMARC_PASS, DMARC_POLICY_NONE);
	s.facts.rcpts = to;
	s.facts.n_rcpts = 2;
	s.v.mail_from = STR("");
	assert_true(ip_parse(STR("2001:DB8:0::1"), &s.v.ip));
	assert_true(own_verdict(arena, &s.v, &s.facts, &s.out));
	is(s.out.envelope_from, "");
	is(s.out.envelope_to, "example.net");
	is(s.out.source_ip, "2001:db8::1");
	is(s.out.policy.fo, "1:d:s");
	is(s.out.policy.rua,
	   "mailto:a@example.org,https://x.example/%2c,mailto:b@example.net");
	to[1] = STR("c@example.com");
	s.v.mail_from = STR("a@b_d.example");
	assert_true(own_verdict(arena, &s.v, &s.facts, &s.out));
	is(s.out.envelope_to, NULL);
	is(s.out.envelope_from, "b_d.example");
	s.v.mail_from = STR("a@b\xff\x01.example");
	s.check.record = NULL; /* no policy: the organizational domain */
	s.check.organizational_domain = STR("example.net");
	assert_true(own_verdict(arena, &s.v, &s.facts, &s.out));
	is(s.out.envelope_from, NULL);
	is(s.out.domain, "example.net");
	is(s.out.policy.p, NULL);
	/* whose report would it be? */
	s.dmarc.result = DMARC_PERMERROR;
	assert_false(own_verdict(arena, &s.v, &s.facts, &s.out));
	s.v.dmarc = NULL;
	assert_false(own_verdict(arena, &s.v, &s.facts, &s.out));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(order_of_results, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(long_results, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_others_said, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_became_of_it, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(names, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
