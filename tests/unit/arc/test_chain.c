/* RFC 8617 5.2: chains made by hand, whole and broken in every way. */
#include "arc/forge.h"

static struct privkey *ed25519, *rsa;

static int make_keys(void **state)
{
	struct err e;

	(void)state;
	ed25519 = privkey_generate(KEY_ED25519, 0, &e);
	rsa = privkey_generate(KEY_RSA, 1024, &e);
	return ed25519 && rsa ? 0 : -1;
}

static int free_keys(void **state)
{
	(void)state;
	privkey_free(ed25519);
	privkey_free(rsa);
	return 0;
}

static void is(const struct arc_chain *c, enum arc_result want,
	       const char *reason, int oldest)
{
	struct arena *a = arena_new(1024);
	str got = arc_chain_reason(c, a);

	if (c->result != want || !str_eq(got, str_of(reason)) ||
	    c->oldest_pass != oldest)
		print_error("got %s \"%.*s\" %d, want %s \"%s\" %d\n",
			    arc_result_word(c->result), STR_ARG(got),
			    c->oldest_pass, arc_result_word(want), reason,
			    oldest);
	assert_int_equal(c->result, want);
	assert_str(got, str_of(reason));
	assert_int_equal(c->oldest_pass, oldest);
	arena_free(a);
}

enum { UNKNOWN = ARC_OLDEST_UNKNOWN };

/* Sets as they are made: the first `plain` ones good, then this one, then good
 * ones again up to n. */
