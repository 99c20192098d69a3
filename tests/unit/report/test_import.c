/* Mails that carry reports, as people and programs send them (T1 to T8, F2, L1):
 * each row is a mail and what the store is given, "new known failed other". */
#include "base/buf.h"
#include "mail/mime.h"
#include "report/import.h"
#include "report/import_inside.h"
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include <zlib.h>

#define XML(id)                                                                   \
	"<feedback><report_metadata><org_name>r.example</org_name><report_id>" id \
	"</report_id><date_range><begin>1790000000</begin><end>"                  \
	"1790086399</end></date_range></report_metadata><policy_published>"       \
	"<domain>example.org</domain><p>none</p></policy_published><record>"      \
	"<row><source_ip>192.0.2.1</source_ip><count>3</count>"                   \
	"<policy_evaluated><disposition>none</disposition><dkim>pass</dkim>"      \
	"<spf>fail</spf></policy_evaluated></row><identifiers><header_from>"      \
	"example.org</header_from></identifiers><auth_results><spf><domain>"      \
	"example.org</domain><result>fail</result></spf></auth_results>"          \
	"</record></feedback>\n"

#define MAIL(subject, rest)                          \
	"From: noreply@r.example\nSubject: " subject \
	"\nMIME-Version: 1.0\n" rest
#define TYPE(type) "Content-Type: " type "\n"
#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n"
#define BASE64 "Content-Transfer-Encoding: base64\n"
#define REPORTED "Report Domain: example.org"
#define EXIM                                                               \
	"\nA message claiming to be from you has failed the published "    \
	"DMARC\npolicy for your domain.\n\n  Sender Domain: example.org\n" \
	"  Sender IP Address: 192.0.2.1\n"
#define SENTENCE                                                         \
	"\nThis is a spf/dkim authentication-failure report for an "     \
	"email\nmessage received from IP 192.0.2.7 on Tue, 30 Apr 2019 " \
	"02:09:00 +0000 (UTC).\n"

