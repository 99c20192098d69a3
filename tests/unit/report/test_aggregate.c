/* Aggregate reports as the world sends them: a row for every tolerance, with
 * what becomes of it in one line:
 *   domain org id begin-end p | ip count disposition dkim/spf from; ... | words
 * and for what is refused its reason. */
#include "base/buf.h"
#include "report/aggregate.h"
#include "test.h"

#define META(org, id, begin, end)                                         \
	"<report_metadata><org_name>" org "</org_name><email>a@r.example" \
	"</email><report_id>" id "</report_id><date_range><begin>" begin  \
	"</begin><end>" end "</end></date_range></report_metadata>"
#define GOOD_META META("r.example", "7", "1790000000", "1790086399")
#define POLICY                                                      \
	"<policy_published><domain>example.org</domain><p>none</p>" \
	"</policy_published>"
#define ROW(ip, count, evaluated)                         \
	"<row><source_ip>" ip "</source_ip><count>" count \
	"</count><policy_evaluated>" evaluated "</policy_evaluated></row>"
#define GOOD_EVALUATED \
	"<disposition>none</disposition><dkim>pass</dkim><spf>fail</spf>"
#define GOOD_ROW ROW("192.0.2.1", "3", GOOD_EVALUATED)
#define FROM(x) "<identifiers><header_from>" x "</header_from></identifiers>"
#define AUTH                                                              \
	"<auth_results><dkim><domain>example.org</domain><selector>s"     \
	"</selector><result>pass</result></dkim><spf><domain>example.net" \
	"</domain><result>fail</result></spf></auth_results>"
#define RECORD "<record>" GOOD_ROW FROM("example.org") AUTH "</record>"
#define REPORT(meta, policy, records) \
	"<feedback>" meta policy records "</feedback>"
#define ROWS(record) REPORT(GOOD_META, POLICY, record)
#define HEAD "example.org r.example 7 1790000000-1790086399 none | "
#define ONE "192.0.2.1 3 none pass/fail example.org; | "
#define GOOD HEAD ONE

struct result {
	struct buf text;
	struct buf auth; /* of all rows */
	unsigned hints;
};

static bool on_head(void *arg, const struct store_head *h)
{
	struct result *r = arg;

	buf_printf(&r->text, "%.*s %.*s %.*s %lld-%lld %.*s | ",
		   STR_ARG(h->domain), STR_ARG(h->org), STR_ARG(h->report_id),
		   (long long)h->begin, (long long)h->end, STR_ARG(h->p));
	return true;
}

static bool on_record(void *arg, const struct store_record *rec)
{
	struct result *r = arg;

	buf_printf(&r->text, "%.*s %llu %.*s %s/%s %.*s; ",
		   STR_ARG(rec->source_ip), (unsigned long long)rec->messages,
		   STR_ARG(rec->disposition), rec->dkim ? "pass" : "fail",
		   rec->spf ? "pass" : "fail", STR_ARG(rec->header_from));
	buf_put(&r->auth, rec->auth);
	if (rec->reasons.p)
		buf_put(&r->auth, rec->reasons);
	if (rec->raw.p)
		buf_put(&r->auth, rec->raw);
	r->hints |= rec->hints;
	return true;
}

/* Reads as import_documents does, in pieces of `step` octets. */
static str read_as(struct arena *arena, str xml, size_t step,
		   struct aggregate_options o, struct result *r)
{
	struct aggregate_sink sink = { r, on_head, on_record };
	struct aggregate *a = aggregate_new(&o, &sink);
	struct store_head head;
	enum aggregate_end end;
	bool ok = true;
	unsigned warnings;
	str out;

	*r = (struct result){ .text = buf_of(arena, 65536),
			      .auth = buf_of(arena, 65536) };
	for (str rest = xml; rest.n && ok; rest = str_skip(rest, step))
		ok = aggregate_put(a, str_head(rest, step));
	end = aggregate_end(a);
	warnings = aggregate_warnings(a);
	head = *aggregate_head(a);
	if (end == AGGREGATE_BROKEN && !o.lenient) {
		aggregate_free(a);
		o.lenient = true;
		return read_as(arena, xml, step, o, r);
	}
	if (end == AGGREGATE_LATE || (end == AGGREGATE_DONE && o.head_only)) {
		bool found = o.head_only;

		o.head_only = !found;
		o.head = found ? &head : NULL;
		o.warnings = found ? warnings : 0;
		out = read_as(arena, xml, step, o, r);
		aggregate_free(a);
		return out;
	}
	if (end != AGGREGATE_DONE) {
		out = str_of(aggregate_why(a));
	} else {
		buf_printf(&r->text, "| %.*s",
			   STR_ARG(report_warning_words(arena, warnings)));
		out = buf_str(&r->text);
	}
	aggregate_free(a);
	return out;
}