static const struct {
	unsigned n, special;
	struct forge_set set;
	enum arc_result want;
	const char *reason;
	int oldest;
} made[] = {
	{ 0, 0, { 0 }, ARC_NONE, "", UNKNOWN },
	{ 1, 0, { 0 }, ARC_PASS, "", 0 },
	{ 2, 0, { 0 }, ARC_PASS, "", 0 },
	{ 5, 0, { 0 }, ARC_PASS, "", 0 },
	{ 50, 0, { 0 }, ARC_PASS, "", UNKNOWN },
	{ 10, 0, { 0 }, ARC_PASS, "", 0 },
	{ 11, 0, { 0 }, ARC_PASS, "", UNKNOWN },
	/* cv= */
	{ 1,
	  1,
	  { .cv = "pass" },
	  ARC_FAIL,
	  "ARC-Seal i=1: cv= is not \"none\"",
	  UNKNOWN },
	{ 1, 1, { .cv = "fail" }, ARC_FAIL, "ARC-Seal i=1: cv=fail", UNKNOWN },
	{ 2,
	  1,
	  { .cv = "fail" },
	  ARC_FAIL,
	  "ARC-Seal i=1: cv= is not \"none\"",
	  UNKNOWN },
	{ 2,
	  2,
	  { .cv = "none" },
	  ARC_FAIL,
	  "ARC-Seal i=2: cv= is not \"pass\"",
	  UNKNOWN },
	{ 2,
	  2,
	  { .cv = "fail", .alone = true },
	  ARC_FAIL,
	  "ARC-Seal i=2: cv=fail",
	  UNKNOWN },
	{ 3,
	  2,
	  { .cv = "fail" },
	  ARC_FAIL,
	  "ARC-Seal i=2: cv= is not \"pass\"",
	  UNKNOWN },
	{ 2,
	  2,
	  { .cv = "Pass" },
	  ARC_FAIL,
	  "ARC-Seal i=2: unknown word in cv=",
	  UNKNOWN },
	{ 2,
	  2,
	  { .cv = "" },
	  ARC_FAIL,
	  "ARC-Seal i=2: unknown word in cv=",
	  UNKNOWN },
	/* what a seal covers */
	{ 2,
	  2,
	  { .alone = true },
	  ARC_FAIL,
	  "ARC-Seal i=2: signature did not verify",
	  UNKNOWN },
	{ 1, 1, { .alone = true }, ARC_PASS, "", 0 },
	/* tags of the seal */
	{ 1,
	  1,
	  { .seal_more = "; h=from" },
	  ARC_FAIL,
	  "ARC-Seal i=1: h= is not allowed",
	  UNKNOWN },
	{ 1,
	  1,
	  { .seal_more = "; bh=x; c=simple; l=1; x=1" },
	  ARC_PASS,
	  "",
	  0 },
	{ 1,
	  1,
	  { .seal_more = "; s=sel" },
	  ARC_FAIL,
	  "ARC-Seal i=1: duplicate tag",
	  UNKNOWN },
	{ 1,
	  1,
	  { .seal_more = ";" },
	  ARC_FAIL,
	  "ARC-Seal i=1: empty tag",
	  UNKNOWN },
	{ 2,
	  1,
	  { .seal_more = "; x" },
	  ARC_FAIL,
	  "ARC-Seal i=1: tag without \"=\"",
	  UNKNOWN },
	/* tags of the message signature; only the newest has to pass */
	{ 1, 1, { .ams_more = "; v=7" }, ARC_PASS, "", 0 },
	{ 1,
	  1,
	  { .ams_more = "; x=1" },
	  ARC_FAIL,
	  "ARC-Message-Signature i=1: signature expired",
	  UNKNOWN },
	{ 2, 1, { .ams_more = "; x=1" }, ARC_PASS, "", 2 },
	{ 3, 1, { .ams_more = "; x=1" }, ARC_PASS, "", 2 },
	{ 3, 2, { .ams_more = "; x=1" }, ARC_PASS, "", 3 },
	{ 1,
	  1,
	  { .ams_more = "; t=x" },
	  ARC_FAIL,
	  "ARC-Message-Signature i=1: malformed t=",
	  UNKNOWN },
	{ 2, 1, { .ams_more = "; t=x" }, ARC_PASS, "", 2 },
	{ 1, 1, { .ams_more = "; l=4" }, ARC_PASS, "", 0 },
	{ 2, 1, { .ams_more = "; l=4" }, ARC_PASS, "", UNKNOWN },
	{ 1,
	  1,
	  { .ams_more = "; l=2" },
	  ARC_FAIL,
	  "ARC-Message-Signature i=1: body hash did not verify",
	  UNKNOWN },
	{ 2,
	  1,
	  { .ams_more = "; d=example.org" },
	  ARC_FAIL,
	  "ARC-Message-Signature i=1: duplicate tag",
	  UNKNOWN },
	{ 1, 1, { .h = "" }, ARC_PASS, "", 0 },
	{ 1, 1, { .h = "from::to" }, ARC_PASS, "", 0 },
	{ 1, 1, { .h = "subject" }, ARC_PASS, "", 0 },
	{ 1, 1, { .h = "from:from:to:x:subject" }, ARC_PASS, "", 0 },
	{ 1, 1, { .h = "from:arc-authentication-results" }, ARC_PASS, "", 0 },
	{ 2, 2, { .h = "from:arc-message-signature" }, ARC_PASS, "", 0 },
	{ 2,
	  2,
	  { .h = "from:ARC-seal" },
	  ARC_FAIL,
	  "ARC-Message-Signature i=2: ARC-Seal is named in h=",
	  UNKNOWN },
	{ 2, 1, { .h = "from:arc-seal" }, ARC_PASS, "", 2 },
	{ 1, 1, { .c = "c=simple/simple; " }, ARC_PASS, "", 0 },
	{ 1, 1, { .c = "c=simple; " }, ARC_PASS, "", 0 },
	{ 1, 1, { .c = "" }, ARC_PASS, "", 0 },
	{ 1, 1, { .c = "", .ams_more = "; y=was-relaxed" }, ARC_PASS, "", 0 },
	{ 2, 1, { .c = "", .ams_more = "; y=was-relaxed" }, ARC_PASS, "", 0 },
	{ 1,
	  1,
	  { .c = "c=simple; ", .ams_more = "; y=was-relaxed" },
	  ARC_FAIL,
	  "ARC-Message-Signature i=1: signature did not verify",
	  UNKNOWN },
	/* the results are not looked at */
	{ 1, 1, { .aar = "" }, ARC_PASS, "", 0 },
	{ 1, 1, { .aar = " ;;(" }, ARC_PASS, "", 0 },
	/* keys */
	{ 2, 2, { .d = "example.net" }, ARC_PASS, "", 0 },
	{ 2,
	  2,
	  { .d = "none.example" },
	  ARC_FAIL,
	  "ARC-Message-Signature i=2: no key for signature",
	  UNKNOWN },
	{ 2,
	  1,
	  { .d = "none.example" },
	  ARC_FAIL,
	  "ARC-Seal i=1: no key for signature",
	  UNKNOWN },
	{ 2,
	  1,
	  { .d = "bad.example" },
	  ARC_FAIL,
	  "ARC-Seal i=1: malformed key record",
	  UNKNOWN },
	{ 2, 1, { .d = "strict.example" }, ARC_PASS, "", 0 },
	{ 2,
	  1,
	  { .d = "revoked.example" },
	  ARC_FAIL,
	  "ARC-Seal i=1: key revoked",
	  UNKNOWN },
	{ 2,
	  1,
	  { .d = "-" },
	  ARC_FAIL,
	  "ARC-Seal i=1: malformed domain in d=",
	  UNKNOWN },
	{ 2, 1, { .d = "slow.example" }, ARC_PASS, "", 0 },
};

