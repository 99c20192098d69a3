#include "dns/idn.h"
#include "test.h"

static const struct {
	const char *name, *want; /* NULL: refused */
} rows[] = {
	{ "example.org", "example.org" },
	{ "ExAmple.ORG", "ExAmple.ORG" },
	{ "", "" },
	{ "b\xc3\xbc"
	  "cher.example",
	  "xn--bcher-kva.example" },
	{ "B\xc3\x9c"
	  "CHER.example",
	  "xn--bcher-kva.example" },
	{ "fu\xc3\x9f.example", "xn--fu-hia.example" }, /* not "fuss" */
	{ "\xe4\xbe\x8b\xe3\x81\x88.\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88",
	  "xn--r8jz45g.xn--zckzah" },
	{ "\xff\xfe.example", NULL },
	{ "a\xe2\x80\xae"
	  "b.example",
	  NULL }, /* right-to-left override */
	{ "\xcc\x81"
	  "a.example",
	  NULL }, /* begins with a combining mark */
};

static void u_labels_become_a_labels(void **state)
{
	struct arena *a = arena_new(256);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(rows); i++) {
		str out = { NULL, 0 };
		bool ok = dns_name_to_ascii(a, str_of(rows[i].name), &out);

		if (ok != (rows[i].want != NULL))
			fail_msg("row %zu", i);
		if (ok)
			assert_str(out, str_of(rows[i].want));
	}
	arena_free(a);
}

static void long_names_and_nul_are_refused(void **state)
{
	struct arena *a = arena_new(256);
	char name[2000];
	str out;

	(void)state;
	for (size_t i = 0; i < sizeof name; i += 2)
		memcpy(name + i, "\xc3\xbc", 2);
	assert_false(dns_name_to_ascii(a, (str){ name, sizeof name }, &out));
	assert_false(dns_name_to_ascii(a, (str){ name, 200 }, &out));
	assert_false(dns_name_to_ascii(a, (str){ "\xc3\xbc\0a", 4 }, &out));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(u_labels_become_a_labels),
		cmocka_unit_test(long_names_and_nul_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