static const struct {
	const char *what;
	const char *xml;
	const char *want;
} cases[] = {
	{ "RFC 7489", ROWS(RECORD), GOOD },
	{ "an XML declaration and RFC 9990's name space",
	  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feedback xmlns="
	  "\"urn:ietf:params:xml:ns:dmarc-2.0\">" GOOD_META POLICY RECORD
	  "</feedback>",
	  GOOD },
	{ "a prefix that is not even declared",
	  "<ns0:feedback><ns0:report_metadata><ns0:org_name>r.example"
	  "</ns0:org_name><ns0:report_id>7</ns0:report_id><ns0:date_range>"
	  "<ns0:begin>1790000000</ns0:begin><ns0:end>1790086399</ns0:end>"
	  "</ns0:date_range></ns0:report_metadata>" POLICY RECORD
	  "</ns0:feedback>",
	  GOOD },
	{ "T15: blank lines and a BOM before the declaration",
	  "\xef\xbb\xbf\n \n<?xml version=\"1.0\"?>" ROWS(RECORD), GOOD },
	{ "T15: two declarations, one malformed",
	  "<?xml version='1.0' encoding='utf-8'?><?xml version=1.0?>" ROWS(
		  RECORD),
	  GOOD },
	{ "T15, C7: Latin-1 under a UTF-8 declaration",
	  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>" REPORT(
		  META("caf\xe9", "7", "1790000000", "1790086399"), POLICY,
		  RECORD),
	  "example.org caf\xef\xbf\xbd 7 1790000000-1790086399 none | " ONE
	  "encoding" },
	{ "T15: Latin-1 that says so",
	  "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>" REPORT(
		  META("caf\xe9", "7", "1790000000", "1790086399"), POLICY,
		  RECORD),
	  "example.org caf\xc3\xa9 7 1790000000-1790086399 none | " ONE },
	{ "T15: an encoding that nobody knows",
	  "<?xml version=\"1.0\" encoding=\"x-unheard-of\"?>" ROWS(RECORD),
	  GOOD },
	{ "T15: control characters",
	  REPORT(META("r.ex\x01"
		      "ample",
		      "7", "1790000000", "1790086399"),
		 POLICY, RECORD),
	  GOOD "encoding" },
	{ "T16: a bare < in a value",
	  REPORT("<report_metadata><org_name>r.example</org_name><email>"
		 "<bad-xml@bad-xml.example></email><report_id>7</report_id>"
		 "<date_range><begin>1790000000</begin><end>1790086399</end>"
		 "</date_range></report_metadata>",
		 POLICY, RECORD),
	  GOOD "markup" },
	{ "T16: a bare & in a value, and entities that XML does not have",
	  REPORT(META("r &amp; s & t &nbsp; &#65;", "7", "1790000000",
		      "1790086399"),
		 POLICY, RECORD),
	  "example.org r & s & t &nbsp; A 7 1790000000-1790086399 none | " ONE
	  "markup" },
	{ "T16: an end tag that is missing",
	  REPORT(GOOD_META, POLICY,
		 "<record>" GOOD_ROW
		 "<identifiers><header_from>example.org</identifiers>" AUTH
		 "</record>"),
	  GOOD "markup" },
	{ "T17: a schema around it",
	  "<xs:schema xmlns:xs=\"urn:x\"><x>" ROWS(RECORD) "</x></xs:schema>",
	  GOOD },
	{ "T17: a stray end of a schema", ROWS(RECORD) "</xs:schema>",
	  GOOD "markup" },
	{ "T19: upper case",
	  "<FEEDBACK><REPORT_METADATA><ORG_NAME>r.example</ORG_NAME>"
	  "<REPORT_ID>7</REPORT_ID><DATE_RANGE><BEGIN>1790000000</BEGIN><END>"
	  "1790086399</END></DATE_RANGE></REPORT_METADATA>" POLICY RECORD
	  "</FEEDBACK>",
	  GOOD },
	{ "T19: identities",
	  ROWS("<record>" GOOD_ROW "<identities><header_from>example.org"
	       "</header_from></identities>" AUTH "</record>"),
	  GOOD "identifiers" },
	{ "T19: unknown elements with all that is in them",
	  REPORT(GOOD_META, POLICY,
		 "<extension><record>" GOOD_ROW "</record></extension>"
		 "<x:y xmlns:x='urn:y'><p>reject</p></x:y>" RECORD),
	  GOOD },
	{ "T19: rows before the head",
	  "<feedback>" RECORD POLICY GOOD_META "</feedback>", GOOD },
	{ "T19: rows before the head, in broken XML",
	  "<feedback>" RECORD POLICY
	  "<report_metadata><org_name>r.example</org_name><email><a></email>"
	  "<report_id>7</report_id><date_range><begin>1790000000</begin><end>"
	  "1790086399</end></date_range></report_metadata></feedback>",
	  GOOD "markup" },
	{ "T20: a version, whatever it is",
	  REPORT("<version>0.1</version>", GOOD_META POLICY, RECORD), GOOD },
	{ "T21, C8: a document type",
	  "<!DOCTYPE feedback [<!ENTITY x \"y\">]>" ROWS(RECORD),
	  "it has a document type (DTD): refused" },
	{ "T21: an entity from a file",
	  "<?xml version=\"1.0\"?><!DOCTYPE f SYSTEM \"file:///etc/passwd\">"
	  "<feedback>&x;</feedback>",
	  "it has a document type (DTD): refused" },
	{ "T21: a document type in broken XML",
	  "<feedback><email><a></email><!DOCTYPE f></feedback>",
	  "it has a document type (DTD): refused" },
	{ "T22: attributes, CDATA, white space, split text",
	  REPORT("<report_metadata lang='x'><org_name xsi:type='s'> <![CDATA[r."
		 "]]>example\n</org_name><report_id>7</report_id><date_range>"
		 "<begin>1790000000</begin><end>1790086399</end></date_range>"
		 "</report_metadata>",
		 POLICY, RECORD),
	  GOOD },
	{ "T23: nothing", "", "it is empty" },
	{ "T23: a declaration alone", "<?xml version=\"1.0\"?>",
	  "it is empty" },
	{ "T23: another root", "<html><body>no</body></html>",
	  "it is XML, but no DMARC report" },
	{ "T23: cut off", "<feedback>" GOOD_META POLICY RECORD "<record>",
	  "it ends in the middle" },
	{ "T23: cut off in a tag", "<feedback>" GOOD_META POLICY RECORD "<rec",
	  "it ends in the middle" },
	{ "org_name: the domain of email",
	  REPORT(META(" ", "7", "1790000000", "1790086399"), POLICY, RECORD),
	  GOOD "org_name" },
	{ "report_id: brackets, and <id>",
	  REPORT("<report_metadata><org_name>r.example</org_name><id>&lt;a@b "
		 "c&gt;</id><date_range><begin>1790000000</begin><end>"
		 "1790086399</end></date_range></report_metadata>",
		 POLICY, RECORD),
	  "example.org r.example a@b c 1790000000-1790086399 none | " ONE },
	{ "date_range: a fraction",
	  REPORT(META("r.example", "7", "1790000000.0", "1790086399.9"), POLICY,
		 RECORD),
	  GOOD "date_range" },
	{ "date_range: milliseconds",
	  REPORT(META("r.example", "7", "1790000000000", "1790086399000"),
		 POLICY, RECORD),
	  GOOD "date_range" },
	{ "date_range: reversed",
	  REPORT(META("r.example", "7", "1790086399", "1790000000"), POLICY,
		 RECORD),
	  GOOD "date_range" },
	{ "date_range: negative, and empty",
	  REPORT(META("r.example", "7", "-5", ""), POLICY, RECORD),
	  "example.org r.example 7 0-86399 none | " ONE "date_range" },
	{ "date_range: ISO 8601",
	  REPORT(META("r.example", "7", "2026-09-21T13:13:20+00:00",
		      "2026-09-22T22:13:19+09:00"),
		 POLICY, RECORD),
	  "example.org r.example 7 1789996400-1790082799 none | " ONE
	  "date_range" },
	{ "date_range: none",
	  REPORT(META("r.example", "7", "", "soon"), POLICY, RECORD),
	  "it does not say which days it is about" },
	{ "a span of three days",
	  REPORT(META("r.example", "7", "1790000000", "1790259199"), POLICY,
		 RECORD),
	  "example.org r.example 7 1790000000-1790259199 none | " ONE },
	{ "policy_published twice: the first",
	  REPORT(GOOD_META, POLICY,
		 "<policy_published><domain>example.net</domain><p>reject</p>"
		 "</policy_published>" RECORD),
	  GOOD },
	{ "p: upper case",
	  REPORT(GOOD_META,
		 "<policy_published><domain>EXAMPLE.ORG."
		 "</domain><p>Reject</p></policy_published>",
		 RECORD),
	  "example.org r.example 7 1790000000-1790086399 reject | " ONE },
	{ "p: a word that is none",
	  REPORT(GOOD_META,
		 "<policy_published><domain>"
		 "example.org</domain><p>monitor</p>"
		 "</policy_published>",
		 RECORD),
	  GOOD "policy_published" },
	{ "policy domain: a U-label",
	  REPORT(GOOD_META,
		 "<policy_published><domain>b\xc3\xbc"
		 "cher.example</domain><p>none</p></policy_published>",
		 RECORD),
	  "xn--bcher-kva.example r.example 7 1790000000-1790086399 none | " ONE },
	{ "policy domain: none",
	  REPORT(GOOD_META,
		 "<policy_published><p>none</p>"
		 "</policy_published>",
		 RECORD),
	  "it does not say which domain it is about" },
	{ "no rows", ROWS(""), HEAD "| empty" },
	{ "C4: source_ip empty, missing, a name",
	  ROWS("<record>" ROW(
		  "", "1",
		  GOOD_EVALUATED) "</record><record><row>"
				  "<count>1</count></row></record><record>" ROW(
					  "mail.example.org", "1",
					  GOOD_EVALUATED) "</record>" RECORD),
	  GOOD "rows" },
	{ "source_ip: forms of one address",
	  ROWS("<record>" ROW("2001:DB8::0:1%eth0", "1", GOOD_EVALUATED)
		       FROM("example.org") AUTH
	       "</record><record>" ROW("::FFFF:192.0.2.1", "1", GOOD_EVALUATED)
		       FROM("example.org") AUTH "</record>"),
	  HEAD "2001:db8::1 1 none pass/fail example.org; 192.0.2.1 1 none "
	       "pass/fail example.org; | " },
	{ "C6: counts",
	  ROWS("<record>" ROW("192.0.2.1", "18446744073709551615",
			      GOOD_EVALUATED) FROM("example.org") AUTH
	       "</record><record>" ROW("192.0.2.2", "1.0", GOOD_EVALUATED)
		       FROM("example.org") AUTH
	       "</record><record>" ROW("192.0.2.3", "0", GOOD_EVALUATED)
		       FROM("example.org") AUTH
	       "</record><record>" ROW("192.0.2.4", "1e30", GOOD_EVALUATED) "</record><record>" ROW("192.0.2.4", "-1", GOOD_EVALUATED) "</record><record>" ROW(
		       "192.0.2.4", "",
		       GOOD_EVALUATED) "</record><record>" ROW("192.0.2.4",
							       "18446744073709551616",
							       GOOD_EVALUATED) "</record><record>" ROW("192.0.2.4",
												       "1,000",
												       GOOD_EVALUATED) "</record>"),
	  HEAD "192.0.2.1 18446744073709551615 none pass/fail example.org; "
	       "192.0.2.2 1 none pass/fail example.org; 192.0.2.3 0 none "
	       "pass/fail example.org; | rows" },
	{ "disposition: pass of RFC 9990, and other words",
	  ROWS("<record>" ROW("192.0.2.1", "1",
			      "<disposition>pass</disposition><dkim>pass"
			      "</dkim><spf>pass</spf>") FROM("example.org") AUTH
	       "</record><record>" ROW(
		       "192.0.2.2", "1",
		       "<disposition>sampled_out</disposition><dkim>pass"
		       "</dkim><spf>pass</spf>") FROM("example.org") AUTH
	       "</record>"),
	  HEAD "192.0.2.1 1 pass pass/pass example.org; 192.0.2.2 1 none "
	       "pass/pass example.org; | policy_evaluated" },
	{ "policy_evaluated: only pass passes",
	  ROWS("<record>" ROW("192.0.2.1", "1",
			      "<disposition>None</disposition><dkim>Pass"
			      "</dkim><spf>neutral</spf>") FROM("example.org")
		       AUTH "</record><record>" ROW("192.0.2.2", "1", "")
			       FROM("example.org") AUTH "</record>"),
	  HEAD "192.0.2.1 1 none pass/fail example.org; 192.0.2.2 1 none "
	       "fail/fail example.org; | policy_evaluated" },
	{ "header_from: an address, quotes, nothing, several",
	  ROWS("<record>" GOOD_ROW FROM("A@Example.ORG") AUTH
	       "</record><record>" GOOD_ROW FROM("&quot;example.org&quot;") AUTH
	       "</record><record>" GOOD_ROW FROM("") AUTH
	       "</record><record>" GOOD_ROW
	       "<identifiers><header_from>example.org</header_from>"
	       "<header_from>example.net</header_from></identifiers>" AUTH
	       "</record>"),
	  HEAD "192.0.2.1 3 none pass/fail example.org; 192.0.2.1 3 none "
	       "pass/fail example.org; 192.0.2.1 3 none pass/fail "
	       "example.org; 192.0.2.1 3 none pass/fail example.org; "
	       "| identifiers" },
	{ "auth_results: none, empty, text",
	  ROWS("<record>" GOOD_ROW FROM(
		  "example.org") "</record><record>" GOOD_ROW
		       FROM("example.org") "<auth_results/></record><record>" GOOD_ROW
			       FROM("example.org") "<auth_results>none"
						   "</auth_results></record>"),
	  HEAD "192.0.2.1 3 none pass/fail example.org; 192.0.2.1 3 none "
	       "pass/fail example.org; 192.0.2.1 3 none pass/fail "
	       "example.org; | auth_results" },
	{ "C1, all at once",
	  "<?xml version=\"1.0\" encoding=\"UTF-8\" ?><feedback xmlns=\"urn:"
	  "ietf:params:xml:ns:dmarc-2.0\"><report_metadata><org_name/><email>"
	  "r@r.test</email><report_id>&lt;7@r.test&gt;</report_id><date_range>"
	  "<begin>1790000000.0</begin><end>1789913600</end></date_range>"
	  "</report_metadata><policy_published><domain>EX.test.</domain><p>"
	  "Reject</p><sp/></policy_published><record><row><source_ip>::FFFF:"
	  "192.0.2.1</source_ip><count>2</count><policy_evaluated>"
	  "<disposition>pass</disposition><dkim>Pass</dkim><spf/>"
	  "</policy_evaluated></row><identities><header_from>A@Ex.test"
	  "</header_from></identities><auth_results/></record></feedback>",
	  "ex.test r.test 7@r.test 1789913600-1790000000 reject | 192.0.2.1 2 "
	  "pass pass/fail ex.test; | org_name date_range identifiers "
	  "policy_evaluated auth_results" },
};

