/* Reports about others: the XML as RFC 9990 has it, the mail around it, and whom
 * it may go to. */
#include "base/limits.h"
#include "dns/script.h"
#include "report/aggregate_write.h"
#include "report/destinations.h"
#include "report/gzip.h"
#include "report/letter.h"
#include "report/unpack.h"
#include "test.h"

enum { BIG = 1 << 20 };

static const struct aggregate_meta meta = {
	.org = STR_INIT("Example & Sons"),
	.email = STR_INIT("reports@example.net"),
	.report_id = STR_INIT("1.2@example.net"),
	.generator = STR_INIT("inkan"),
	.begin = 1790000000,
	.end = 1790086399,
};
static const struct aggregate_policy policy = {
	.domain = STR_INIT("example.org"),
	.p = STR_INIT("reject"),
	.sp = STR_INIT("none"),
	.np = STR_INIT("quarantine"),
	.testing = STR_INIT("n"),
	.discovery = STR_INIT("treewalk"),
};
static const struct aggregate_result signature = {
	STR_INIT("example.org"),
	STR_INIT("s1"),
	STR_INIT("pass"),
	{ NULL, 0 },
};

static struct aggregate_row good_row(void)
{
	return (struct aggregate_row){
		.source_ip = STR("192.0.2.1"),
		.count = 3,
		.disposition = STR("none"),
		.dkim = true,
		.header_from = STR("example.org"),
		.envelope_from = STR(""),
		.signatures = &signature,
		.n_signatures = 1,
		.spf_result = { .domain = STR("example.com"),
				.result = STR("fail") },
	};
}

static void a_whole_report(void **state)
{
	struct arena *a = arena_new(4096);
	struct buf b = buf_of(a, BIG);
	struct aggregate_row row = good_row();

	(void)state;
	aggregate_write_begin(&b, &meta, &policy);
	aggregate_write_row(&b, &policy, &row);
	aggregate_write_end(&b);
	assert_str(
		buf_str(&b),
		STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		    "<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\">\n"
		    "<version>1.0</version>\n<report_metadata>\n"
		    "<org_name>Example &amp; Sons</org_name>\n"
		    "<email>reports@example.net</email>\n"
		    "<report_id>1.2@example.net</report_id>\n"
		    "<date_range><begin>1790000000</begin><end>1790086399"
		    "</end></date_range>\n<generator>inkan</generator>\n"
		    "</report_metadata>\n<policy_published>\n"
		    "<domain>example.org</domain>\n<p>reject</p>\n"
		    "<sp>none</sp>\n<np>quarantine</np>\n"
		    "<testing>n</testing>\n"
		    "<discovery_method>treewalk</discovery_method>\n"
		    "</policy_published>\n<record>\n<row>\n"
		    "<source_ip>192.0.2.1</source_ip>\n<count>3</count>\n"
		    "<policy_evaluated>\n<disposition>pass</disposition>\n"
		    "<dkim>pass</dkim>\n<spf>fail</spf>\n"
		    "</policy_evaluated>\n</row>\n<identifiers>\n"
		    "<header_from>example.org</header_from>\n"
		    "<envelope_from></envelope_from>\n</identifiers>\n"
		    "<auth_results>\n<dkim>\n<domain>example.org</domain>\n"
		    "<selector>s1</selector>\n<result>pass</result>\n</dkim>\n"
		    "<spf>\n<domain>example.com</domain>\n"
		    "<scope>mfrom</scope>\n<result>fail</result>\n</spf>\n"
		    "</auth_results>\n</record>\n</feedback>\n"));
	arena_free(a);
}

/* What stands between <name> and </name>, for the n-th time. */
static str between(str s, const char *name, unsigned n)
{
	size_t length = strlen(name);

	for (; s.n > length + 2; s = str_skip(s, 1))
		if (s.p[0] == '<' && s.p[length + 1] == '>' &&
		    memcmp(s.p + 1, name, length) == 0 && !n--) {
			s = str_skip(s, length + 2);
			return str_head(s, str_find(s, '<'));
		}
	return STR("(none)");
}

