/* Failure reports as they come; the names are those of the digest of quirks: F1
 * Identity-Alignment, F3 dates and addresses, F4 words, F5 samples, F6 domains. */
#include "base/buf.h"
#include "report/failure.h"
#include "test.h"

#define HEAD "Feedback-Type: auth-failure\nReported-Domain: example.org\n"
#define SAMPLE \
	"From: Aki <aki@example.org>\nSubject: s\nMessage-ID: <1@x>\n\nhi\n"
#define TOP                                              \
	"From: r@r.example\nMessage-ID: <2@r.example>\n" \
	"Date: Sun, 1 Nov 2026 00:00:00 +0000\n\n"

static const struct {
	const char *what, *feedback, *sample, *want;
} cases[] = {
	{ "as the standard has it",
	  HEAD "Version: 1\nUser-Agent: x/1\nAuth-Failure: dmarc\n"
	       "Identity-Alignment: spf,\n dkim\n"
	       "Arrival-Date: Sun, 1 Nov 2026 09:00:00 +0900 (JST)\n"
	       "Source-IP: 192.0.2.1\nDelivery-Result: reject\n"
	       "Original-Mail-From: <a@example.org>\nIncidents: 4\n",
	  SAMPLE,
	  "r.example example.org 1793491200 192.0.2.1 dmarc [spf, dkim] reject "
	  "4 s" },
	{ "F1: Identity-Alignment is not there", HEAD "Auth-Failure: dmarc\n",
	  SAMPLE, "r.example example.org 1793491200  dmarc []  1 s" },
	{ "F3: no date, an address with a port behind it",
	  HEAD "Source-IP: 2001:DB8::1 25\n", SAMPLE,
	  "r.example example.org 1793491200 2001:db8::1  []  1 s" },
	{ "F3: a date that is none, an address in brackets",
	  HEAD "Arrival-Date: yesterday\nSource-IP: [192.0.2.2]\n", SAMPLE,
	  "r.example example.org 1793491200 192.0.2.2  []  1 s" },
	{ "F3: Received-Date, no address",
	  HEAD "Received-Date: Mon, 02 Nov 2026 00:00 +0000\nSource-IP: x\n",
	  SAMPLE, "r.example example.org 1793577600   []  1 s" },
	{ "F4: words around the word, a list",
	  HEAD "Delivery-Result: Message was Delivered to the user\n"
	       "Auth-Failure: dmarc, spf\n",
	  SAMPLE,
	  "r.example example.org 1793491200  dmarc, spf [] delivered 1 "
	  "s" },
	{ "F4: another word", HEAD "Delivery-Result: bounced\nIncidents: 0\n",
	  SAMPLE, "r.example example.org 1793491200   [] other 1 s" },
	{ "F5: no sample", HEAD, "",
	  "r.example example.org 1793491200   []  1 " },
	{ "F5: a sample that is redacted and broken", HEAD,
	  "From: 2jmj7l5rSw0yVb/vlWAYkK/YBwk=@example.org\nSubject: "
	  "=?utf-8?q?caf=C3=A9_=FF?=\nno field\n",
	  "r.example example.org 1793491200   []  1 caf\xc3\xa9 \xef\xbf\xbd" },
	{ "F6: the domain is the sample's", "Feedback-Type: auth-failure\n",
	  SAMPLE, "r.example example.org 1793491200   []  1 s" },
	{ "F6: none", "Feedback-Type: auth-failure\n", "",
	  "it does not say which domain it is about" },
	{ "F7: abuse", "Feedback-Type: abuse\n", SAMPLE,
	  "it is a report of spam, not of a failed check" },
	{ "who made it", HEAD "Reporting-MTA: dns; mx.r.example\n", "",
	  "mx.r.example example.org 1793491200   []  1 " },
};

static void as_they_come(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct arena *arena = arena_new(4096);
		struct buf b = buf_of(arena, 4096);
		str body;
		struct header top = mime_header(arena, STR(TOP), &body);
		struct failure_parts parts = { str_of(cases[i].feedback),
					       str_of(cases[i].sample), &top,
					       1 };
		struct store_head h;
		struct store_failure f;
		const char *why;
		bool other;

		if (failure_read(arena, &parts, &h, &f, &other, &why))
			buf_printf(&b,
				   "%.*s %.*s %lld %.*s %.*s [%.*s] %.*s %llu "
				   "%.*s",
				   STR_ARG(h.org), STR_ARG(h.domain),
				   (long long)h.begin, STR_ARG(f.source_ip),
				   STR_ARG(f.auth_failure),
				   STR_ARG(f.identity_alignment),
				   STR_ARG(f.delivery_result),
				   (unsigned long long)f.incidents,
				   STR_ARG(f.subject));
		else
			buf_put(&b, str_of(why));
		if (!str_eq(buf_str(&b), str_of(cases[i].want)))
			print_message("# %s\n", cases[i].what);
		assert_str(buf_str(&b), str_of(cases[i].want));
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(as_they_come) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