static void tolerances(void **state)
{
	static const size_t steps[] = { 1, 7, 65536 };

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		for (size_t k = 0; k < TEST_COUNT(steps); k++) {
			struct arena *arena = arena_new(65536);
			struct aggregate_options o = { 0 };
			struct result r;
			str got = read_as(arena, str_of(cases[i].xml), steps[k],
					  o, &r);

			if (!str_eq(got, str_of(cases[i].want)))
				print_message("%s, %zu octets at once\n",
					      cases[i].what, steps[k]);
			assert_str(got, str_of(cases[i].want));
			arena_free(arena);
		}
}

static const struct {
	const char *auth;
	const char *want;
	unsigned hints;
} results[] = {
	{ "<dkim><domain></domain><result>pass</result></dkim>", "[]", 0 },
	{ "<dkim><domain>Example.ORG</domain><result/></dkim>",
	  "[{\"method\":\"dkim\",\"domain\":\"example.org\",\"result\":"
	  "\"none\"}]",
	  STORE_HINT_BROKEN },
	{ "<dkim><domain>example.org</domain><result>hardfail</result></dkim>",
	  "[{\"method\":\"dkim\",\"domain\":\"example.org\",\"result\":"
	  "\"fail\",\"result_as_written\":\"hardfail\"}]",
	  STORE_HINT_BROKEN },
	{ "<dkim><domain>example.net</domain><result>weird</result>"
	  "<human_result>a \"b\"</human_result></dkim>",
	  "[{\"method\":\"dkim\",\"domain\":\"example.net\",\"result\":"
	  "\"permerror\",\"result_as_written\":\"weird\",\"human_result\":"
	  "\"a \\\"b\\\"\"}]",
	  0 },
	{ "<dkim><domain>a.example</domain><result>pass</result></dkim><dkim>"
	  "<domain>b.example</domain><selector>s</selector><result>fail"
	  "</result></dkim>",
	  "[{\"method\":\"dkim\",\"domain\":\"a.example\",\"result\":\"pass\"}"
	  ",{\"method\":\"dkim\",\"domain\":\"b.example\",\"selector\":\"s\","
	  "\"result\":\"fail\"}]",
	  0 },
	{ "<spf><domain>example.org</domain><scope>helo</scope><result>softfail"
	  "</result></spf><spf><domain>c.example</domain><result>unknown"
	  "</result></spf>",
	  "[{\"method\":\"spf\",\"domain\":\"example.org\",\"scope\":\"helo\","
	  "\"result\":\"softfail\"},{\"method\":\"spf\",\"domain\":"
	  "\"c.example\",\"result\":\"temperror\",\"result_as_written\":"
	  "\"unknown\"}]",
	  STORE_HINT_SPF_OURS },
	{ "<spf><domain>c.example</domain><result>policy</result></spf>",
	  "[{\"method\":\"spf\",\"domain\":\"c.example\",\"result\":"
	  "\"permerror\",\"result_as_written\":\"policy\"}]",
	  0 },
	{ "<dkim><feedback><record></record></feedback><domain>d.example"
	  "</domain><result>pass</result></dkim>",
	  "[{\"method\":\"dkim\",\"domain\":\"d.example\",\"result\":"
	  "\"pass\"}]",
	  0 },
};

