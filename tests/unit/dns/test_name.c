#include "dns/name.h"
#include "test.h"

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *name;
	bool valid, domain, underscored;
} names[] = {
	{ "example.org", true, true, true },
	{ "a", true, true, true },
	{ "_dmarc.example.org", true, false, true },
	{ "*.example.org", true, false, false },
	{ "xn--bcher-kva.example", true, true, true },
	{ "1.2.0.192.in-addr.arpa", true, true, true },
	{ "-a.example", true, false, false },
	{ "a-.example", true, false, false },
	{ "a--b.example", true, true, true },
	{ "b\xc3\xbc.example", true, false, false },
	{ "a/b.example", true, false, false },
	{ L63 ".example", true, true, true },
	{ L63 "a.example", false, false, false },
	{ L63 "." L63 "." L63 ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	      "aaaaaaaaaaaaaaaaaa",
	  true, true, true }, /* 253 */
	{ L63 "." L63 "." L63 ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	      "aaaaaaaaaaaaaaaaaaa",
	  false, false, false }, /* 254 */
	{ "", false, false, false },
	{ ".", false, false, false },
	{ ".a", false, false, false },
	{ "a.", false, false, false },
	{ "a..b", false, false, false },
	{ "a b", true, false, false },
	{ "a\\b", false, false, false },
	{ "a\x7f", false, false, false },
	{ "a\n", false, false, false },
};

static void names_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(names); i++) {
		str name = str_of(names[i].name);
		bool as_wanted = dns_name_valid(name) == names[i].valid &&
				 dns_name_is_domain(name, false) ==
					 names[i].domain &&
				 dns_name_is_domain(name, true) ==
					 names[i].underscored;

		if (!as_wanted)
			fail_msg("row %zu: %s", i, names[i].name);
	}
	assert_false(dns_name_valid((str){ "a\0b", 3 }));
	assert_false(dns_name_is_domain((str){ "a\0b", 3 }, true));
}

static void labels_are_counted_and_cut(void **state)
{
	str name = STR("a.b.example.org");

	(void)state;
	assert_int_equal(dns_name_labels(STR("")), 0);
	assert_int_equal(dns_name_labels(STR("a")), 1);
	assert_int_equal(dns_name_labels(name), 4);
	assert_str(dns_name_parent(name), STR("b.example.org"));
	assert_str(dns_name_parent(STR("org")), STR(""));
	assert_str(dns_name_parent(STR("")), STR(""));
	assert_str(dns_name_last_labels(name, 2), STR("example.org"));
	assert_str(dns_name_last_labels(name, 4), name);
	assert_str(dns_name_last_labels(name, 9), name);
	assert_str(dns_name_last_labels(name, 0), STR(""));
}

static const struct {
	const char *name, *ancestor;
	bool below;
} families[] = {
	{ "example.org", "example.org", true },
	{ "a.EXAMPLE.org", "example.ORG", true },
	{ "a.b.example.org", "example.org", true },
	{ "badexample.org", "example.org", false },
	{ "example.org", "a.example.org", false },
	{ "example.org", "", false },
	{ "", "", true },
};

static void descent_is_by_whole_labels(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(families); i++)
		if (dns_name_is_below(str_of(families[i].name),
				      str_of(families[i].ancestor)) !=
		    families[i].below)
			fail_msg("row %zu", i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_judged),
		cmocka_unit_test(labels_are_counted_and_cut),
		cmocka_unit_test(descent_is_by_whole_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
