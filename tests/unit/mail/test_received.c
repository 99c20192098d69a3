/* Received fields as mail servers write them. */
#include "mail/received.h"
#include "test.h"

static const struct {
	const char *value, *helo, *ip;
	bool known, tls;
} rows[] = {
	{ " from mx.example.org (mx.example.org [192.0.2.1])\r\n\tby "
	  "in.example.net (Postfix) with ESMTPS id 1;\r\n\tTue, 24 Nov 2026 "
	  "09:00:01 +0000",
	  "mx.example.org", "192.0.2.1", true, true },
	{ "from mx.example.org (unknown [IPv6:2001:db8::1]) (using TLSv1.3 "
	  "with cipher X (256/256 bits)) (No client certificate) by in with "
	  "ESMTP id 1; now",
	  "mx.example.org", "2001:db8::1", true, true },
	{ "from a (a [192.0.2.1]) by b with ESMTP; now", "a", "192.0.2.1", true,
	  false },
	{ "from a (a [192.0.2.1]) by b with UTF8SMTPSA; now", "a", "192.0.2.1",
	  true, true },
	{ "from [192.0.2.7] (port=1 helo=x) by b with smtp", "[192.0.2.7]",
	  "192.0.2.7", true, false },
	{ "from a (a. [192.0.2.1]) by b (b. [203.0.113.1]) with LMTP", "a",
	  "192.0.2.1", true, false },
	{ "by b (b [203.0.113.1]) id 1; now", "", "", false, false },
	{ "from a by b (b [203.0.113.1]) with SMTP", "a", "", true, false },
	{ "from a (x (y [192.0.2.1]) z) by b", "a", "192.0.2.1", false, false },
	{ "from a ([nothing] [192.0.2.1]) by b", "a", "192.0.2.1", false,
	  false },
	{ "from a (open [192.0.2.1] by b with ESMTPS", "a", "192.0.2.1", false,
	  false },
	{ "from a ; by b with ESMTPS", "a", "", false, false },
	{ "", "", "", false, false },
	{ "from", "", "", false, false },
	{ "from ;", ";", "", false, false },
};

static void fields_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(rows); i++) {
		struct received r = received_parse(str_of(rows[i].value));
		char text[IP_TEXT_MAX] = "";
		str ip = r.ip.family == IP_NONE ? STR("") : ip_text(r.ip, text);

		if (r.known != rows[i].known || r.tls != rows[i].tls)
			fail_msg("row %zu: known %d, tls %d", i, r.known,
				 r.tls);
		assert_str(r.helo, str_of(rows[i].helo));
		assert_str(ip, str_of(rows[i].ip));
	}
}

static void submissions(void **state)
{
	static const struct {
		const char *value;
		bool submitted;
	} cases[] = {
		{ "from a ([192.0.2.1]) by b with ESMTPSA id 1; now", true },
		{ "from a ([192.0.2.1]) by b with esmtpa id 1; now", true },
		{ "from a ([192.0.2.1]) by b with UTF8SMTPSA; now", true },
		{ "from a ([192.0.2.1]) by b with ESMTPS; now", false },
		{ "from a ([192.0.2.1]) by b with ESMTP; now", false },
		{ "from ESMTPA ([192.0.2.1]) by ESMTPSA; now", false },
		{ "by b (Postfix, from userid 0) id 1; now", false },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		assert_int_equal(
			received_parse(str_of(cases[i].value)).submitted,
			cases[i].submitted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_read),
		cmocka_unit_test(submissions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
