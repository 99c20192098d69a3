/* Failure reports that are nothing but text. */
#include "report/failure_text.h"
#include "test.h"

#define FAILED                                                         \
	"A message claiming to be from you has failed the published\n" \
	"DMARC policy for your domain.\n\n"
#define HEAD "Feedback-Type: auth-failure\r\nAuth-Failure: dmarc\r\n"

static const struct {
	const char *text, *said, *sample;
} cases[] = {
	{ FAILED
	  "  Sender Domain: example.org\n"
	  "  Sender IP Address: 2001:db8::1\n"
	  "  Received Date: Fri, 29 Mar 2024 10:00:00 +0000\n"
	  "  SPF Alignment: no\n"
	  "  DKIM Alignment: yes\n"
	  "  DMARC Results: Reject\n\n"
	  "------ This is a copy of the headers that were received before the\n"
	  "       error was detected.\n\n"
	  "Received: from x\nFrom: <a@example.org>\n",
	  HEAD "Reported-Domain: example.org\r\nSource-IP: 2001:db8::1\r\n"
	       "Arrival-Date: Fri, 29 Mar 2024 10:00:00 +0000\r\n"
	       "Delivery-Result: Reject\r\nIdentity-Alignment: spf\r\n",
	  "Received: from x\nFrom: <a@example.org>\n" },
	{ FAILED "SPF alignment: No\r\nDKIM alignment: no\r\n",
	  HEAD "Identity-Alignment: spf, dkim\r\n", "" },
	{ FAILED "SPF Alignment: yes\nDKIM Alignment: yes\n",
	  HEAD "Identity-Alignment: none\r\n", "" },
	{ "The message below did not meet the sending domain's DMARC  policy."
	  "\nIt was received from IP 192.0.2.7 on Tue, 30 Apr 2019 02:09:00 "
	  "+0000 (UTC).\nSource-IP: 192.0.2.8\n",
	  HEAD "Source-IP: 192.0.2.8\r\nSource-IP: 192.0.2.7\r\n"
	       "Arrival-Date: Tue, 30 Apr 2019 02:09:00 +0000 (UTC).\r\n",
	  "" },
	{ FAILED "--- a copy of the message", HEAD, "" },
	{ FAILED "--- a copy of the message\n\n", HEAD, "" },
};

static void said(void **state)
{
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		str text = str_of(cases[i].text), sample;
		str said;

		assert_true(failure_text_is(text));
		said = failure_text_read(arena, text, &sample);
		assert_str(said, str_of(cases[i].said));
		assert_str(sample, str_of(cases[i].sample));
	}
	arena_free(arena);
}

static void others(void **state)
{
	static const char *const texts[] = {
		"",
		"has failed the published DMARC",
		"Hi, the published DMARC policy has failed.",
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(texts); i++)
		assert_false(failure_text_is(str_of(texts[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(said),
		cmocka_unit_test(others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
