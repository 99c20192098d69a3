/* Who wants to be told of a message that failed, and what may be said of it. */
#include "base/limits.h"
#include "report/incident.h"
#include "test.h"

static struct arena *arena;

static const unsigned char secret[REDACT_SECRET] = "0123456789abcde";

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

/* Of each method: aligned pass, pass of another domain, failure, no answer, not
 * judged. */
enum how { ALIGNED, OTHER, FAILED, LOST, UNJUDGED };

struct scene {
	struct dmarc_record record;
	struct dmarc_identifier ids[2];
	struct dmarc_verdict check;
	struct verdict_dmarc dmarc;
	struct verdict_dkim row;
	struct spf_verdict spf;
	struct verdict v;
	struct header header;
};

static enum dmarc_status status(enum how h)
{
	return h == LOST     ? DMARC_ID_TEMPERROR
	       : h == FAILED ? DMARC_ID_NO
			     : DMARC_ID_PASS;
}

static void add_id(struct scene *s, enum dmarc_mechanism m, enum how how)
{
	if (how != UNJUDGED)
		s->ids[s->check.n_ids++] = (struct dmarc_identifier){
			m, status(how),
			how == OTHER ? STR("other.example") : STR("example.org")
		};
}

static void begin(struct scene *s, const char *record, enum how dkim,
		  enum how spf)
{
	bool pass = dkim == ALIGNED || spf == ALIGNED;

	*s = (struct scene){ .header = header_of(arena, 0, 0) };
	dmarc_record_parse(arena, str_of(record), &s->record);
	s->check = (struct dmarc_verdict){
		.record = &s->record,
		.policy_domain = STR("example.org"),
		.ids = s->ids,
		.dkim_aligned = dkim == ALIGNED,
		.spf_aligned = spf == ALIGNED,
	};
	add_id(s, DMARC_DKIM, dkim);
	add_id(s, DMARC_SPF, spf);
	s->dmarc = (struct verdict_dmarc){
		.result = pass                          ? DMARC_PASS
			  : dkim == LOST || spf == LOST ? DMARC_TEMPERROR
							: DMARC_FAIL,
		.check = &s->check,
	};
	s->row = (struct verdict_dkim){
		.result = dkim == FAILED ? DKIM_FAIL
			  : dkim == LOST ? DKIM_TEMPERROR
					 : DKIM_PASS,
		.domain = dkim == OTHER ? STR("other.example")
					: STR("mail.example.org"),
		.selector = STR("s1"),
		.identity = STR("user@mail.example.org"),
	};
	s->spf = (struct spf_verdict){
		.result = spf == FAILED ? SPF_SOFTFAIL
			  : spf == LOST ? SPF_TEMPERROR
					: SPF_PASS,
		.domain = STR("example.org"),
	};
	s->v = (struct verdict){
		.dkim_judged = dkim != UNJUDGED,
		.n_dkim = dkim != UNJUDGED,
		.dkim_rows = &s->row,
		.spf = spf == UNJUDGED ? NULL : &s->spf,
		.dmarc = &s->dmarc,
		.mail_from = STR("bounce+person=victim@example.org"),
	};
}

#define R "v=DMARC1; ruf=mailto:f@example.org"