static struct script *answers(struct forge *f)
{
	struct script *s = script_new(f->arena);
	const char *record = forge_record(f);

	script_txt(s, "sel._domainkey.example.org", record, 0);
	script_txt(s, "sel._domainkey.example.net", record, 10);
	script_txt(s, "sel._domainkey.slow.example", record, 3000);
	script_txt(s, "sel._domainkey.bad.example", "v=DKIM1; p", 0);
	script_txt(s, "sel._domainkey.revoked.example", "v=DKIM1; p=", 0);
	script_txt(s, "sel._domainkey.strict.example",
		   forge_text(f, "%s; t=s:y", record), 0);
	script_timeout(s, "sel._domainkey.dead.example");
	script_bogus(s, "sel._domainkey.bogus.example", 5);
	return s;
}

static void as_made(void **state)
{
	const struct forge_set plain = { 0 };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(made); i++) {
		struct arena *a = arena_new(65536);
		struct forge *f = forge_new(a, ed25519);

		for (unsigned k = 1; k <= made[i].n; k++)
			forge_add(f,
				  k == made[i].special ? &made[i].set : &plain);
		is(forge_judge(f, answers(f)), made[i].want, made[i].reason,
		   made[i].oldest);
		arena_free(a);
	}
}

/* Two good sets, then something happens to them. */
static const struct {
	unsigned at;
	enum arc_part part;
	const char *find, *put;
	enum arc_result want;
	const char *reason;
	int oldest;
} changed[] = {
	{ 2, ARC_AS, "", "", ARC_FAIL, "ARC-Seal i=2: missing in the instance",
	  UNKNOWN },
	{ 1, ARC_AS, "", "", ARC_FAIL, "ARC-Seal i=1: missing in the instance",
	  UNKNOWN },
	{ 2, ARC_AMS, "", "", ARC_FAIL,
	  "ARC-Message-Signature i=2: missing in the instance", UNKNOWN },
	{ 1, ARC_AAR, "", "", ARC_FAIL,
	  "ARC-Authentication-Results i=1: missing in the instance", UNKNOWN },
	{ 2, ARC_AS, "", NULL, ARC_FAIL,
	  "ARC-Seal i=2: more than one in the instance", UNKNOWN },
	{ 1, ARC_AMS, "", NULL, ARC_FAIL,
	  "ARC-Message-Signature i=1: more than one in the instance", UNKNOWN },
	{ 1, ARC_AAR, "", NULL, ARC_FAIL,
	  "ARC-Authentication-Results i=1: more than one in the instance",
	  UNKNOWN },
	/* instances */
	{ 2, ARC_AS, "i=2", "i=3", ARC_FAIL,
	  "ARC-Seal i=2: missing in the instance", UNKNOWN },
	{ 2, ARC_AS, "i=2", "i=0", ARC_FAIL,
	  "ARC-Seal: malformed or missing i=", UNKNOWN },
	{ 2, ARC_AS, "i=2", "i=02", ARC_FAIL,
	  "ARC-Seal: malformed or missing i=", UNKNOWN },
	{ 2, ARC_AS, "i=2", "i=51", ARC_FAIL, "ARC-Seal: more than 50 sets",
	  UNKNOWN },
	{ 2, ARC_AS, "i=2", "i=251", ARC_FAIL,
	  "ARC-Seal: malformed or missing i=", UNKNOWN },
	{ 2, ARC_AS, "i=2", "i=", ARC_FAIL,
	  "ARC-Seal: malformed or missing i=", UNKNOWN },
	{ 2, ARC_AS, "i=2", "i=2x", ARC_FAIL,
	  "ARC-Seal: malformed or missing i=", UNKNOWN },
	{ 2, ARC_AMS, "i=2; ", "", ARC_FAIL,
	  "ARC-Message-Signature: malformed or missing i=", UNKNOWN },
	{ 2, ARC_AAR, "i=2;", "i=2", ARC_FAIL,
	  "ARC-Authentication-Results: does not begin with \"i=\" and an "
	  "instance",
	  UNKNOWN },
	{ 2, ARC_AAR, "i=2;", "mx; i=2;", ARC_FAIL,
	  "ARC-Authentication-Results: does not begin with \"i=\" and an "
	  "instance",
	  UNKNOWN },
	{ 2, ARC_AAR, "i=2;", "I=2;", ARC_FAIL,
	  "ARC-Authentication-Results: does not begin with \"i=\" and an "
	  "instance",
	  UNKNOWN },
	/* bytes that are covered */
	{ 2, ARC_AAR, "mx.", "my.", ARC_FAIL,
	  "ARC-Seal i=2: signature did not verify", UNKNOWN },
	{ 1, ARC_AAR, "mx.", "my.", ARC_FAIL,
	  "ARC-Seal i=2: signature did not verify", UNKNOWN },
	{ 1, ARC_AMS, "from", "From", ARC_FAIL,
	  "ARC-Seal i=2: signature did not verify", UNKNOWN },
	{ 2, ARC_AMS, "from", "From", ARC_FAIL,
	  "ARC-Message-Signature i=2: signature did not verify", UNKNOWN },
	{ 1, ARC_AS, "t=17", "t=16", ARC_FAIL,
	  "ARC-Seal i=2: signature did not verify", UNKNOWN },
	{ 2, ARC_AS, "t=17", "t=16", ARC_FAIL,
	  "ARC-Seal i=2: signature did not verify", UNKNOWN },
	{ 2, ARC_AS, "t=1790000000", "t=x", ARC_FAIL,
	  "ARC-Seal i=2: malformed t=", UNKNOWN },
	{ 2, ARC_AS, "t=1790000000", "t=1790000301", ARC_FAIL,
	  "ARC-Seal i=2: signed in the future", UNKNOWN },
	/* and such as are not */
	{ 1, ARC_AAR, "; spf", ";\r\n\t  spf", ARC_PASS, "", 0 },
	{ 2, ARC_AS, "ARC-Seal: i", "arc-SEAL : \t i", ARC_PASS, "", 0 },
	{ 1, ARC_AAR, " i=1;", "  i=1;", ARC_PASS, "", 0 },
};