static void values_stay_values(void **state)
{
	static const struct {
		str in;
		const char *want;
	} cases[] = {
		{ STR_INIT("<b>&\"'"), "&lt;b&gt;&amp;&quot;'" },
		{ STR_INIT("]]></human_result>"),
		  "]]&gt;&lt;/human_result&gt;" },
		{ STR_INIT(" a\r\n\tb\x01"), "a   b" },
		{ STR_INIT("a\0b"), "a b" },
		{ STR_INIT("\xe3\x81\x82\xff\xc2\x9b"),
		  "\xe3\x81\x82\xef\xbf\xbd\xef\xbf\xbd" },
		{ STR_INIT("\xef\xbf\xbe|\xed\xa0\x80"),
		  "\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ STR_INIT("%s%n"), "%s%n" },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct arena *a = arena_new(4096);
		struct buf b = buf_of(a, BIG);
		struct aggregate_result s = signature;
		struct aggregate_row row = good_row();

		s.human = cases[i].in;
		row.signatures = &s;
		aggregate_write_row(&b, &policy, &row);
		assert_str(between(buf_str(&b), "human_result", 0),
			   str_of(cases[i].want));
		arena_free(a);
	}
}

static void long_values_are_cut(void **state)
{
	struct arena *a = arena_new(4096);
	char *name = arena_alloc(a, 2000);
	struct buf b = buf_of(a, BIG);
	struct aggregate_row row = good_row();

	(void)state;
	memset(name, 'x', 2000);
	row.envelope_from = (str){ name, LIMIT_REPORT_NAME };
	row.envelope_to = (str){ name, LIMIT_REPORT_NAME + 1 };
	aggregate_write_row(&b, &policy, &row);
	assert_int_equal(between(buf_str(&b), "envelope_from", 0).n,
			 LIMIT_REPORT_NAME);
	assert_int_equal(between(buf_str(&b), "envelope_to", 0).n,
			 LIMIT_REPORT_NAME);
	arena_free(a);
}

/* disposition, and the type of a reason that was not given. */
static void what_was_done(void **state)
{
	static const struct {
		const char *p, *from, *testing, *done;
		bool pass;
		const char *want, *reason;
	} cases[] = {
		{ "reject", "example.org", "n", "none", true, "pass",
		  "(none)" },
		{ "none", "example.org", "n", "none", true, "none", "(none)" },
		{ "reject", "example.org", "y", "none", true, "none",
		  "(none)" },
		{ "reject", "example.org", "n", "reject", false, "reject",
		  "(none)" },
		{ "reject", "example.org", "n", "none", false, "none",
		  "local_policy" },
		{ "reject", "example.org", "y", "none", false, "none",
		  "policy_test_mode" },
		{ "reject", "a.example.org", "n", "none", false, "none",
		  "(none)" },
		{ "reject", "a.example.org", "n", "quarantine", false,
		  "quarantine", "(none)" },
		{ "reject", "a.example.org", "n", "reject", false, "reject",
		  "local_policy" },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct arena *a = arena_new(4096);
		struct buf b = buf_of(a, BIG);
		struct aggregate_policy p = policy;
		struct aggregate_row row = good_row();

		p.p = str_of(cases[i].p);
		p.testing = str_of(cases[i].testing);
		row.dkim = cases[i].pass;
		row.header_from = str_of(cases[i].from);
		row.disposition = str_of(cases[i].done);
		aggregate_write_row(&b, &p, &row);
		assert_str(between(buf_str(&b), "disposition", 0),
			   str_of(cases[i].want));
		assert_str(between(buf_str(&b), "type", 0),
			   str_of(cases[i].reason));
		arena_free(a);
	}
}

static void reasons_have_known_types(void **state)
{
	static const struct aggregate_reason reasons[] = {
		{ STR_INIT("mailing_list"), STR_INIT("a < b") },
		{ STR_INIT("sampled_out"), STR_INIT("") },
	};
	struct arena *a = arena_new(4096);
	struct buf b = buf_of(a, BIG);
	struct aggregate_row row = good_row();

	(void)state;
	row.reasons = reasons;
	row.n_reasons = 2;
	aggregate_write_row(&b, &policy, &row);
	assert_str(between(buf_str(&b), "type", 0), STR("mailing_list"));
	assert_str(between(buf_str(&b), "comment", 0), STR("a &lt; b"));
	assert_str(between(buf_str(&b), "type", 1), STR("other"));
	arena_free(a);
}

/* A hundred of them, and those that matter are among them. */
static void signatures_in_order(void **state)
{
	struct arena *a = arena_new(65536);
	struct aggregate_result *list = arena_array_of(
		a, struct aggregate_result, 150);
	struct buf b = buf_of(a, BIG);
	struct aggregate_row row = good_row();

	(void)state;
	for (size_t i = 0; i < 150; i++)
		list[i] = (struct aggregate_result){ STR("other.example"),
						     STR("x"), STR("fail"),
						     STR("") };
	list[147] = (struct aggregate_result){ STR("other.example"), STR("c"),
					       STR("pass"), STR("") };
	list[148] = (struct aggregate_result){ STR("mail.example.org"),
					       STR("b"), STR("pass"), STR("") };
	list[149] = signature;
	row.signatures = list;
	row.n_signatures = 150;
	aggregate_write_row(&b, &policy, &row);
	assert_str(between(buf_str(&b), "selector", 0), STR("s1"));
	assert_str(between(buf_str(&b), "selector", 1), STR("b"));
	assert_str(between(buf_str(&b), "selector", 2), STR("c"));
	assert_str(between(buf_str(&b), "selector", 99), STR("x"));
	assert_str(between(buf_str(&b), "selector", 100), STR("(none)"));
	arena_free(a);
}

static void helo_has_no_scope(void **state)
{
	struct arena *a = arena_new(4096);
	struct buf b = buf_of(a, BIG);
	struct aggregate_row row = good_row();

	(void)state;
	row.spf_helo = true;
	aggregate_write_row(&b, &policy, &row);
	assert_str(between(buf_str(&b), "scope", 0), STR("(none)"));
	arena_free(a);
}

static void the_mail(void **state)
{
	struct arena *a = arena_new(4096);
	struct buf b = buf_of(a, BIG);
	struct letter l = {
		.submitter = STR("example.net"),
		.domain = STR("example.org"),
		.begin = 1790000000,
		.end = 1790086399,
		.report_id = STR("1.2@example.net"),
		.unique = STR("12ab"),
		.from = STR("reports@example.net"),
		.to = STR("d@example.org"),
		.message_id = STR("1.2.x@example.net"),
		.date = 1790086400,
		.octets = STR("0123456789012345678901234567890123456789"
			      "01234567890123456"),
	};

	(void)state;
	assert_str(letter_file_name(a, &l),
		   STR("example.net!example.org!1790000000!1790086399!12ab"
		       ".xml.gz"));
	b.arena = a;
	letter_write(&b, &l);
	assert_str(
		buf_str(&b),
		STR("From: reports@example.net\nTo: d@example.org\n"
		    "Subject: Report Domain: example.org\n"
		    " Submitter: example.net\n"
		    " Report-ID: <1.2@example.net>\n"
		    "Date: Tue, 22 Sep 2026 14:13:20 +0000\n"
		    "Message-ID: <1.2.x@example.net>\n"
		    "Auto-Submitted: auto-generated\nPrecedence: bulk\n"
		    "MIME-Version: 1.0\n"
		    "Content-Type: multipart/mixed; boundary=\"=_12ab\"\n\n"
		    "--=_12ab\nContent-Type: text/plain; charset=us-ascii\n\n"
		    "This is a DMARC aggregate report (RFC 9990) about mail in "
		    "the name of\nexample.org.\n\nIt was asked for by the rua "
		    "tag of the domain's DMARC record. The report is the\n"
		    "attached file; it is made by a program, and for one.\n"
		    "--=_12ab\nContent-Type: application/gzip;\n name="
		    "\"example.net!example.org!1790000000!1790086399!12ab"
		    ".xml.gz\"\nContent-Transfer-Encoding: base64\n"
		    "Content-Disposition: attachment;\n filename="
		    "\"example.net!example.org!1790000000!1790086399!12ab"
		    ".xml.gz\"\n\n"
		    "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAx"
		    "MjM0NTY3ODkwMTIzNDU2\n--=_12ab--\n"));
	arena_free(a);
}

static void addresses_that_are_written_to(void **state)
{
	static const struct {
		const char *address;
		bool ok;
	} cases[] = {
		{ "d@example.org", true },
		{ "a.b+c=d_e-f@example.org", true },
		{ "-d@example.org", false },
		{ ".d@example.org", false },
		{ "d.@example.org", false },
		{ "a..b@example.org", false },
		{ "a|b@example.org", false },
		{ "a%example.net@example.org", false },
		{ "a!b@example.org", false },
		{ "a(b)@example.org", false },
		{ "\"a\"@example.org", false },
		{ "a@b@example.org", false },
		{ "a,b@example.org", false },
		{ "\xe3\x81\x82@example.org", false },
		{ "@example.org", false },
		{ "d", false },
		{ "d@", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		if (letter_address_ok(str_of(cases[i].address)) != cases[i].ok)
			fail_msg("%s", cases[i].address);
}

/* "address!octets" for each that is written to, "-word" for the others. */
static void list(struct buf *b, const struct destinations *d)
{
	if (d->temperror)
		buf_put(b, STR("temperror "));
	for (size_t i = 0; i < d->n; i++) {
		const struct destination *x = &d->list[i];

		buf_printf(b, "%s%.*s",
			   x->state == DESTINATION_OK        ? ""
			   : x->state == DESTINATION_REFUSED ? "-"
							     : "?",
			   STR_ARG(x->address.p ? x->address : x->uri));
		if (x->size)
			buf_printf(b, "!%llu", (unsigned long long)x->size);
		buf_putc(b, ' ');
	}
}

static void who_gets_reports(void **state)
{
	static const struct {
		const char *rua, *want;
	} cases[] = {
		{ "mailto:d@example.org", "d@example.org " },
		{ "mailto:d@example.org!10m,mailto:e@example.org!1k",
		  "d@example.org!10485760 e@example.org!1024 " },
		{ "mailto:d@example.org,mailto:d@example.org",
		  "d@example.org " },
		{ "mailto:d@mail.example.org", "d@mail.example.org " },
		{ "mailto:d@yes.example", "d@yes.example " },
		{ "mailto:d@no.example", "-d@no.example " },
		{ "mailto:d@wild.example", "d@wild.example " },
		{ "mailto:d@other.example!2k", "new@other.example!3072 " },
		{ "mailto:d@thief.example", "-d@thief.example " },
		{ "mailto:d@nowhere.example", "-d@nowhere.example " },
		{ "mailto:d@lost.example", "?d@lost.example " },
		{ "https://example.org/r, mailto:d@example.org",
		  "-https://example.org/r d@example.org " },
		{ "mailto:a%7cb@example.org", "-a|b@example.org " },
		{ "nonsense", "" },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct arena *a = arena_new(65536);
		struct script *s = script_new(a);
		struct asks *asks = asks_new(a, script_resolver(s), 100);
		struct buf text = buf_of(a, 1000), got = buf_of(a, 1000);
		struct destinations d;

		buf_printf(&text, "v=DMARC1; p=none; rua=%s%c", cases[i].rua,
			   '\0');
		script_txt(s, "_dmarc.example.org", text.p, 5);
#define AT(host) "example.org._report._dmarc." host
		script_txt(s, AT("yes.example"), "v=DMARC1;", 9);
		script_txt(s, AT("no.example"), "v=spf1 -all", 1);
		script_txt(s, AT("wild.example"), "v=DMARC1", 2);
		script_txt(s, AT("other.example"),
			   "v=DMARC1; rua=mailto:new@other.example!3k", 2);
		script_txt(s, AT("thief.example"),
			   "v=DMARC1; rua=mailto:d@victim.example", 2);
		script_status(s, AT("lost.example"), SCRIPT_ANY, DNS_TEMPFAIL,
			      2);
		do
			destinations_find(asks, STR("example.org"),
					  DESTINATION_RUA, &d);
		while (d.pending && script_next(s));
		assert_false(d.pending);
		list(&got, &d);
		if (!str_eq(buf_str(&got), str_of(cases[i].want)))
			fail_msg("%s: %.*s", cases[i].rua,
				 STR_ARG(buf_str(&got)));
		arena_free(a);
	}
}

/* RFC 9991: ruf in place of rua, nowhere for a public suffix's record. */
static void who_gets_failure_reports(void **state)
{
	static const struct {
		const char *record, *want;
	} cases[] = {
		{ "ruf=mailto:f@example.org; rua=mailto:a@example.org",
		  "f@example.org " },
		{ "rua=mailto:a@example.org", "" },
		{ "ruf=mailto:f@example.org; psd=y", "" },
		{ "ruf=mailto:f@example.org; psd=n", "f@example.org " },
		{ "ruf=mailto:f@no.example", "-f@no.example " },
		{ "ruf=mailto:f@other.example", "new@other.example " },
		{ "ruf=mailto:f@rua.example", "f@rua.example " },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct arena *a = arena_new(65536);
		struct script *s = script_new(a);
		struct asks *asks = asks_new(a, script_resolver(s), 100);
		struct buf text = buf_of(a, 1000), got = buf_of(a, 1000);
		struct destinations d;

		buf_printf(&text, "v=DMARC1; p=none; %s%c", cases[i].record,
			   '\0');
		script_txt(s, "_dmarc.example.org", text.p, 5);
		script_txt(s, AT("other.example"),
			   "v=DMARC1; rua=mailto:a@other.example;"
			   "ruf=mailto:new@other.example",
			   2);
		script_txt(s, AT("rua.example"),
			   "v=DMARC1; rua=mailto:a@rua.example", 2);
		do
			destinations_find(asks, STR("example.org"),
					  DESTINATION_RUF, &d);
		while (d.pending && script_next(s));
		list(&got, &d);
		if (!str_eq(buf_str(&got), str_of(cases[i].want)))
			fail_msg("%s: %.*s", cases[i].record,
				 STR_ARG(buf_str(&got)));
		arena_free(a);
	}
}

static void a_record_that_is_lost(void **state)
{
	struct arena *a = arena_new(65536);
	struct script *s = script_new(a);
	struct asks *asks = asks_new(a, script_resolver(s), 100);
	struct destinations d;

	(void)state;
	script_status(s, "_dmarc.example.org", SCRIPT_ANY, DNS_TEMPFAIL, 0);
	destinations_find(asks, STR("example.org"), DESTINATION_RUA, &d);
	assert_true(d.temperror && !d.n && !d.pending);
	arena_free(a);
}

struct unpacked {
	struct buf text;
	const char *why;
};

static bool on_begin(void *arg, unsigned n, enum unpack_kind kind, str name)
{
	(void)arg;
	(void)name;
	return !n && kind == UNPACK_XML;
}

static bool on_octets(void *arg, str octets)
{
	struct unpacked *u = arg;

	buf_put(&u->text, octets);
	return true;
}

static void on_end(void *arg, const char *why, bool mended)
{
	struct unpacked *u = arg;

	u->why = why ? why : mended ? "mended" : NULL;
}

static void gzip_comes_back(void **state)
{
	struct arena *a = arena_new(4096);
	struct buf packed[2] = { buf_of(a, BIG), buf_of(a, BIG) };
	struct buf plain = buf_of(a, BIG);
	struct unpacked u = { .text = buf_of(a, BIG) };
	struct unpack_sink sink = { &u, on_begin, on_octets, on_end };
	struct unpack_budget budget = { 0 };

	(void)state;
	for (int round = 0; round < 2; round++) {
		struct gzip *g = gzip_new(&packed[round], false);

		plain.n = 0;
		for (unsigned i = 0; i < 20000; i++) {
			char line[32];
			int n = snprintf(line, sizeof line, "<%u>\n",
					 i * 2654435761U);

			buf_put(&plain, (str){ line, (size_t)n });
			assert_true(gzip_put(g, (str){ line, (size_t)n }));
		}
		assert_true(gzip_end(g));
		gzip_free(g);
	}
	assert_str(buf_str(&packed[0]), buf_str(&packed[1]));
	assert_null(unpack(buf_str(&packed[0]), &sink, &budget));
	assert_null(u.why);
	assert_str(buf_str(&u.text), buf_str(&plain));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_report),
		cmocka_unit_test(values_stay_values),
		cmocka_unit_test(long_values_are_cut),
		cmocka_unit_test(what_was_done),
		cmocka_unit_test(reasons_have_known_types),
		cmocka_unit_test(signatures_in_order),
		cmocka_unit_test(helo_has_no_scope),
		cmocka_unit_test(the_mail),
		cmocka_unit_test(addresses_that_are_written_to),
		cmocka_unit_test(who_gets_reports),
		cmocka_unit_test(who_gets_failure_reports),
		cmocka_unit_test(a_record_that_is_lost),
		cmocka_unit_test(gzip_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