static void authentication(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(results); i++) {
		struct arena *arena = arena_new(65536);
		struct buf xml = buf_of(arena, 65536);
		struct aggregate_options o = { 0 };
		struct result r;

		buf_printf(&xml, "%s<auth_results>%s%s",
			   "<feedback>" GOOD_META POLICY "<record>" ROW(
				   "192.0.2.1", "1",
				   "<disposition>none</disposition><dkim>fail"
				   "</dkim><spf>fail</spf>")
				   FROM("example.org"),
			   results[i].auth,
			   "</auth_results></record></feedback>");
		(void)read_as(arena, buf_str(&xml), 65536, o, &r);
		assert_str(buf_str(&r.auth), str_of(results[i].want));
		assert_int_equal(r.hints, results[i].hints);
		arena_free(arena);
	}
}

static void reasons(void **state)
{
	struct arena *arena = arena_new(65536);
	struct aggregate_options o = { 0 };
	struct result r;

	(void)state;
	(void)read_as(
		arena,
		STR(ROWS("<record>" ROW(
			"192.0.2.1", "1",
			GOOD_EVALUATED
			"<reason><type/><comment/></reason><reason><type>"
			"forwarded</type></reason><reason><type>x</type>"
			"<comment>y</comment></reason>") AUTH "</record>")),
		65536, o, &r);
	assert_non_null(memmem(r.auth.p, r.auth.n,
			       "[{\"type\":\"forwarded\"},{\"type\":\"x\","
			       "\"comment\":\"y\"}]",
			       48));
	assert_int_equal(r.hints, STORE_HINT_FORWARDED);
	arena_free(arena);
}