static void as_changed(void **state)
{
	const struct forge_set plain = { 0 };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(changed); i++) {
		struct arena *a = arena_new(65536);
		struct forge *f = forge_new(a, ed25519);

		forge_add(f, &plain);
		forge_add(f, &plain);
		forge_edit(f, changed[i].at, changed[i].part, changed[i].find,
			   changed[i].put);
		is(forge_judge(f, answers(f)), changed[i].want,
		   changed[i].reason, changed[i].oldest);
		arena_free(a);
	}
}

static struct forge *two_sets(struct arena *a, struct privkey *key,
			      const char *d1, const char *d2)
{
	struct forge *f = forge_new(a, key);

	forge_add(f, &(struct forge_set){ .d = d1 });
	forge_add(f, &(struct forge_set){ .d = d2 });
	return f;
}

static void rsa_and_what_it_tells(void **state)
{
	struct arena *a = arena_new(65536);
	struct forge *f = two_sets(a, rsa, "example.org", "example.net");
	struct arc_chain *c = forge_judge(f, answers(f));
	struct authres results;

	(void)state;
	is(c, ARC_PASS, "", 0);
	assert_int_equal(c->sets.n, 2);
	assert_false(c->sets.dead);
	assert_false(c->temporary);
	assert_str(c->sets.set[0].seal.sig.domain, STR("example.org"));
	assert_str(c->sets.set[1].seal.sig.domain_ascii, STR("example.net"));
	assert_str(c->sets.set[1].ams.sig.selector, STR("sel"));
	assert_int_equal(c->sets.set[0].cv, ARC_CV_NONE);
	assert_int_equal(c->sets.set[1].cv, ARC_CV_PASS);
	assert_true(arc_set_results(&c->sets.set[0], a, &results));
	assert_str(results.id, STR("mx.example.org"));
	assert_int_equal(results.n, 2);
	assert_str(results.results[1].method, STR("dmarc"));
	assert_str(results.results[1].result, STR("pass"));
	arena_free(a);
}

