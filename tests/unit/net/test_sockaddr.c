#include "net/sockaddr.h"
#include "test.h"

static void parses(void **state)
{
	static const struct {
		str text;
		bool valid;
		enum net_kind kind;
		const char *path, *host, *port;
	} cases[] = {
		{ STR_INIT("local:/run/x.sock"), true, NET_UNIX, "/run/x.sock",
		  "", "" },
		{ STR_INIT("unix:/run/x.sock"), true, NET_UNIX, "/run/x.sock",
		  "", "" },
		{ STR_INIT("LOCAL:run/x"), true, NET_UNIX, "run/x", "", "" },
		{ STR_INIT("/run/x:1@y"), true, NET_UNIX, "/run/x:1@y", "",
		  "" },
		{ STR_INIT("inkan.sock"), true, NET_UNIX, "inkan.sock", "",
		  "" },
		{ STR_INIT("inet:8891@localhost"), true, NET_INET, "",
		  "localhost", "8891" },
		{ STR_INIT("inet:8891"), true, NET_INET, "", "", "8891" },
		{ STR_INIT("inet6:8891@[::1]"), true, NET_INET6, "", "::1",
		  "8891" },
		{ STR_INIT("inet6:8891@::1"), true, NET_INET6, "", "::1",
		  "8891" },
		{ STR_INIT("inet:milter@localhost"), true, NET_INET, "",
		  "localhost", "milter" },
		{ STR_INIT("inet:65535@h"), true, NET_INET, "", "h", "65535" },
		{ STR_INIT("inet:65536@h"), false, NET_INET, "", "", "" },
		{ STR_INIT("inet:0@h"), false, NET_INET, "", "", "" },
		{ STR_INIT("inet:@h"), false, NET_INET, "", "", "" },
		{ STR_INIT("inet:1x@h"), false, NET_INET, "", "", "" },
		{ STR_INIT("inet:8891@"), false, NET_INET, "", "", "" },
		{ STR_INIT("inet:8891@a\0b"), false, NET_INET, "", "", "" },
		{ STR_INIT("local:"), false, NET_UNIX, "", "", "" },
		{ STR_INIT("tcp:8891@h"), false, NET_UNIX, "", "", "" },
		{ STR_INIT(""), false, NET_UNIX, "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct net_address a;
		struct err e;

		assert_int_equal(net_address_parse(cases[i].text, &a, &e),
				 cases[i].valid);
		if (!cases[i].valid)
			continue;
		assert_int_equal(a.kind, cases[i].kind);
		assert_string_equal(a.path, cases[i].path);
		assert_string_equal(a.host, cases[i].host);
		assert_string_equal(a.port, cases[i].port);
	}
}

static void limits_the_path(void **state)
{
	char text[NET_PATH_MAX + 2];
	struct net_address a;
	struct err e;

	(void)state;
	memset(text, 'x', sizeof text);
	text[0] = '/';
	assert_true(net_address_parse((str){ text, NET_PATH_MAX }, &a, &e));
	assert_false(
		net_address_parse((str){ text, NET_PATH_MAX + 1 }, &a, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses),
		cmocka_unit_test(limits_the_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