static void who_wants_it(void **state)
{
	static const struct {
		const char *record;
		enum how dkim, spf;
		bool wanted;
	} cases[] = {
		{ R, FAILED, FAILED, true },
		{ R, OTHER, OTHER, true },
		{ R, UNJUDGED, FAILED, true },
		{ R, ALIGNED, FAILED, false },
		{ R, FAILED, ALIGNED, false },
		{ R, FAILED, LOST, false },
		{ R "; fo=0", ALIGNED, ALIGNED, false },
		{ R "; fo=1", ALIGNED, ALIGNED, false },
		{ R "; fo=1", ALIGNED, FAILED, true },
		{ R "; fo=1", OTHER, ALIGNED, true },
		{ R "; fo=1", ALIGNED, LOST, false },
		{ R "; fo=1", LOST, ALIGNED, false },
		{ R "; fo=1", ALIGNED, UNJUDGED, false },
		{ R "; fo=1", UNJUDGED, ALIGNED, false },
		{ R "; fo=d", FAILED, ALIGNED, true },
		{ R "; fo=d", ALIGNED, FAILED, false },
		{ R "; fo=d", OTHER, FAILED, false },
		{ R "; fo=d", LOST, ALIGNED, false },
		{ R "; fo=s", ALIGNED, FAILED, true },
		{ R "; fo=s", FAILED, ALIGNED, false },
		{ R "; fo=s", FAILED, OTHER, false },
		{ R "; fo=s", ALIGNED, LOST, false },
		{ R "; fo=d:s", ALIGNED, FAILED, true },
		{ R "; psd=y", FAILED, FAILED, false },
		{ R "; psd=n", FAILED, FAILED, true },
		{ "v=DMARC1; p=reject; fo=1", FAILED, FAILED, false },
		{ "v=DMARC1; p=none; rua=mailto:a@example.org", FAILED, FAILED,
		  false },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct scene s;

		begin(&s, cases[i].record, cases[i].dkim, cases[i].spf);
		if (incident_is_wanted(&s.v, &s.header) != cases[i].wanted)
			fail_msg("%zu: %s", i, cases[i].record);
	}
}

static void never_about_reports(void **state)
{
	static const struct {
		const char *field;
		bool wanted;
	} cases[] = {
		{ "Content-Type: multipart/report; boundary=x", false },
		{ "CONTENT-TYPE:\r\n Multipart/Report", false },
		{ "Content-Type: multipart/mixed", true },
		{ "Auto-Submitted: auto-replied", false },
		{ "Auto-Submitted: no", true },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct scene s;

		begin(&s, R, FAILED, FAILED);
		assert_true(header_add_raw(&s.header, str_of(cases[i].field)));
		if (incident_is_wanted(&s.v, &s.header) != cases[i].wanted)
			fail_msg("%s", cases[i].field);
	}
}

static void which_methods_failed(void **state)
{
	static const struct {
		enum how dkim, spf;
		const char *want;
	} cases[] = {
		{ FAILED, FAILED, "dkim, spf" }, { OTHER, ALIGNED, "dkim" },
		{ ALIGNED, FAILED, "spf" },      { ALIGNED, ALIGNED, "none" },
		{ UNJUDGED, FAILED, "spf" },     { LOST, FAILED, "spf" },
		{ FAILED, LOST, "dkim" },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct scene s;

		begin(&s, R, cases[i].dkim, cases[i].spf);
		assert_str(str_of(incident_alignment(&s.v)),
			   str_of(cases[i].want));
	}
}

static str hashed(str local)
{
	struct redaction r = { secret, STR("example.org") };
	struct buf b = buf_of(arena, 200);

	redact_address(&b, &r, local, STR("x.example"), true);
	return str_head(buf_str(&b), 16);
}

/* A field as it comes, and as it goes; "%" stands for a hash. */
static void what_may_be_seen(void **state)
{
	static const struct {
		const char *field, *want;
	} cases[] = {
		{ "From: A Name <me@example.org>", "From: me@example.org\n" },
		{ "From: <me@mail.example.org>, you@x.example",
		  "From: me@mail.example.org,\n %@x.example\n" },
		{ "From: \"odd one\"@example.org", "From: %@example.org\n" },
		{ "To: Person <person@example.org>", "To: %@example.org\n" },
		{ "To: person", "To:\n" },
		{ "Subject: secret", "" },
		{ "Received: by x for <person@x.example>", "" },
		{ "Cc: person@x.example", "" },
		{ "X-Original-To: person@x.example", "" },
		{ "Message-ID: <1@\r\n example.org>",
		  "Message-ID: <1@ example.org>\n" },
		{ "Date: \xe3\x81\x82\x01 now", "Date: ??? now\n" },
		{ "DKIM-Signature: v=1; d=example.org;\r\n\ts=x",
		  "DKIM-Signature: v=1; d=example.org;\n\ts=x\n" },
		{ "DKIM-Signature: v=1; z=To:person@x.example",
		  "DKIM-Signature: (left out)\n" },
		{ "DKIM-Signature: v=1;\r\n z =To:person@x.example; a=b",
		  "DKIM-Signature: (left out)\n" },
		{ "DKIM-Signature: v=1; b=z=;\x01\xff",
		  "DKIM-Signature: v=1; b=z=;??\n" },
	};
	struct redaction r = { secret, STR("example.org") };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct header h = header_of(arena, 0, 0);
		struct buf want = buf_of(arena, 500);
		str local = i == 1   ? STR("you")
			    : i == 2 ? STR("odd one")
				     : STR("person");

		assert_true(header_add_raw(&h, str_of(cases[i].field)));
		for (const char *p = cases[i].want; *p; p++)
			if (*p == '%')
				buf_put(&want, hashed(local));
			else
				buf_putc(&want, *p);
		assert_str(redact_header(arena, &r, &h), buf_str(&want));
	}
	assert_int_equal(hashed(STR("person")).n, 16);
	assert_false(str_eq(hashed(STR("person")), hashed(STR("persom"))));
}

