/* Where pages are to be served, as people write it. */
#include "cli/webopt.h"
#include "test.h"

static void addresses(void **state)
{
	static const struct {
		const char *text;
		enum net_kind kind;
		const char *host, *port; /* or the path; NULL: refused */
	} cases[] = {
		{ "127.0.0.1:8025", NET_INET, "127.0.0.1", "8025" },
		{ "8025", NET_INET, "127.0.0.1", "8025" },
		{ ":8025", NET_INET, "127.0.0.1", "8025" },
		{ "localhost:1", NET_INET, "localhost", "1" },
		{ "[::1]:8025", NET_INET6, "::1", "8025" },
		{ "[2001:db8::1]:65535", NET_INET6, "2001:db8::1", "65535" },
		{ "0.0.0.0:8025", NET_INET, "0.0.0.0", "8025" },
		{ "inet:8940@localhost", NET_INET, "localhost", "8940" },
		{ "inet6:8940@[::1]", NET_INET6, "::1", "8940" },
		{ "inet:8940", NET_INET, "", "8940" },
		{ "/run/x.sock", NET_UNIX, "/run/x.sock", "" },
		{ "unix:/run/x.sock", NET_UNIX, "/run/x.sock", "" },
		{ "/run/x:1", NET_UNIX, "/run/x:1", "" },
		{ "127.0.0.1", NET_INET, NULL, NULL },
		{ "127.0.0.1:0", NET_INET, NULL, NULL },
		{ "127.0.0.1:65536", NET_INET, NULL, NULL },
		{ "127.0.0.1:80x", NET_INET, NULL, NULL },
		{ "host.example:80", NET_INET, NULL, NULL },
		{ "", NET_INET, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct net_address a;
		struct err e;
		bool ok = webopt_address(cases[i].text, &a, &e);

		assert_int_equal(ok, cases[i].host != NULL);
		if (!ok)
			continue;
		assert_int_equal(a.kind, cases[i].kind);
		assert_string_equal(a.kind == NET_UNIX ? a.path : a.host,
				    cases[i].host);
		assert_string_equal(a.port, cases[i].port);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
