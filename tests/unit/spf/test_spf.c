/* RFC 7208: records and checks, over one zone. */
#include "dns/zone.h"
#include "spf/check.h"
#include "spf/macro.h"
#include "spf/record.h"
#include "test.h"

static void records_are_read_whole(void **state)
{
	static const struct {
		const char *record, *why; /* NULL: right */
	} cases[] = {
		{ "v=spf1", NULL },
		{ "v=spf1   ip4:192.0.2.0/24  -all  ", NULL },
		{ "V=SPF1 +MX/24//64 ?All", NULL },
		{ "v=spf1 a:foo:bar/baz.example.com", NULL },
		{ "v=spf1 a/0 a//0 mx:a.example/32//128", NULL },
		{ "v=spf1 ip6:2001:db8::/32 ip6:::ffff:192.0.2.1", NULL },
		{ "v=spf1 exists:%{i}._x.%{d2r.-} x-other=%{s} -all", NULL },
		{ "v=spf1 redirect=%{d}.example exp=e.%{o}", NULL },
		{ "v=spf1 include:%{d}", NULL },
		{ "v=spf1 ip4:192.0.2.1 junk", "unknown mechanism" },
		{ "v=spf1 redirect:a.example", "unknown mechanism" },
		{ "v=spf1 -all.", "unknown mechanism" },
		{ "v=spf1 all:a.example", "\"all\" takes nothing" },
		{ "v=spf1 a:", "domain missing" },
		{ "v=spf1 include", "domain missing" },
		{ "v=spf1 exp=", "domain missing" },
		{ "v=spf1 a:museum", "malformed domain" },
		{ "v=spf1 a:192.0.2.1", "malformed domain" },
		{ "v=spf1 a:a.ex-ample-", "malformed domain" },
		{ "v=spf1 a/33", "malformed prefix length" },
		{ "v=spf1 a/024", "malformed prefix length" },
		{ "v=spf1 a//129", "malformed prefix length" },
		{ "v=spf1 ip4:192.0.2.0/33", "malformed prefix length" },
		{ "v=spf1 ip4:192.0.2", "malformed address" },
		{ "v=spf1 ip4:192.0.2.1:25", "malformed address" },
		{ "v=spf1 ip6:192.0.2.1", "malformed address" },
		{ "v=spf1 ip4", "address missing" },
		{ "v=spf1 exp=a.example exp=b.example",
		  "modifier given twice" },
		{ "v=spf1 redirect=a.example redirect=b.example",
		  "modifier given twice" },
		{ "v=spf1 exists:%{x}.a.example", "malformed macro" },
		{ "v=spf1 exists:%{d0}.a.example", "malformed macro" },
		{ "v=spf1 exists:%{d.a.example", "malformed macro" },
		{ "v=spf1 exists:%(d).a.example", "malformed macro" },
		{ "v=spf1 exists:%{c}.a.example",
		  "macro allowed in explanations only" },
		{ "v=spf1\tip4:192.0.2.1", "control or non-ASCII character" },
		{ "v=spf1 a\xc3\xa9.example",
		  "control or non-ASCII character" },
		{ "v=spf1 other=%%%", "malformed macro" },
	};
	struct arena *a = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct spf_record r;
		const char *why = NULL;
		str where;
		bool ok = spf_record_parse(a, str_of(cases[i].record), &r, &why,
					   &where);

		if (ok != !cases[i].why ||
		    (!ok && strcmp(why, cases[i].why) != 0))
			fail_msg("%s: %s", cases[i].record,
				 ok ? "accepted" : why);
	}
	assert_true(spf_is_record(STR("v=spf1")));
	assert_true(spf_is_record(STR("V=spf1 x")));
	assert_false(spf_is_record(STR("v=spf10")));
	assert_false(spf_is_record(STR("v=spf1\tx")));
	assert_false(spf_is_record(STR(" v=spf1")));
	arena_free(a);
}

