/* HTML: whatever is written as text stays text. */
#include "test.h"
#include "web/grid.h"
#include "web/html.h"

static void texts(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "a < b & \"c\" 'd' > e",
		  "a &lt; b &amp; &quot;c&quot; &#39;d&#39; &gt; e" },
		{ "<script>", "&lt;script&gt;" },
		{ "&lt;", "&amp;lt;" },
		{ "\xe5\x8d\xb0\n\t", "\xe5\x8d\xb0\n\t" },
		{ "\x01\x1b[m\x7f", "\xef\xbf\xbd\xef\xbf\xbd[m\xef\xbf\xbd" },
		{ "\xff<", "\xef\xbf\xbd&lt;" },
		{ "\xe2\x80\xae"
		  "b",
		  "\xef\xbf\xbd"
		  "b" },
		{ "\xe2\x81\xa6", "\xef\xbf\xbd" },
		{ "\xc2\x85", "\xef\xbf\xbd" },
		{ "\xe2\x80\x93", "\xe2\x80\x93" },
		{ "", "" },
	};
	struct arena *a = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct buf b = buf_of(a, 1000);

		html_escape(&b, str_of(cases[i].text));
		assert_true(str_eq(buf_str(&b), str_of(cases[i].want)));
	}
	arena_free(a);
}

static void elements(void **state)
{
	struct arena *a = arena_new(4096);
	struct html h = html_new(a);

	(void)state;
	html_open_class(&h, "p", "x\" onclick=\"y");
	html_void(&h, "input");
	html_attr(&h, "value", "\"><script>");
	html_flag(&h, "checked");
	html_attr_number(&h, "size", -3);
	html_leaf(&h, "b", NULL, "1 < 2");
	html_open(&h, "i");
	html_close(&h);
	html_close(&h);
	assert_true(str_eq(
		buf_str(&h.out),
		STR("<p class=\"x&quot; onclick=&quot;y\"><input value=\""
		    "&quot;&gt;&lt;script&gt;\" checked size=\"-3\"><b>1 &lt; "
		    "2</b><i></i></p>")));
	assert_int_equal(h.depth, 0);
	h.out.n = 0;
	h.mute = true;
	html_leaf(&h, "b", "c", "text");
	assert_int_equal(h.out.n, 0);
	arena_free(a);
}

static void percentages(void **state)
{
	static const struct {
		uint64_t part, whole;
		const char *want;
	} cases[] = {
		{ 0, 0, "0.0" },
		{ 0, 5, "0.0" },
		{ 5, 5, "100.0" },
		{ 1, 1000000, "0.1" },
		{ 999999, 1000000, "99.9" },
		{ 991, 1000, "99.1" },
	};
	char text[16];

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		assert_string_equal(grid_percentage(cases[i].part,
						    cases[i].whole, text),
				    cases[i].want);
}

static void sheets(void **state)
{
	struct arena *a = arena_new(4096);
	struct html h = html_new(a);

	(void)state;
	html_open(&h, "head");
	html_style(&h, STR("a > b { content: \"x\"; }"));
	html_close(&h);
	assert_str(
		buf_str(&h.out),
		STR("<head><style>a > b { content: \"x\"; }</style></head>"));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(elements),
		cmocka_unit_test(percentages),
		cmocka_unit_test(sheets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