static void a_large_header(void **state)
{
	struct redaction r = { secret, STR("example.org") };
	struct header h = header_of(arena, 0, 0);
	struct buf b = buf_of(arena, 100000);
	size_t column = 0;
	str got;

	(void)state;
	buf_put(&b, STR("DKIM-Signature: b="));
	for (int i = 0; i < 5000; i++)
		buf_putc(&b, 'x');
	for (int i = 0; i < 50; i++)
		assert_true(header_add_raw(&h, buf_str(&b)));
	got = redact_header(arena, &r, &h);
	assert_true(got.n > 2000 && got.n <= LIMIT_INCIDENT_TEXT);
	for (size_t i = 0; i < got.n; i++) {
		column = got.p[i] == '\n' ? 0 : column + 1;
		assert_true(column < 998); /* RFC 5322 2.1.1 */
	}
}

static void what_is_said(void **state)
{
	static const str rcpts[] = { STR_INIT("<person@example.net>") };
	struct store_verdict row = {
		.time = 1000,
		.domain = STR("example.org"),
		.source_ip = STR("192.0.2.1"),
		.header_from = STR("news.example.org"),
		.envelope_from = STR("example.org"),
		.action = STR("quarantine"),
	};
	struct incident_facts f = {
		.secret = secret,
		.rcpts = rcpts,
		.n_rcpts = 1,
		.node = STR("mx.example.net"),
		.authres = STR(" mx;\r\n dkim=fail\xff"),
		.spf_record = STR("v=spf1 -all"),
	};
	struct store_incident got;
	struct buf want = buf_of(arena, 2000);
	struct scene s;

	(void)state;
	begin(&s, R, FAILED, FAILED);
	f.header = &s.header;
	incident_of(arena, &s.v, &row, &f, &got);
	buf_put(&want, STR("Authentication-Results: mx;\n dkim=fail?\n"
			   "Auth-Failure: dmarc\n"
			   "Identity-Alignment: dkim, spf\n"
			   "Reported-Domain: news.example.org\n"
			   "Delivery-Result: policy\n"
			   "Source-IP: 192.0.2.1\n"
			   "Original-Mail-From: "
			   "<bounce+person=victim@example.org>\n"
			   "Original-Rcpt-To: <"));
	buf_put(&want, hashed(STR("person")));
	buf_put(&want, STR("@example.net>\n"
			   "Reporting-MTA: dns; mx.example.net\n"
			   "DKIM-Domain: mail.example.org\n"
			   "DKIM-Identity: @mail.example.org\n"
			   "DKIM-Selector: s1\n"
			   "SPF-DNS: txt : example.org : \"v=spf1 -all\"\n"));
	assert_str(got.feedback, buf_str(&want));
	assert_str(got.alignment, STR("dkim, spf"));
	assert_int_equal(got.time, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_wants_it),
		cmocka_unit_test(never_about_reports),
		cmocka_unit_test(which_methods_failed),
		cmocka_unit_test(what_may_be_seen),
		cmocka_unit_test(a_large_header),
		cmocka_unit_test(what_is_said),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