/* In the mails: {XML:n}, {XML64:n}, {GZ64:n}, {QP:n}: report n, encoded. */
static const struct {
	const char *what;
	const char *mail;
	const char *want;
} cases[] = {
	{ "T1: any type",
	  MAIL("x", TYPE("application/octet-stream") BASE64 "\n{GZ64:1}"),
	  "1 0 0 0" },
	{ "T1: gzip called zip",
	  MAIL("x", TYPE("application/zip") BASE64 "\n{GZ64:1}"), "1 0 0 0" },
	{ "T1: multipart/alternative without parts",
	  MAIL("x", TYPE("multipart/alternative; name=\"a.xml.gz\"") BASE64
	       "\n{GZ64:1}"),
	  "1 0 0 0" },
	{ "T1: text/xml", MAIL("x", TYPE("text/xml") "\n{XML:1}"), "1 0 0 0" },
	{ "T2: nested, and not the last part",
	  MAIL("x",
	       MIXED "preamble\n--b\nContent-Type: multipart/related;\n"
		     "\tboundary=\"c c\"\n\n--c c\nContent-Type: "
		     "text/plain\n\nhello\n--c c\n" TYPE("application/gzip")
			     BASE64 "\n{GZ64:1}\n--c c--\n--b\n"
				    "Content-Type: text/html\n\n<p>bye\n"
				    "--b--\nepilogue\n"),
	  "1 0 0 0" },
	{ "T2: inside a forwarded mail",
	  MAIL("Fwd", MIXED "--b\nContent-Type: message/rfc822\n\n"
			    "Subject: in\n" TYPE("application/gzip") BASE64
	       "\n{GZ64:1}\n--b--\n"),
	  "1 0 0 0" },
	{ "T3: base64 that is not said",
	  MAIL("x", TYPE("application/gzip") "\n{GZ64:1}"), "1 0 0 0" },
	{ "T3: base64 that is said to be 8bit",
	  MAIL("x",
	       TYPE("application/gzip") "Content-Transfer-Encoding: 8bit\n\n{GZ64:1}"),
	  "1 0 0 0" },
	{ "T3: plain that is said to be base64",
	  MAIL("x", TYPE("text/xml") BASE64 "\n{XML:1}"), "1 0 0 0" },
	{ "T3: quoted-printable XML",
	  MAIL("x",
	       TYPE("text/xml") "Content-Transfer-Encoding: Quoted-Printable\n\n{QP:1}"),
	  "1 0 0 0" },
	{ "T4: XML pasted as text", MAIL("x", TYPE("text/plain") "\n{XML:1}"),
	  "1 0 0 0" },
	{ "T4: HTML is none", MAIL("x", TYPE("text/html") "\n<html>hi</html>"),
	  "0 0 0 1" },
	{ "T8: several, one twice",
	  MAIL("x", MIXED "--b\n" TYPE("text/xml") "\n{XML:1}--b\n" TYPE(
			    "application/gzip") BASE64
	       "\n{GZ64:2}\n--b\n" TYPE("application/gzip") BASE64
	       "\n{GZ64:1}\n--b--\n"),
	  "2 1 0 0" },
	{ "a boundary that does not end",
	  MAIL("x", MIXED "--b\n" TYPE("text/xml") "\n{XML:1}"), "1 0 0 0" },
	{ "CRLF", "Subject: x\r\nContent-Type: text/xml\r\n\r\n{XML:1}",
	  "1 0 0 0" },
	{ "T9: text for people", MAIL("x", TYPE("text/plain") "\nhello\n"),
	  "0 0 0 1" },
	{ "an attachment that is no report",
	  MAIL("x", TYPE("image/svg+xml") "\n<svg/>"), "0 0 0 1" },
	{ "a report's subject and nothing in it",
	  MAIL(REPORTED, TYPE("text/plain") "\nlost\n"), "0 0 1 0" },
	{ "a report's subject and a broken one",
	  MAIL(REPORTED, TYPE("text/xml") "\n<feedback>\n"), "0 0 1 0" },
	{ "a report's subject, encoded",
	  MAIL("=?utf-8?Q?Report_Domain=3A?= =?utf-8?B?IGV4YW1wbGUub3Jn?=",
	       TYPE("text/plain") "\nlost\n"),
	  "0 0 1 0" },
	{ "F2: feedback in base64",
	  MAIL("x", MIXED "--b\nContent-Type: message/feedback-report\n" BASE64
			  "\nRmVlZGJhY2stVHlwZTogYXV0aC1mYWlsdXJlClJlcG9ydGVk"
			  "LURvbWFpbjogZXhhbXBsZS5vcmcK\n--b--\n"),
	  "1 0 0 0" },
	{ "F2: no type, \\n instead of lines",
	  MAIL("x", MIXED "--b\nContent-Type: message/feedback-report\n\n"
			  "Version: 1\\nReported-Domain: example.org\\n"
			  "--b--\n"),
	  "1 0 0 0" },
	{ "F2: nothing but text (Exim's words)",
	  MAIL("DMARC Forensic Report", TYPE("text/plain") EXIM), "1 0 0 0" },
	{ "F2: nothing but text, in quoted-printable",
	  MAIL("x", TYPE("text/plain") "Content-Transfer-Encoding: "
				       "quoted-printable\n" EXIM),
	  "1 0 0 0" },
	{ "F2: text and the sample's header",
	  MAIL("x", MIXED "--b\n" TYPE("text/plain") SENTENCE
	       "--b\nContent-Type: text/rfc822-headers\n\nFrom: "
	       "Aki <aki@example.org>\n\n--b--\n"),
	  "1 0 0 0" },
	{ "F2: the same without the sample: it is about nobody",
	  MAIL("x", TYPE("text/plain") SENTENCE), "0 0 0 1" },
	{ "F2: somebody quotes such a text",
	  MAIL("x", TYPE("text/plain") "\n> has failed the published DMARC "
				       "policy\n> for your domain.\n> Sender "
				       "Domain: example.org\n"),
	  "0 0 0 1" },
	{ "F6: the domain is the sample's",
	  MAIL("x", MIXED "--b\nContent-Type: message/feedback-report\n\n"
			  "Feedback-Type: auth-failure\n\n--b\nContent-Type: "
			  "message/rfc822\n\nFrom: Aki <aki@Example.org>\n\nhi"
			  "\n--b--\n"),
	  "1 0 0 0" },
	{ "F7: abuse",
	  MAIL("x", MIXED "--b\nContent-Type: message/feedback-report\n\n"
			  "Feedback-Type: abuse\nReported-Domain: "
			  "example.org\n\n--b--\n"),
	  "0 0 0 1" },
};

static char *encoded(const char *text, const char *how)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
				     "pqrstuvwxyz0123456789+/";
	unsigned char packed[4096];
	struct buf b = buf_of(NULL, 65536);
	size_t n = strlen(text);
	z_stream z = { 0 };

	memcpy(packed, text, n);
	if (strcmp(how, "GZ64") == 0) {
		assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 9, 0),
				 Z_OK);
		z.next_in = (unsigned char *)(uintptr_t)text;
		z.avail_in = (unsigned)n;
		z.next_out = packed;
		z.avail_out = sizeof packed;
		assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
		n = z.total_out;
		(void)deflateEnd(&z);
	}
	for (size_t i = 0; i < n && how[0] == 'Q'; i++)
		buf_printf(&b, packed[i] < 'a' ? "=%02X%s" : "%c%s", packed[i],
			   i % 20 == 19 ? "=\n" : "");
	for (size_t i = 0; i < n && how[0] == 'X'; i++)
		buf_putc(&b, (char)packed[i]);
	for (size_t i = 0; i < n && how[0] == 'G'; i += 3) {
		unsigned v = packed[i] * 65536u +
			     (i + 1 < n ? packed[i + 1] * 256u : 0) +
			     (i + 2 < n ? packed[i + 2] : 0);

		buf_printf(&b, "%c%c%c%c%s", digits[v >> 18],
			   digits[v >> 12 & 63],
			   i + 1 < n ? digits[v >> 6 & 63] : '=',
			   i + 2 < n ? digits[v & 63] : '=',
			   i % 57 == 54 ? "\n" : "");
	}
	buf_putc(&b, '\0');
	return b.p;
}