/* What is missing comes from the file's name. */
static void hinted(void **state)
{
	struct arena *arena = arena_new(65536);
	struct aggregate_options o = {
		.hints = { .submitter = STR("s.example"),
			   .domain = STR("Example.ORG"),
			   .report_id = STR("9"),
			   .begin = 1790000000,
			   .end = 1790086399 },
	};
	struct result r;

	(void)state;
	assert_str(
		read_as(arena, STR("<feedback>" RECORD "</feedback>"), 3, o,
			&r),
		STR("example.org s.example 9 1790000000-1790086399 none | " ONE
		    "org_name report_id date_range policy_published"));
	arena_free(arena);
}

static str utf16(struct arena *arena, str s, bool big, bool mark)
{
	struct buf b = buf_of(arena, 2 * s.n + 2);

	if (mark)
		buf_put(&b, big ? STR("\xfe\xff") : STR("\xff\xfe"));
	for (size_t i = 0; i < s.n; i++) {
		buf_putc(&b, big ? '\0' : s.p[i]);
		buf_putc(&b, big ? s.p[i] : '\0');
	}
	return buf_str(&b);
}

static void wide(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct arena *arena = arena_new(65536);
		struct aggregate_options o = { 0 };
		struct result r;
		str xml = utf16(arena,
				STR("<?xml version=\"1.0\" encoding=\"utf-8\""
				    "?>" ROWS(RECORD)),
				i & 1, i & 2);

		assert_str(read_as(arena, xml, 5, o, &r), STR(GOOD));
		arena_free(arena);
	}
}

