/* RFC 9989 4.7, 4.8 and the error rules of 4.10.1. */
#include "dmarc/record.h"
#include "test.h"

static void a_record_begins_with_its_version(void **state)
{
	static const struct {
		const char *text;
		bool is;
	} cases[] = {
		{ "v=DMARC1", true },
		{ "v=DMARC1;", true },
		{ "v = DMARC1 ;p=none", true },
		{ "v\t=\tDMARC1\t;p=none", true },
		{ "V=DMARC1; p=none", true },
		{ "v=dmarc1; p=none", false },
		{ "v=DMARC1x; p=none", false },
		{ "v=DMARC1.0; p=none", false },
		{ "v=DMARC11", false },
		{ "v=DMARC1 p=none", false },
		{ "v=DMARC2; p=none", false },
		{ "p=none; v=DMARC1", false },
		{ " v=DMARC1", false },
		{ "\"v=DMARC1\"", false },
		{ "v", false },
		{ "", false },
		{ "v=spf1 -all", false },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		if (dmarc_is_record(str_of(cases[i].text)) != cases[i].is)
			fail_msg("%s", cases[i].text);
}

/* "p sp np adkim aspf psd t fo" in one word each, as "rej:-:-:r:r:u:n:1" */
static str described(struct arena *a, const struct dmarc_record *r)
{
	static const char *const p[] = { "-", "none", "quar", "rej" };
	char *s = arena_alloc(a, 100);
	int n = snprintf(s, 100, "%s:%s:%s:%c:%c:%c:%c:%u%s", p[r->p], p[r->sp],
			 p[r->np], r->adkim_strict ? 's' : 'r',
			 r->aspf_strict ? 's' : 'r', "uyn"[r->psd],
			 r -> testing ? 'y' : 'n', r->fo,
			 r->usable ? "" : ":useless");

	return (str){ s, (size_t)n };
}

static void tags_have_values_and_defaults(void **state)
{
	static const struct {
		const char *text, *want;
		size_t problems;
	} cases[] = {
		{ "v=DMARC1; p=reject", "rej:-:-:r:r:u:n:1", 0 },
		{ "v=DMARC1; p=reject;", "rej:-:-:r:r:u:n:1", 0 },
		{ "v=DMARC1;p=quarantine;sp=none;np=reject;adkim=s;aspf=s;"
		  "psd=y;t=y;fo=1:d:s",
		  "quar:none:rej:s:s:y:y:14", 0 },
		{ "v=DMARC1 ; P = REJECT ; T=Y; psd=N", "rej:-:-:r:r:n:y:1",
		  2 },
		{ "v=DMARC1; rua=mailto:a@example.org; p=none",
		  "none:-:-:r:r:u:n:1", 0 },
		{ "v=DMARC1; p=none; pct=50; rf=afrf; ri=86400",
		  "none:-:-:r:r:u:n:1", 3 },
		{ "v=DMARC1; p=none; future=1; x_y=2", "none:-:-:r:r:u:n:1",
		  2 },
		{ "v=DMARC1; p=reject; adkim=x; aspf=y; psd=z; t=maybe; fo=9",
		  "rej:-:-:r:r:u:n:1", 5 },
		{ "v=DMARC1; p=reject; fo=0:1", "rej:-:-:r:r:u:n:2", 1 },
		{ "v=DMARC1; p=reject; fo=d:0", "rej:-:-:r:r:u:n:5", 0 },
		{ "v=DMARC1; p=reject; ; adkim=s", "rej:-:-:s:r:u:n:1", 1 },
		{ "v=DMARC1; p=reject; junk", "rej:-:-:r:r:u:n:1", 1 },
		{ "v=DMARC1", "none:-:-:r:r:u:n:1:useless", 1 },
		{ "v=DMARC1; p=rejct", "none:-:-:r:r:u:n:1:useless", 1 },
		{ "v=DMARC1; p=", "none:-:-:r:r:u:n:1:useless", 1 },
		{ "v=DMARC1; p=reject sp=none", "none:-:-:r:r:u:n:1:useless",
		  1 },
		{ "v=DMARC1; rua=mailto:a@example.org", "none:-:-:r:r:u:n:1",
		  1 },
		{ "v=DMARC1; rua=a@example.org", "none:-:-:r:r:u:n:1:useless",
		  2 },
		{ "v=DMARC1; p=reject; sp=all; rua=mailto:a@example.org",
		  "none:-:-:r:r:u:n:1", 1 },
		{ "v=DMARC1; p=reject; np=all", "none:-:-:r:r:u:n:1:useless",
		  1 },
		{ "v=DMARC1; p=reject; p=none", "none:-:-:r:r:u:n:1:useless",
		  1 },
		{ "v=DMARC1; p=reject; adkim=s; adkim=s", "rej:-:-:r:r:u:n:1",
		  1 },
		{ "v=DMARC1; p=re\xc3\xa9", "none:-:-:r:r:u:n:1:useless", 1 },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct arena *a = arena_new(4096);
		struct dmarc_record r;

		dmarc_record_parse(a, str_of(cases[i].text), &r);
		if (!str_eq(described(a, &r), str_of(cases[i].want)) ||
		    r.n_problems != cases[i].problems)
			fail_msg("%s: %.*s, %zu problems", cases[i].text,
				 STR_ARG(described(a, &r)), r.n_problems);
		arena_free(a);
	}
}

static void report_addresses_are_uris(void **state)
{
	static const struct {
		const char *text;
		const char *address; /* NULL: no URI; "": another scheme */
		const char *domain;
	} cases[] = {
		{ "mailto:a@example.org", "a@example.org", "example.org" },
		{ " MAILTO:a@example.org ", "a@example.org", "example.org" },
		{ "mailto:a@example.org!10m", "a@example.org", "example.org" },
		{ "mailto:a@example.org!10", "a@example.org", "example.org" },
		{ "mailto:a%2cb@example.org", NULL, NULL },
		{ "mailto:a%21b@example.org", "a!b@example.org",
		  "example.org" },
		{ "mailto:a@example.org?subject=x", "a@example.org",
		  "example.org" },
		{ "https://example.org/r", "", "" },
		{ "a@example.org", NULL, NULL },
		{ "mailto:", NULL, NULL },
		{ "mailto:@example.org", NULL, NULL },
		{ "mailto:a@", NULL, NULL },
		{ "mailto:a b@example.org", NULL, NULL },
		{ "mailto:a%0d%0ab@example.org", NULL, NULL },
		{ "mailto:a@exa%zzmple.org", NULL, NULL },
		{ "mailto:a@example..org", NULL, NULL },
		{ "1x:a@example.org", NULL, NULL },
		{ ":a@example.org", NULL, NULL },
		{ "", NULL, NULL },
	};
	struct arena *a = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct dmarc_uri u;
		bool ok = dmarc_uri_parse(a, str_of(cases[i].text), &u);

		if (ok != !!cases[i].address)
			fail_msg("%s: %s", cases[i].text, ok ? "yes" : "no");
		if (ok) {
			assert_str(u.address, str_of(cases[i].address));
			assert_str(u.domain, str_of(cases[i].domain));
		}
	}
	arena_free(a);
}