static void expand(struct buf *out, const char *mail)
{
	static const char *const hows[] = { "XML", "GZ64", "QP" };

	while (*mail) {
		char mark[16];
		bool found = false;

		for (size_t i = 0; i < 3 && !found; i++)
			for (int n = 1; n <= 2 && !found; n++) {
				int length = snprintf(mark, sizeof mark,
						      "{%s:%d}", hows[i], n);
				char *text;

				if (strncmp(mail, mark, (size_t)length) != 0)
					continue;
				text = encoded(n == 1 ? XML("1") : XML("2"),
					       hows[i]);
				buf_put(out, str_of(text));
				free(text);
				mail += length;
				found = true;
			}
		if (!found)
			buf_putc(out, *mail++);
	}
}

static void on_failed(void *arg, str name, str piece, const char *why)
{
	(void)name;
	(void)piece;
	assert_non_null(why);
	++*(unsigned *)arg;
}

static void mails(void **state)
{
	char dir[] = "/tmp/inkan-import.XXXXXX", path[64], url[80], got[64];
	struct err e;

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/s.db", dir);
	(void)snprintf(url, sizeof url, "sqlite:%s", path);
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct store *s = store_open(url, true, &e);
		unsigned failed = 0;
		struct import_sink sink = { &failed, on_failed };
		struct importer *im = importer_new(s, 1790000000, &sink, &e);
		struct buf mail = buf_of(NULL, 65536);
		const struct import_counts *c = importer_counts(im);

		expand(&mail, cases[i].mail);
		assert_true(
			importer_take(im, buf_str(&mail), STR("m"), false, &e));
		assert_true(importer_commit(im, &e));
		(void)snprintf(got, sizeof got, "%u %u %u %u",
			       (unsigned)c->store.reports,
			       (unsigned)c->store.duplicates, failed,
			       (unsigned)c->other);
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: %s", cases[i].what, got);
		buf_free(&mail);
		importer_free(im);
		store_close(s);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(rmdir(dir), 0);
}

static void names(void **state)
{
	static const struct {
		const char *name;
		const char *want; /* submitter domain begin end id */
	} rows[] = {
		{ "r.example!example.org!1790000000!1790086399.xml.gz",
		  "r.example example.org 1790000000 1790086399 " },
		{ "/a/b/r.example!example.org!1790000000!1790086399!7.zip",
		  "r.example example.org 1790000000 1790086399 7" },
		{ "!example.com!1538204542!1538463818.xml",
		  " example.com 1538204542 1538463818 " },
		{ "r!example.org!1!2!x.xml.zip.xml", "r example.org 1 2 x" },
		{ "r.example example.org 1 2.xml", "  0 0 " },
		{ "r!example.org!soon!later.xml", "  0 0 " },
		{ "a!b.xml", "  0 0 " },
		{ "", "  0 0 " },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(rows); i++) {
		struct report_hints h = { 0 };
		char got[256];

		hints_of_name(str_of(rows[i].name), &h);
		(void)snprintf(got, sizeof got, "%.*s %.*s %lld %lld %.*s",
			       STR_ARG(h.submitter), STR_ARG(h.domain),
			       (long long)h.begin, (long long)h.end,
			       STR_ARG(h.report_id));
		assert_string_equal(got, rows[i].want);
	}
}

static void subjects(void **state)
{
	static const char *const rows[][2] = {
		{ "Report Domain: example.org Submitter: r.example Report-ID: "
		  "<7@r.example>",
		  "example.org r.example <7@r.example>" },
		{ "REPORT DOMAIN:example.org  submitter:r.example",
		  "example.org r.example " },
		{ "[Preview] Report Domain: example.org", "example.org  " },
		{ "hello", "  " },
	};
	struct arena *a = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(rows); i++) {
		struct report_hints h = { 0 };
		char got[256];

		hints_of_subject(a, str_of(rows[i][0]), &h);
		(void)snprintf(got, sizeof got, "%.*s %.*s %.*s",
			       STR_ARG(h.domain), STR_ARG(h.submitter),
			       STR_ARG(h.report_id));
		assert_string_equal(got, rows[i][1]);
	}
	arena_free(a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(mails),
		cmocka_unit_test(names),
		cmocka_unit_test(subjects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
