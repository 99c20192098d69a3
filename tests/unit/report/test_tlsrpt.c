/* TLS reports as they come (RFC 8460); the names are those of the digest of
 * quirks: L2 fields that are not there, L3 counts, L4 dates, L5 names of fields
 * and lists, L6 several policies. */
#include "base/buf.h"
#include "report/tlsrpt.h"
#include "test.h"

#define REPORT(range, policies)                                            \
	"{\"organization-name\":\"R\",\"report-id\":\"1\",\"date-range\":" \
	"{" range "},\"policies\":" policies "}"
#define DAY                                            \
	"\"start-datetime\":\"2026-11-01T00:00:00Z\"," \
	"\"end-datetime\":\"2026-11-01T23:59:59Z\""
#define OF(domain, rest)                                                   \
	"{\"policy\":{\"policy-type\":\"sts\",\"policy-domain\":\"" domain \
	"\"}" rest "}"
#define SUMMARY(good, bad)                                       \
	",\"summary\":{\"total-successful-session-count\":" good \
	",\"total-failure-session-count\":" bad "}"
#define DETAILS(list) ",\"failure-details\":[" list "]"

static const struct {
	const char *what, *json, *want;
} cases[] = {
	{ "as the standard has it",
	  REPORT(DAY, "[" OF("Example.ORG.",
			     SUMMARY("5", "3") DETAILS(
				     "{\"result-type\":\"certificate-expired\","
				     "\"sending-mta-ip\":\"2001:DB8::1\","
				     "\"receiving-mx-hostname\":\"mx\","
				     "\"receiving-ip\":\"192.0.2.1\","
				     "\"failed-session-count\":3,"
				     "\"failure-reason-code\":\"why\"}")) "]"),
	  "R example.org 1793491200-1793577599 [sts 5][sts certificate-expired 3 "
	  "2001:db8::1>mx/192.0.2.1 why]" },
	{ "L2: details without addresses, the summary says less than they do",
	  REPORT(DAY, "[" OF("example.org",
			     SUMMARY("0", "1") DETAILS(
				     "{\"result-type\":\"sts-policy-invalid\","
				     "\"failed-session-count\":1,\"failure-"
				     "reason-code\":\"free text, really\"},"
				     "{\"result-type\":\"starttls-not-"
				     "supported\",\"failed-session-count\":"
				     "1}")) "]"),
	  "R example.org 1793491200-1793577599 [sts 0][sts sts-policy-invalid 1 "
	  ">/ free text, really][sts starttls-not-supported 1 >/]" },
	{ "L3: no summary", REPORT(DAY, "[" OF("example.org", "") "]"),
	  "R example.org 1793491200-1793577599 [sts 0]" },
	{ "L3: counts as text, as fractions, not there",
	  REPORT(DAY, "[" OF("example.org",
			     SUMMARY("\"7\"", "2.0")
				     DETAILS("{\"result-type\":\"x\"}")) "]"),
	  "R example.org 1793491200-1793577599 [sts 7][sts x 0 >/]"
	  "[sts unspecified 2 >/]" },
	{ "L3: negative",
	  REPORT(DAY, "[" OF("example.org", SUMMARY("-7", "-1.5")) "]"),
	  "R example.org 1793491200-1793577599 [sts 0]" },
	{ "L3: no policies", REPORT(DAY, "[]"),
	  "bad: it does not say which domain it is about" },
	{ "L3: policies null", REPORT(DAY, "null"),
	  "bad: it does not say which domain it is about" },
	{ "L4: an offset, fractions, the next midnight",
	  REPORT("\"start-datetime\":\"2026-11-01T09:00:00.000+09:00\","
		 "\"end-datetime\":\"2026-11-02T00:00:00\"",
		 "[" OF("example.org", "") "]"),
	  "R example.org 1793491200-1793577600 [sts 0]" },
	{ "L4: the end only",
	  REPORT("\"end-datetime\":\"2026-11-01T23:59:59Z\"",
		 "[" OF("example.org", "") "]"),
	  "R example.org 1793491200-1793577599 [sts 0]" },
	{ "L4: no dates", REPORT("", "[" OF("example.org", "") "]"),
	  "bad: it does not say which days it is about" },
	{ "L5: a list of hosts, older names",
	  REPORT(DAY,
		 "[{\"policy\":{\"policy-type\":\"new\",\"policy-domain\":"
		 "\"example.org\",\"mx-host-pattern\":[\"a.example\",\"b."
		 "example\"]},\"failure-details\":[{\"receiving-mx-helo\":\"h\","
		 "\"receiving-ip\":\"mx.example\",\"failure-error-code\":\"c\","
		 "\"failed-session-count\":\"1\"},{\"additional-info-uri\":"
		 "\"https://r.example\"}]}]"),
	  "R example.org 1793491200-1793577599 [new 0 a.example][new "
	  "validation-failure 1 >h/mx.example c a.example][new "
	  "validation-failure 0 >/ https://r.example a.example]" },
	{ "L6: two policies of one domain and one of another",
	  REPORT(DAY, "[" OF("example.org", SUMMARY("1", "0")) "," OF(
			      "example.net",
			      SUMMARY("2", "0")) "," OF("Example.org",
							SUMMARY("3", "0")) "]"),
	  "R example.org 1793491200-1793577599 [sts 1][sts 3]"
	  "R example.net 1793491200-1793577599 [sts 2]" },
	{ "no organization, but an address",
	  "{\"contact-info\":\"a@r.example\",\"date-range\":{" DAY
	  "},\"policies\":[" OF("example.org", "") "]}",
	  "r.example example.org 1793491200-1793577599 [sts 0]" },
	{ "nobody made it",
	  "{\"date-range\":{" DAY "},\"policies\":[" OF("example.org", "") "]}",
	  "bad: it does not say who made it" },
	{ "other JSON", "{\"a\":1}", "other: it is JSON, but no TLS report" },
	{ "a list", "[1]", "other: it is JSON, but no TLS report" },
	{ "broken", "{", "bad: its JSON is broken" },
	{ "wrong kinds everywhere",
	  "{\"organization-name\":[1],\"contact-info\":{},\"date-range\":[],"
	  "\"policies\":{\"a\":1}}",
	  "bad: it does not say which days it is about" },
	{ "wrong kinds below",
	  REPORT(DAY, "[1,null,{\"policy\":[]},{\"policy\":{\"policy-domain\":"
		      "\"example.org\"},\"summary\":[],\"failure-details\":"
		      "[1,null,[]]}]"),
	  "R example.org 1793491200-1793577599 [ 0][ validation-failure 0 >/]"
	  "[ validation-failure 0 >/][ validation-failure 0 >/]" },
};

