#include "sign/hosts.h"
#include "test.h"

static const struct {
	enum table_kind kind;
	str set, name, ip; /* ip empty: a local socket */
	enum hosts_answer want;
	str by;
} cases[] = {
	{ TABLE_LIST, STR_INIT("127.0.0.1,::1"), STR_INIT("localhost"),
	  STR_INIT("127.0.0.1"), HOSTS_IN, STR_INIT("127.0.0.1") },
	{ TABLE_LIST, STR_INIT("127.0.0.1,::1"), STR_INIT("localhost"),
	  STR_INIT("::1"), HOSTS_IN, STR_INIT("::1") },
	{ TABLE_LIST, STR_INIT("localhost"), STR_INIT("LocalHost"),
	  STR_INIT("127.0.0.1"), HOSTS_IN, STR_INIT("localhost") },
	{ TABLE_LIST, STR_INIT("localhost"), STR_INIT(""),
	  STR_INIT("127.0.0.1"), HOSTS_UNKNOWN, STR_INIT("") },
	{ TABLE_LIST, STR_INIT("[192.0.2.1]"), STR_INIT(""),
	  STR_INIT("192.0.2.1"), HOSTS_IN, STR_INIT("[192.0.2.1]") },
	{ TABLE_LIST, STR_INIT("[2001:db8::]/32"), STR_INIT(""),
	  STR_INIT("2001:db8::7"), HOSTS_IN, STR_INIT("[2001:db8::]/32") },
	{ TABLE_LIST, STR_INIT("2001:DB8::/32"), STR_INIT(""),
	  STR_INIT("2001:db8::7"), HOSTS_IN, STR_INIT("2001:DB8::/32") },
	{ TABLE_LIST, STR_INIT("192.0.2.0/24"), STR_INIT(""),
	  STR_INIT("192.0.2.255"), HOSTS_IN, STR_INIT("192.0.2.0/24") },
	{ TABLE_LIST, STR_INIT("192.0.2.0/24"), STR_INIT(""),
	  STR_INIT("192.0.3.0"), HOSTS_UNKNOWN, STR_INIT("") },
	/* by value, where opendkim compares text */
	{ TABLE_LIST, STR_INIT("192.0.2.1/24"), STR_INIT(""),
	  STR_INIT("192.0.2.9"), HOSTS_IN, STR_INIT("192.0.2.1/24") },
	{ TABLE_LIST, STR_INIT("0.0.0.0/0"), STR_INIT(""),
	  STR_INIT("203.0.113.1"), HOSTS_IN, STR_INIT("0.0.0.0/0") },
	/* the longer prefix, and "!" before its twin */
	{ TABLE_LIST, STR_INIT("!192.0.2.0/24,192.0.2.1"), STR_INIT(""),
	  STR_INIT("192.0.2.1"), HOSTS_IN, STR_INIT("192.0.2.1") },
	{ TABLE_LIST, STR_INIT("192.0.2.0/24,!192.0.2.1"), STR_INIT(""),
	  STR_INIT("192.0.2.1"), HOSTS_OUT, STR_INIT("!192.0.2.1") },
	{ TABLE_LIST, STR_INIT("192.0.2.1,!192.0.2.1"), STR_INIT(""),
	  STR_INIT("192.0.2.1"), HOSTS_OUT, STR_INIT("!192.0.2.1") },
	/* names before addresses, the full name before its domains */
	{ TABLE_LIST, STR_INIT("!a.example.org,192.0.2.0/24"),
	  STR_INIT("a.example.org"), STR_INIT("192.0.2.1"), HOSTS_OUT,
	  STR_INIT("!a.example.org") },
	{ TABLE_LIST, STR_INIT(".example.org"), STR_INIT("x.y.example.org"),
	  STR_INIT(""), HOSTS_IN, STR_INIT(".example.org") },
	{ TABLE_LIST, STR_INIT(".example.org"), STR_INIT("example.org"),
	  STR_INIT(""), HOSTS_UNKNOWN, STR_INIT("") },
	{ TABLE_LIST, STR_INIT(".example.org"), STR_INIT("badexample.org"),
	  STR_INIT(""), HOSTS_UNKNOWN, STR_INIT("") },
	{ TABLE_LIST, STR_INIT(".example.org,!b.example.org"),
	  STR_INIT("b.example.org"), STR_INIT(""), HOSTS_OUT,
	  STR_INIT("!b.example.org") },
	{ TABLE_LIST, STR_INIT("a.example.org"), STR_INIT("a.example.org."),
	  STR_INIT(""), HOSTS_IN, STR_INIT("a.example.org") },
	/* patterns */
	{ TABLE_PATTERNS, STR_INIT("*"), STR_INIT("any.example"),
	  STR_INIT("203.0.113.1"), HOSTS_IN, STR_INIT("*") },
	{ TABLE_PATTERNS, STR_INIT("*\n!192.0.2.1"), STR_INIT("any.example"),
	  STR_INIT("192.0.2.1"), HOSTS_OUT, STR_INIT("!192.0.2.1") },
	{ TABLE_PATTERNS, STR_INIT("*.example.org\n!a*.example.org"),
	  STR_INIT("ab.example.org"), STR_INIT(""), HOSTS_OUT,
	  STR_INIT("!a*.example.org") },
	{ TABLE_PATTERNS, STR_INIT("192.0.2.*"), STR_INIT(""),
	  STR_INIT("192.0.2.77"), HOSTS_IN, STR_INIT("192.0.2.*") },
	{ TABLE_PATTERNS, STR_INIT("172.16.0.0/12"), STR_INIT("unknown.test"),
	  STR_INIT("172.20.0.3"), HOSTS_IN, STR_INIT("172.16.0.0/12") },
	{ TABLE_FILE, STR_INIT("127.0.0.1\nlocalhost\nexample.org\n"),
	  STR_INIT("mail.example.org"), STR_INIT("192.0.2.1"), HOSTS_UNKNOWN,
	  STR_INIT("") },
	{ TABLE_LIST, STR_INIT(""), STR_INIT("a"), STR_INIT("192.0.2.1"),
	  HOSTS_UNKNOWN, STR_INIT("") },
};

static void answers(void **state)
{
	struct arena *a = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct table_spec spec = { .kind = cases[i].kind,
					   .fold = true,
					   .name = STR("hosts"),
					   .text = cases[i].set };
		struct err e;
		struct table_entry by;
		struct ip ip = { .family = IP_NONE };
		struct hosts *h;
		enum hosts_answer got;

		h = hosts_new(a, table_new(a, &spec, &e), spec.seed);
		if (cases[i].ip.n)
			assert_true(ip_parse(cases[i].ip, &ip));
		got = hosts_find(h, cases[i].name, ip, &by);
		if (got != cases[i].want)
			print_error("row %zu\n", i);
		assert_int_equal(got, cases[i].want);
		if (got != HOSTS_UNKNOWN)
			assert_str(by.key, cases[i].by);
		arena_reset(a);
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(answers) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