/* The dead chain is told from the broken one: nothing is added to it. */
static void dead_or_broken(void **state)
{
	struct arena *a = arena_new(65536);
	struct forge *f = forge_new(a, ed25519);
	struct arc_chain *c;

	(void)state;
	forge_add(f, &(struct forge_set){ 0 });
	forge_add(f, &(struct forge_set){ .cv = "fail", .alone = true });
	assert_true(forge_judge(f, answers(f))->sets.dead);
	forge_add(f, &(struct forge_set){ 0 });
	c = forge_judge(f, answers(f));
	assert_false(c->sets.dead);
	assert_int_equal(c->sets.n, 3);

	/* cv=fail counts before the structure is looked at */
	f = forge_new(a, ed25519);
	forge_add(f, &(struct forge_set){ 0 });
	forge_add(f, &(struct forge_set){ .cv = "fail" });
	forge_edit(f, 1, ARC_AS, "", "");
	c = forge_judge(f, answers(f));
	assert_true(c->sets.dead);
	is(c, ARC_FAIL, "ARC-Seal i=2: cv=fail", UNKNOWN);
	arena_free(a);
}

static const struct {
	const char *d1, *d2;
	enum arc_result want;
	const char *reason;
} outages[] = {
	{ "example.org", "dead.example", ARC_FAIL,
	  "ARC-Message-Signature i=2: key lookup failed" },
	{ "dead.example", "example.org", ARC_FAIL,
	  "ARC-Seal i=1: key lookup failed" },
	{ "bogus.example", "example.org", ARC_FAIL,
	  "ARC-Seal i=1: key record is bogus" },
};

static void dns_outages(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(outages); i++) {
		struct arena *a = arena_new(65536);
		struct forge *f = two_sets(a, ed25519, outages[i].d1,
					   outages[i].d2);
		struct arc_chain *c = forge_judge(f, answers(f));

		is(c, outages[i].want, outages[i].reason, UNKNOWN);
		assert_true(c->temporary);
		arena_free(a);
	}
}

/* An older message signature by another key, which cannot be had. */
static void outage_of_an_older_key(void **state)
{
	struct arena *a = arena_new(65536);
	struct forge *f = forge_new(a, ed25519);
	struct arc_chain *c;

	(void)state;
	forge_add(f, &(struct forge_set){ 0 });
	forge_edit(f, 1, ARC_AMS, "d=example.org", "d=dead.example");
	f->sets[1] = f->fields[4];
	f->n--; /* the seal is made anew over it */
	f->sets[2] = forge_seal(f, 1, &(struct forge_set){ 0 });
	f->fields[f->n++] = f->sets[2];
	forge_add(f, &(struct forge_set){ 0 });
	c = forge_judge(f, answers(f));
	is(c, ARC_PASS, "", UNKNOWN);
	assert_false(c->temporary);
	arena_free(a);
}