static void limits(void **state)
{
	static const struct {
		const char *before, *fill;
		size_t n;
		const char *after, *want;
	} big[] = {
		{ "<feedback><report_metadata><org_name>", "x", 65536,
		  "</org_name></report_metadata></feedback>",
		  "it does not say which domain it is about" },
		{ "<feedback><report_metadata><org_name>", "x", 65537,
		  "</org_name></report_metadata></feedback>",
		  "one of its values is too long" },
		{ "", "<feedback>", 32, "", "it ends in the middle" },
		{ "", "<feedback>", 33, "",
		  "its elements are nested too deep" },
		{ "<feedback>", "<email></email>", 1200000, "</feedback>",
		  "it is large and hardly has rows" },
		{ "<feedback a='", "x", 300000, "'/>",
		  "one of its tags is too long" },
		{ "<feedback><email><b></email>", "<row ", 200000, "",
		  "one of its values is too long" },
		{ "<feedback><email><b></email><![CDATA[", "<![CDATA[", 100000,
		  "", "its XML is broken" },
		{ "<feedback><email><b></email>", "&", 300000, "",
		  "one of its values is too long" },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(big); i++) {
		struct arena *arena = arena_new(65536);
		struct aggregate_options o = { 0 };
		struct buf xml = buf_of(NULL, 32 << 20);
		struct result r;

		buf_put(&xml, str_of(big[i].before));
		for (size_t k = 0; k < big[i].n; k++)
			buf_put(&xml, str_of(big[i].fill));
		buf_put(&xml, str_of(big[i].after));
		assert_str(read_as(arena, buf_str(&xml), 65536, o, &r),
			   str_of(big[i].want));
		buf_free(&xml);
		arena_free(arena);
	}
}

/* Results of one row beyond what is kept; the row itself counts. */
static void many_results(void **state)
{
	struct arena *arena = arena_new(65536);
	struct aggregate_options o = { 0 };
	struct buf xml = buf_of(NULL, 1 << 20);
	struct result r;

	(void)state;
	buf_put(&xml,
		STR("<feedback>" GOOD_META POLICY
		    "<record>" GOOD_ROW FROM("example.org") "<auth_results>"));
	for (int i = 0; i < 300; i++)
		buf_put(&xml, STR("<dkim><domain>d.example</domain><result>"
				  "fail</result></dkim>"));
	buf_put(&xml, STR("</auth_results></record></feedback>"));
	assert_str(read_as(arena, buf_str(&xml), 65536, o, &r),
		   STR(GOOD "cut"));
	buf_free(&xml);
	arena_free(arena);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(tolerances),
		cmocka_unit_test(authentication),
		cmocka_unit_test(reasons),
		cmocka_unit_test(hinted),
		cmocka_unit_test(wide),
		cmocka_unit_test(limits),
		cmocka_unit_test(many_results),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