/* 7.4 and its neighbours */
static void macros_expand(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "%{s}", "strong-bad@email.example.com" },
		{ "%{o}", "email.example.com" },
		{ "%{d4}", "email.example.com" },
		{ "%{d3}", "email.example.com" },
		{ "%{d2}", "example.com" },
		{ "%{d1}", "com" },
		{ "%{dr}", "com.example.email" },
		{ "%{d2r}", "example.email" },
		{ "%{l}", "strong-bad" },
		{ "%{l-}", "strong.bad" },
		{ "%{lr}", "strong-bad" },
		{ "%{lr-}", "bad.strong" },
		{ "%{l1r-}", "strong" },
		{ "%{ir}.%{v}._spf.%{d2}",
		  "3.2.0.192.in-addr._spf.example.com" },
		{ "%{L}%%%_%-", "strong-bad% %20" },
		{ "%{S}", "strong-bad%40email.example.com" },
		{ "%{d127}", "email.example.com" },
		{ "%{h}/%{p}", "mx.example.org/unknown" },
	};
	struct spf_macro_values v = {
		.local = STR("strong-bad"),
		.sender_domain = STR("email.example.com"),
		.domain = STR("email.example.com"),
		.validated = STR("unknown"),
		.helo = STR("mx.example.org"),
	};
	struct arena *a = arena_new(4096);

	(void)state;
	assert_true(ip_parse(STR("192.0.2.3"), &v.ip));
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct buf b = buf_of(a, 1000);

		assert_null(spf_macro_check(str_of(cases[i].text), false));
		spf_macro_expand(&b, str_of(cases[i].text), &v);
		assert_str(buf_str(&b), str_of(cases[i].want));
	}
	arena_free(a);
}

static const char *const txt[][2] = {
	{ "ok.example", "v=spf1 ip4:192.0.2.0/24 include:none.example -all" },
	{ "incnone.example", "v=spf1 include:none.example ~all" },
	{ "incfail.example", "v=spf1 include:deny.example ~all" },
	{ "deny.example", "v=spf1 -all exp=why.example" },
	{ "redir.example", "v=spf1 redirect=deny.example" },
	{ "redirnone.example", "v=spf1 redirect=none.example" },
	{ "redirall.example", "v=spf1 ?all redirect=none.example" },
	{ "loop.example", "v=spf1 include:loop.example" },
	{ "rloop.example", "v=spf1 redirect=rloop.example" },
	{ "two.example", "v=spf1 -all" },
	{ "two.example", "v=spf1" },
	{ "empty.example", "v=spf1" },
	{ "bad.example", "v=spf1 ip4:192.0.2.0/24 ip4:x" },
	{ "mx.example", "v=spf1 mx -all" },
	{ "nullmx.example", "v=spf1 mx" },
	{ "void2.example", "v=spf1 a:v1.example a:v2.example ?all" },
	{ "void3.example",
	  "v=spf1 a:v1.example a:v2.example a:v3.example ?all" },
	{ "fail.example", "v=spf1 a:broken.example -all" },
	{ "order.example", "v=spf1 ip4:192.0.2.1 a:broken.example -all" },
	{ "ptr.example", "v=spf1 ptr -all" },
	{ "exists.example", "v=spf1 exists:%{l}.ok.example -all" },
	{ "terms.example", "v=spf1 a a a a a a a a a a -all" },
	{ "terms11.example", "v=spf1 a a a a a a a a a a a -all" },
	{ "why.example", "%{i} may not send for %{d}" },
};

static struct zone *make_zone(void)
{
	struct zone *z = zone_new();
	struct err e;
	struct dns_rr here = { .data = STR("\xc0\0\2\1") };
	struct dns_rr host = { .data = STR("host.mx.example") };
	struct dns_rr null = { .data = STR("") };
	struct dns_rr name = { .data = STR("Mail.ptr.example") };

	for (size_t i = 0; i < TEST_COUNT(txt); i++)
		assert_true(zone_add_txt(z, str_of(txt[i][0]),
					 str_of(txt[i][1]), &e));
	assert_true(zone_add(z, STR("mx.example"), DNS_MX, 60, &host, &e));
	assert_true(zone_add(z, STR("nullmx.example"), DNS_MX, 60, &null, &e));
	assert_true(zone_add(z, STR("host.mx.example"), DNS_A, 60, &here, &e));
	assert_true(zone_add(z, STR("mail.ptr.example"), DNS_A, 60, &here, &e));
	assert_true(zone_add(z, STR("1.2.0.192.in-addr.arpa"), DNS_PTR, 60,
			     &name, &e));
	assert_true(zone_add(z, STR("u.ok.example"), DNS_A, 60, &here, &e));
	assert_true(zone_add(z, STR("terms.example"), DNS_A, 60,
			     &(struct dns_rr){ .data = STR("\1\1\1\1") }, &e));
	assert_true(zone_add(z, STR("terms11.example"), DNS_A, 60,
			     &(struct dns_rr){ .data = STR("\1\1\1\1") }, &e));
	assert_true(zone_add_failure(z, STR("broken.example"), &e));
	assert_true(zone_add_failure(z, STR("timeout.example"), &e));
	return z;
}

