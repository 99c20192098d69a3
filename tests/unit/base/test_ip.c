#include "base/ip.h"
#include "test.h"

#include <arpa/inet.h>

static void parses_and_prints(void **state)
{
	static const struct {
		str text, want; /* want empty: refused */
	} cases[] = {
		{ STR_INIT("192.0.2.1"), STR_INIT("192.0.2.1") },
		{ STR_INIT("2001:DB8::0:1"), STR_INIT("2001:db8::1") },
		{ STR_INIT("::ffff:192.0.2.1"), STR_INIT("192.0.2.1") },
		{ STR_INIT("192.0.2"), STR_INIT("") },
		{ STR_INIT("192.0.2.256"), STR_INIT("") },
		{ STR_INIT("192.0.2.1\0x"), STR_INIT("") },
		{ STR_INIT(""), STR_INIT("") },
		{ STR_INIT("fe80::1%eth0"), STR_INIT("") },
	};
	char text[IP_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct ip ip;

		assert_int_equal(ip_parse(cases[i].text, &ip),
				 cases[i].want.n > 0);
		if (cases[i].want.n)
			assert_str(ip_text(ip, text), cases[i].want);
	}
}

/* Every set of groups that are 0, with groups of one to four digits. */
static void zeros_are_left_out(void **state)
{
	char text[IP_TEXT_MAX], want[INET6_ADDRSTRLEN];

	(void)state;
	for (unsigned set = 0; set < 1024; set++) {
		struct ip ip = { .family = IP_V6 };

		for (unsigned i = 0; i < 8; i++) {
			unsigned group = set >> i & 1 ? 0xabcdu >> (i % 4 * 4)
						      : 0;

			ip.b[2 * i] = (uint8_t)(group >> 8);
			ip.b[2 * i + 1] = (uint8_t)group;
		}
		if (set & 512) /* digits that are 0 themselves */
			ip.b[15] = 0x10;
		assert_non_null(inet_ntop(AF_INET6, ip.b, want, sizeof want));
		assert_str(ip_text(ip, text), str_of(want));
		assert_string_equal(text, want);
	}
}

static void matches_prefixes(void **state)
{
	static const struct {
		str ip, prefix;
		bool valid, in;
	} cases[] = {
		{ STR_INIT("192.0.2.1"), STR_INIT("192.0.2.0/24"), true, true },
		{ STR_INIT("192.0.2.1"), STR_INIT("192.0.2.1"), true, true },
		{ STR_INIT("192.0.2.1"), STR_INIT("0.0.0.0/0"), true, true },
		{ STR_INIT("192.0.2.1"), STR_INIT("192.0.2.2/31"), true,
		  false },
		{ STR_INIT("192.0.3.1"), STR_INIT("192.0.2.0/23"), true, true },
		{ STR_INIT("192.0.2.1"), STR_INIT("::/0"), true, false },
		{ STR_INIT("192.0.2.1"), STR_INIT("192.0.2.0/33"), false,
		  false },
		{ STR_INIT("192.0.2.1"), STR_INIT("192.0.2.0/"), false, false },
		{ STR_INIT("192.0.2.1"), STR_INIT("192.0.2.0/24x"), false,
		  false },
		{ STR_INIT("192.0.2.1"), STR_INIT("::ffff:192.0.2.0/120"), true,
		  true },
		{ STR_INIT("2001:db8::1"), STR_INIT("2001:db8::/32"), true,
		  true },
		{ STR_INIT("2001:db9::1"), STR_INIT("2001:db8::/32"), true,
		  false },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct ip ip;
		struct ip_prefix p;

		assert_true(ip_parse(cases[i].ip, &ip));
		assert_int_equal(ip_prefix_parse(cases[i].prefix, &p),
				 cases[i].valid);
		if (cases[i].valid)
			assert_int_equal(ip_in_prefix(ip, p), cases[i].in);
	}
}

static void host_bits_and_reverse(void **state)
{
	struct ip_prefix p;
	char name[IP_REVERSE_MAX];

	(void)state;
	assert_true(ip_prefix_parse(STR("192.168.0.1/24"), &p));
	assert_true(ip_prefix_has_host_bits(p));
	assert_str(ip_reverse_name(p.ip, name),
		   STR("1.0.168.192.in-addr.arpa"));
	assert_true(ip_prefix_parse(STR("2001:db8::/32"), &p));
	assert_false(ip_prefix_has_host_bits(p));
	assert_str(ip_reverse_name(p.ip, name),
		   STR("0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d."
		       "0.1.0.0.2.ip6.arpa"));
}

static void seen_by_others(void **state)
{
	static const struct {
		const char *ip;
		bool global;
	} cases[] = {
		{ "192.0.2.1", true },
		{ "203.0.113.9", true },
		{ "2001:db8::1", true },
		{ "9.255.255.255", true },
		{ "10.0.0.0", false },
		{ "11.0.0.0", true },
		{ "172.15.255.255", true },
		{ "172.16.0.0", false },
		{ "172.31.255.255", false },
		{ "172.32.0.0", true },
		{ "192.168.1.5", false },
		{ "100.64.0.1", false },
		{ "127.0.0.1", false },
		{ "::1", false },
		{ "::", false },
		{ "::ffff:127.0.0.1", false },
		{ "fe80::1", false },
		{ "fd00::1", false },
		{ "0.0.0.0", false },
		{ "255.255.255.255", false },
		{ "ff02::1", false },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct ip ip;

		assert_true(ip_parse(str_of(cases[i].ip), &ip));
		assert_int_equal(ip_is_global(ip), cases[i].global);
	}
	assert_false(ip_is_global((struct ip){ .family = IP_NONE }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_and_prints),
		cmocka_unit_test(zeros_are_left_out),
		cmocka_unit_test(matches_prefixes),
		cmocka_unit_test(host_bits_and_reverse),
		cmocka_unit_test(seen_by_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
