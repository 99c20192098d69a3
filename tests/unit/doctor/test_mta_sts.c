#include "doctor/mta_sts.h"
#include "test.h"

static const struct {
	str text;
	const char *why; /* NULL: fine */
} policies[] = {
	{ STR_INIT("version: STSv1\nmode: enforce\nmx: a.example.org\n"
		   "mx: *.example.net\nmax_age: 604800\n"),
	  NULL },
	{ STR_INIT("version: STSv1\r\nmode: testing\r\nmx: a.example.org\r\n"
		   "max_age: 0"),
	  NULL },
	{ STR_INIT("max_age: 31557600\nmode:none\nother: x\nversion:STSv1"),
	  NULL },
	{ STR_INIT("version: STSv1\nversion: STSv2\nmode: none\n"
		   "max_age: 1\nmax_age: x\n"),
	  NULL },
	{ STR_INIT("version: STSv1\nmode: enforce\nmax_age: 1\n"),
	  "mx is missing" },
	{ STR_INIT("version: STSv1\nmode: none\nmax_age: 31557601\n"),
	  "max_age is not a number up to 31557600" },
	{ STR_INIT("version: STSv1\nmode: none\nmax_age: 1d\n"),
	  "max_age is not a number up to 31557600" },
	{ STR_INIT("mode: none\nmax_age: 1\n"), "version: STSv1 is missing" },
	{ STR_INIT("version: STSv2\n"), "version is not STSv1" },
	{ STR_INIT("version: STSv1\nmode: on\n"),
	  "mode is not enforce, testing or none" },
	{ STR_INIT("version: STSv1\nmax_age: 1\nmx: a.test\n"),
	  "mode is missing" },
	{ STR_INIT("version: STSv1\nmode: none\n"), "max_age is missing" },
	{ STR_INIT("mx: *\n"), "mx is not a name" },
	{ STR_INIT("<html>\n"), "a line is not KEY: VALUE" },
	{ STR_INIT(""), "version: STSv1 is missing" },
};

static void files(void **state)
{
	struct mta_sts_policy p;

	(void)state;
	for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
		const char *why = mta_sts_parse(policies[i].text, &p);

		assert_str(str_of(why ? why : "fine"),
			   str_of(policies[i].why ? policies[i].why : "fine"));
	}
	assert_null(mta_sts_parse(policies[0].text, &p));
	assert_int_equal(p.mode, MTA_STS_ENFORCE);
	assert_int_equal(p.max_age, 604800);
	assert_true(mta_sts_has(&p, STR("A.example.org")));
	assert_true(mta_sts_has(&p, STR("mx.Example.net")));
	assert_false(mta_sts_has(&p, STR("example.net")));
	assert_false(mta_sts_has(&p, STR("a.mx.example.net")));
	assert_false(mta_sts_has(&p, STR("b.example.org")));
}

/* What it says counts, not how its lines look. */
static void digests(void **state)
{
	static const str texts[] = {
		STR_INIT("version: STSv1\nmode: enforce\nmx: a.test\n"
			 "max_age: 86400\n"),
		STR_INIT("version: STSv1\r\nmax_age:86400\r\nmx:A.test\r\n"
			 "mode:  enforce\r\nmore: 1\r\n"),
		STR_INIT("version: STSv1\nmode: testing\nmx: a.test\n"
			 "max_age: 86400\n"),
		STR_INIT("version: STSv1\nmode: enforce\nmx: a.test\n"
			 "max_age: 86401\n"),
		STR_INIT("version: STSv1\nmode: enforce\nmx: a.test\n"
			 "mx: b.test\nmax_age: 86400\n"),
	};
	uint64_t of[sizeof texts / sizeof *texts];
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct mta_sts_policy p;

		assert_null(mta_sts_parse(texts[i], &p));
		of[i] = mta_sts_digest(arena, &p);
	}
	assert_true(of[0] == of[1]);
	for (size_t i = 2; i < sizeof texts / sizeof *texts; i++)
		assert_true(of[0] != of[i]);
	arena_free(arena);
}

static void records(void **state)
{
	(void)state;
	assert_str(mta_sts_record_id(STR("v=STSv1; id=20261124;")),
		   STR("20261124"));
	assert_null(mta_sts_record_problem(STR("v=STSv1; id=20261124;")));
	assert_null(mta_sts_record_problem(STR("v=STSv1;id=a;other=x ; ")));
	assert_non_null(mta_sts_record_problem(STR("v=STSv1;")));
	assert_non_null(mta_sts_record_problem(STR("v=STSv1; id=")));
	assert_non_null(mta_sts_record_problem(STR("v=STSv1; id=2026-11-24")));
	assert_non_null(mta_sts_record_problem(
		STR("v=STSv1; id=123456789012345678901234567890123")));
	assert_non_null(mta_sts_record_problem(STR("id=1; v=STSv1")));
	assert_non_null(mta_sts_record_problem(STR("v=STSv1; x; id=1")));
	assert_null(tls_rpt_record_problem(
		STR("v=TLSRPTv1; rua=mailto:t@example.org,https://x.test/r")));
	assert_non_null(tls_rpt_record_problem(STR("v=TLSRPTv1;")));
	assert_non_null(
		tls_rpt_record_problem(STR("v=TLSRPTv1; rua=t@example.org")));
	assert_non_null(tls_rpt_record_problem(
		STR("rua=mailto:t@example.org; v=TLSRPTv1")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files),
		cmocka_unit_test(digests),
		cmocka_unit_test(records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