static void checks_settle(void **state)
{
	static const struct {
		const char *ip, *from;
		enum spf_result want;
		unsigned lookups;
	} cases[] = {
		{ "192.0.2.1", "u@ok.example", SPF_PASS, 0 },
		{ "::ffff:192.0.2.1", "u@ok.example", SPF_PASS, 0 },
		{ "198.51.100.1", "u@ok.example", SPF_PERMERROR, 1 },
		{ "2001:db8::1", "u@deny.example", SPF_FAIL, 0 },
		{ "192.0.2.1", "u@incnone.example", SPF_PERMERROR, 1 },
		{ "192.0.2.1", "u@incfail.example", SPF_SOFTFAIL, 1 },
		{ "192.0.2.1", "u@redir.example", SPF_FAIL, 1 },
		{ "192.0.2.1", "u@redirnone.example", SPF_PERMERROR, 1 },
		{ "192.0.2.1", "u@redirall.example", SPF_NEUTRAL, 0 },
		{ "192.0.2.1", "u@loop.example", SPF_PERMERROR, 11 },
		{ "192.0.2.1", "u@rloop.example", SPF_PERMERROR, 11 },
		{ "192.0.2.1", "u@two.example", SPF_PERMERROR, 0 },
		{ "192.0.2.1", "u@empty.example", SPF_NEUTRAL, 0 },
		{ "192.0.2.1", "u@bad.example", SPF_PERMERROR, 0 },
		{ "192.0.2.1", "u@mx.example", SPF_PASS, 1 },
		{ "192.0.2.2", "u@mx.example", SPF_FAIL, 1 },
		{ "192.0.2.1", "u@nullmx.example", SPF_NEUTRAL, 1 },
		{ "192.0.2.1", "u@void2.example", SPF_NEUTRAL, 2 },
		{ "192.0.2.1", "u@void3.example", SPF_PERMERROR, 3 },
		{ "192.0.2.1", "u@fail.example", SPF_TEMPERROR, 1 },
		{ "192.0.2.1", "u@order.example", SPF_PASS, 0 },
		{ "192.0.2.1", "u@ptr.example", SPF_PASS, 1 },
		{ "192.0.2.2", "u@ptr.example", SPF_FAIL, 1 },
		{ "192.0.2.1", "u@exists.example", SPF_PASS, 1 },
		{ "192.0.2.1", "w@exists.example", SPF_FAIL, 1 },
		{ "192.0.2.1", "u@terms.example", SPF_FAIL, 10 },
		{ "192.0.2.1", "u@terms11.example", SPF_PERMERROR, 11 },
		{ "192.0.2.1", "u@none.example", SPF_NONE, 0 },
		{ "192.0.2.1", "u@timeout.example", SPF_TEMPERROR, 0 },
		{ "192.0.2.1", "u@localhost", SPF_NONE, 0 },
		{ "192.0.2.1", "u@[192.0.2.1]", SPF_NONE, 0 },
		{ "192.0.2.1", "u@a..example", SPF_NONE, 0 },
		{ "192.0.2.1", "\"a@ok.example\"@deny.example", SPF_FAIL, 0 },
		{ "192.0.2.1", "u@deny.example.", SPF_FAIL, 0 },
		{ "192.0.2.1", "", SPF_PASS, 0 }, /* postmaster@ok.example */
	};
	struct zone *z = make_zone();

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct arena *a = arena_new(4096);
		struct spf_query q = { .scope = SPF_MFROM,
				       .helo = STR("ok.example"),
				       .mail_from = str_of(cases[i].from),
				       .trace = true };
		struct spf_verdict v;

		assert_true(ip_parse(str_of(cases[i].ip), &q.ip));
		v = spf_check(asks_new(a, zone_resolver(z), 100), &q);
		if (v.result != cases[i].want || v.lookups != cases[i].lookups)
			fail_msg("%s: %s after %u lookups (%s)", cases[i].from,
				 spf_result_word(v.result), v.lookups,
				 v.problem ? v.problem : "");
		arena_free(a);
	}
	zone_free(z);
}

static void explanations_are_the_targets_own(void **state)
{
	struct zone *z = make_zone();
	struct arena *a = arena_new(4096);
	struct spf_query q = { .scope = SPF_MFROM,
			       .mail_from = STR("u@redir.example") };
	struct spf_verdict v;

	(void)state;
	assert_true(ip_parse(STR("192.0.2.1"), &q.ip));
	v = spf_check(asks_new(a, zone_resolver(z), 100), &q);
	assert_str(v.explanation,
		   STR("192.0.2.1 may not send for deny.example"));
	assert_str(v.mechanism, STR("-all"));
	arena_free(a);
	zone_free(z);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_read_whole),
		cmocka_unit_test(macros_expand),
		cmocka_unit_test(checks_settle),
		cmocka_unit_test(explanations_are_the_targets_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
