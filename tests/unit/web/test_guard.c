/* Who may see pages, in which language; queries and links. */
#include "test.h"
#include "web/guard.h"
#include "web/link.h"

static void hosts(void **state)
{
	static const char *const names[] = { "inkan.example.org", NULL };
	static const struct {
		const char *host;
		bool ok;
	} cases[] = {
		{ "localhost", true },
		{ "LOCALHOST:8940", true },
		{ "127.0.0.1", true },
		{ "192.0.2.1:80", true },
		{ "[::1]", true },
		{ "[2001:db8::1]:8940", true },
		{ "inkan.example.org", true },
		{ "Inkan.Example.Org:443", true },
		{ "", false },
		{ ":", false },
		{ "[::1", false },
		{ "[", false },
		{ "evil.example", false },
		{ "localhost.evil.example", false },
		{ "127.0.0.1.evil.example", false },
		{ "inkan.example.org.evil.example:80", false },
		{ "::1", false },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		assert_int_equal(guard_host(str_of(cases[i].host), names),
				 cases[i].ok);
	assert_false(guard_host(STR("inkan.example.org"), NULL));
}

static void sites(void **state)
{
	static const struct {
		const char *site;
		bool ok;
	} cases[] = {
		{ NULL, true },           { "", true },
		{ "same-origin", true },  { "none", true },
		{ "cross-site", false },  { "same-site", false },
		{ "SAME-ORIGIN", false }, { "same-origin, none", false },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		assert_int_equal(guard_fetch(str_of(cases[i].site)),
				 cases[i].ok);
}

static void languages(void **state)
{
	static const struct {
		const char *asked, *accept, *usual, *want;
	} cases[] = {
		{ "", "", "en", "en" },
		{ "", "", "ja", "ja" },
		{ "ja", "en", "en", "ja" },
		{ "en", "ja", "ja", "en" },
		{ "fr", "ja", "en", "ja" },
		{ "", "ja", "en", "ja" },
		{ "", "ja-JP,ja;q=0.9,en;q=0.8", "en", "ja" },
		{ "", "en;q=0.5, ja;q=0.7", "en", "ja" },
		{ "", "ja;q=0.70,en;q=0.71", "ja", "en" },
		{ "", "ja;q=0, en;q=0.001", "ja", "en" },
		{ "", "ja;q=0", "en", "en" },
		{ "", "fr, de;q=0.9", "ja", "ja" },
		{ "", "jam, english", "en", "en" },
		{ "", ",,;q=,;;;q=9", "en", "en" },
		{ "", "en;q=1.000,ja;q=1", "ja", "en" },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		assert_string_equal(guard_language(str_of(cases[i].asked),
						   str_of(cases[i].accept),
						   cases[i].usual),
				    cases[i].want);
}

static void credentials(void **state)
{
	static const struct {
		const char *field, *want;
	} cookies[] = {
		{ "inkan=a", "a" },        { "x=y; inkan=ab", "ab" },
		{ "inkan = a ;b=c", "a" }, { "xinkan=a", NULL },
		{ "inkan", NULL },         { "", NULL },
		{ ";;=;inkan=", "" },      { "INKAN=a", NULL },
	};
	const uint8_t one[WEB_SECRET] = { 1 }, two[WEB_SECRET] = { 2 };
	struct arena *a = arena_new(4096);
	str s = guard_session(a, STR("token"), one);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cookies); i++) {
		str got = guard_cookie(str_of(cookies[i].field), STR("inkan"));

		assert_int_equal(got.p != NULL, cookies[i].want != NULL);
		assert_true(str_eq(got, str_of(cookies[i].want)));
	}
	assert_true(str_eq(guard_bearer(STR("bearer  abc ")), STR("abc")));
	assert_null(guard_bearer(STR("Basic abc")).p);
	assert_int_equal(s.n, 64);
	assert_true(str_eq(s, guard_session(a, STR("token"), one)));
	assert_false(str_eq(s, guard_session(a, STR("token"), two)));
	assert_false(str_eq(s, guard_session(a, STR("tokeN"), one)));
	arena_free(a);
}

static void queries(void **state)
{
	struct arena *a = arena_new(4096);
	struct web_request r = { .arena = a };
	struct buf many = buf_of(a, 4096);
	struct link l;

	(void)state;
	web_args_parse(a, STR("a=1&b=%41+%zz%4&&c&=d&a=2&e=%00x"), r.arg,
		       &r.n_args);
	assert_int_equal(r.n_args, 6);
	assert_true(str_eq(web_arg(&r, "a"), STR("1")));
	assert_true(str_eq(web_arg(&r, "b"), STR("A %zz%4")));
	assert_true(str_eq(web_arg(&r, "c"), STR("")));
	assert_true(str_eq(web_arg(&r, "e"), (str){ "\0x", 2 }));
	assert_null(web_arg(&r, "d").p);
	l = link_to("sources");
	assert_true(str_eq(link_text(a, &l), STR("sources")));
	link_set(&l, "ip", STR("2001:db8::1"));
	link_set(&l, "x", STR("<&\"'\xff "));
	link_set(&l, "gone", STR("y"));
	link_set(&l, "gone", STR(""));
	link_keep(&l, &r, "a");
	assert_true(str_eq(link_text(a, &l),
			   STR("sources?ip=2001%3Adb8%3A%3A1&x=%3C%26%22%27%FF"
			       "%20&a=1")));
	for (int i = 0; i < WEB_ARGS + 1; i++)
		buf_printf(&many, "n%d=%d&", i, i);
	web_args_parse(a, buf_str(&many), r.arg, &r.n_args);
	assert_int_equal(r.n_args, WEB_ARGS);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts),     cmocka_unit_test(sites),
		cmocka_unit_test(languages), cmocka_unit_test(credentials),
		cmocka_unit_test(queries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