static void subdomains_fall_back(void **state)
{
	static const struct {
		const char *text;
		enum dmarc_policy exists, missing;
	} cases[] = {
		{ "v=DMARC1; p=reject", DMARC_POLICY_REJECT,
		  DMARC_POLICY_REJECT },
		{ "v=DMARC1; p=reject; sp=none", DMARC_POLICY_NONE,
		  DMARC_POLICY_NONE },
		{ "v=DMARC1; p=none; np=reject", DMARC_POLICY_NONE,
		  DMARC_POLICY_REJECT },
		{ "v=DMARC1; p=none; sp=quarantine; np=reject",
		  DMARC_POLICY_QUARANTINE, DMARC_POLICY_REJECT },
	};
	struct arena *a = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct dmarc_record r;

		dmarc_record_parse(a, str_of(cases[i].text), &r);
		assert_int_equal(dmarc_policy_for(&r, true), cases[i].exists);
		assert_int_equal(dmarc_policy_for(&r, false), cases[i].missing);
	}
	assert_int_equal(dmarc_policy_tested(DMARC_POLICY_REJECT),
			 DMARC_POLICY_QUARANTINE);
	assert_int_equal(dmarc_policy_tested(DMARC_POLICY_QUARANTINE),
			 DMARC_POLICY_NONE);
	assert_int_equal(dmarc_policy_tested(DMARC_POLICY_NONE),
			 DMARC_POLICY_NONE);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_begins_with_its_version),
		cmocka_unit_test(tags_have_values_and_defaults),
		cmocka_unit_test(report_addresses_are_uris),
		cmocka_unit_test(subdomains_fall_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