static bool on_head(void *arg, const struct store_head *h)
{
	buf_printf(arg, "%.*s %.*s %lld-%lld ", STR_ARG(h->org),
		   STR_ARG(h->domain), (long long)h->begin, (long long)h->end);
	return true;
}

static bool on_row(void *arg, const struct store_tls *r)
{
	buf_printf(arg, "[%.*s%s%.*s %llu", STR_ARG(r->policy_type),
		   r->result.n ? " " : "", STR_ARG(r->result),
		   (unsigned long long)r->sessions);
	if (r->result.n)
		buf_printf(arg, " %.*s>%.*s/%.*s", STR_ARG(r->sending_ip),
			   STR_ARG(r->receiving_host),
			   STR_ARG(r->receiving_ip));
	if (r->reason.n)
		buf_printf(arg, " %.*s", STR_ARG(r->reason));
	if (r->mx.n)
		buf_printf(arg, " %.*s", STR_ARG(r->mx));
	buf_putc(arg, ']');
	return true;
}

static bool on_end(void *arg)
{
	(void)arg;
	return true;
}

static void as_they_come(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct arena *arena = arena_new(4096);
		struct buf b = buf_of(arena, 4096);
		struct tlsrpt_sink sink = { &b, on_head, on_row, on_end };
		const char *why = NULL;
		enum tlsrpt_end end = tlsrpt_read(arena, str_of(cases[i].json),
						  &sink, &why);

		if (end != TLSRPT_DONE)
			buf_printf(&b, "%s: %s",
				   end == TLSRPT_OTHER ? "other" : "bad", why);
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