static void any_order_of_answers(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct arena *a = arena_new(65536);
		struct forge *f = two_sets(a, ed25519, "bad.example",
					   "none.example");
		struct script *s = answers(f);

		script_shuffle(s, seed);
		is(forge_judge(f, s), ARC_FAIL,
		   "ARC-Message-Signature i=2: no key for signature", UNKNOWN);
		f = two_sets(a, ed25519, "slow.example", "example.net");
		s = answers(f);
		script_shuffle(s, seed);
		is(forge_judge(f, s), ARC_PASS, "", 0);
		arena_free(a);
	}
}

static struct forge *many_keys(struct arena *a, unsigned n, struct script **s)
{
	struct forge *f = forge_new(a, ed25519);

	*s = script_new(a);
	for (unsigned i = 1; i <= n; i++) {
		const char *sel = forge_text(f, "s%u", i);

		forge_add(f, &(struct forge_set){ .s = sel });
		script_txt(*s, forge_text(f, "%s._domainkey.example.org", sel),
			   forge_record(f), 0);
	}
	return f;
}

static void limit_of_keys(void **state)
{
	struct arena *a = arena_new(1 << 20);
	struct script *s;
	struct forge *f = many_keys(a, LIMIT_ARC_KEYS, &s);

	(void)state;
	is(forge_judge(f, s), ARC_PASS, "", UNKNOWN);
	assert_int_equal(script_questions(s), LIMIT_ARC_KEYS);
	f = many_keys(a, LIMIT_ARC_KEYS + 1, &s);
	is(forge_judge(f, s), ARC_FAIL, "ARC-Seal i=1: too many different keys",
	   UNKNOWN);
	assert_int_equal(script_questions(s), 0);
	arena_free(a);
}

static void limit_of_fields(void **state)
{
	struct arena *a = arena_new(1 << 20);
	struct header h = header_of(a, 0, 0);
	struct dkim_policy policy = { .now = NOW };
	struct arc_chain c;

	(void)state;
	for (unsigned i = 0; i <= 3 * LIMIT_ARC_SETS; i++)
		assert_true(header_add_raw(&h, STR("ARC-Seal: i=1")));
	arc_chain_init(&c, a, &h, &policy);
	is(&c, ARC_FAIL, "ARC-Seal i=1: cv= missing", UNKNOWN);

	h.too_large = true;
	arc_chain_init(&c, a, &h, &policy);
	is(&c, ARC_FAIL, "header too large to verify", UNKNOWN);
	arena_free(a);
}

static void given_up(void **state)
{
	struct arena *a = arena_new(65536);
	struct forge *f = two_sets(a, ed25519, "example.org", "slow.example");
	struct header h = forge_header(f);
	struct dkim_policy policy = { .now = NOW };
	struct asks *asks = asks_new(a, script_resolver(answers(f)), 60);
	struct bodyhash *bodyhash = bodyhash_new(a);
	struct arc_chain c;

	(void)state;
	arc_chain_init(&c, a, &h, &policy);
	arc_chain_ask(&c, asks);
	arc_chain_headers(&c, &h, bodyhash);
	assert_false(arc_chain_step(&c, asks, NULL));
	bodyhash_end(bodyhash);
	assert_false(arc_chain_step(&c, asks, bodyhash));
	arc_chain_give_up(&c);
	is(&c, ARC_FAIL, "no answer in time", UNKNOWN);
	assert_true(c.temporary);
	assert_true(arc_chain_step(&c, asks, bodyhash));
	arc_chain_give_up(&c);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_made),
		cmocka_unit_test(as_changed),
		cmocka_unit_test(rsa_and_what_it_tells),
		cmocka_unit_test(dead_or_broken),
		cmocka_unit_test(dns_outages),
		cmocka_unit_test(outage_of_an_older_key),
		cmocka_unit_test(any_order_of_answers),
		cmocka_unit_test(limit_of_keys),
		cmocka_unit_test(limit_of_fields),
		cmocka_unit_test(given_up),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
