#include "base/buf.h"
#include "base/limits.h"
#include "dkim/tags.h"
#include "test.h"

/* RFC 6376 3.2.  want: "name=value" joined by "|", or NULL: refused. */
static const struct {
	str text;
	const char *want;
	const char *why;
} cases[] = {
	{ STR_INIT("a=1"), "a=1", NULL },
	{ STR_INIT("a=1;"), "a=1", NULL },
	{ STR_INIT("a=1; \r\n "), "a=1", NULL },
	{ STR_INIT(" a = 1 ;\r\n\tb= x y "), "a=1|b=x y", NULL },
	{ STR_INIT("a=;b="), "a=|b=", NULL },
	{ STR_INIT("a= ;b"), NULL, "tag without \"=\"" },
	{ STR_INIT("a=b=c"), "a=b=c", NULL },
	{ STR_INIT("a=1;A=2"), "a=1|A=2", NULL },
	{ STR_INIT("a_b2=1"), "a_b2=1", NULL },
	{ STR_INIT("p=ab\r\n cd\n\tef"), "p=ab\r\n cd\n\tef", NULL },
	{ STR_INIT("n=\xe6\x97\xa5"), "n=\xe6\x97\xa5", NULL },
	{ STR_INIT(""), NULL, "empty tag" },
	{ STR_INIT("  "), NULL, "empty tag" },
	{ STR_INIT(";"), NULL, "empty tag" },
	{ STR_INIT(";a=1"), NULL, "empty tag" },
	{ STR_INIT("a=1;;b=2"), NULL, "empty tag" },
	{ STR_INIT("a=1;;"), NULL, "empty tag" },
	{ STR_INIT("a=1; ;"), NULL, "empty tag" },
	{ STR_INIT("a=1;b=2;a=1"), NULL, "duplicate tag" },
	{ STR_INIT("a=1;zz=2; zz=3"), NULL, "duplicate tag" },
	{ STR_INIT("=1"), NULL, "malformed tag name" },
	{ STR_INIT("1a=1"), NULL, "malformed tag name" },
	{ STR_INIT("_a=1"), NULL, "malformed tag name" },
	{ STR_INIT("a-b=1"), NULL, "malformed tag name" },
	{ STR_INIT("a b=1"), NULL, "malformed tag name" },
	{ STR_INIT("\xc3\xa4=1"), NULL, "malformed tag name" },
	{ STR_INIT("a"), NULL, "tag without \"=\"" },
	{ STR_INIT("a=1\0"), NULL, "control character in tag value" },
	{ STR_INIT("a=\0;b=2"), NULL, "control character in tag value" },
	{ STR_INIT("a=x\x7f"), NULL, "control character in tag value" },
	{ STR_INIT("a=x\vy"), NULL, "control character in tag value" },
};

static str joined(struct arena *a, const struct tags *tags)
{
	struct buf b = buf_of(a, 1024);

	for (size_t i = 0; i < tags->n; i++)
		buf_printf(&b, "%s%.*s=%.*s", i ? "|" : "",
			   STR_ARG(tags->tag[i].name),
			   STR_ARG(tags->tag[i].value));
	return buf_str(&b);
}

static void table(void **state)
{
	struct arena *a = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct tags tags;
		const char *why = NULL;
		bool ok = tags_parse(a, cases[i].text, &tags, &why);

		if (ok != (cases[i].want != NULL))
			print_error("row %zu: %.*s\n", i,
				    STR_ARG(cases[i].text));
		assert_int_equal(ok, cases[i].want != NULL);
		if (ok)
			assert_str(joined(a, &tags), str_of(cases[i].want));
		else
			assert_string_equal(why, cases[i].why);
	}
	arena_free(a);
}

static void limits_are_exact(void **state)
{
	struct arena *a = arena_new(4096);
	struct buf b = buf_of(a, 1 << 20);
	struct tags tags;
	const char *why;

	(void)state;
	for (int i = 0; i < LIMIT_TAGS; i++)
		buf_printf(&b, "t%d=1;", i);
	assert_true(tags_parse(a, buf_str(&b), &tags, &why));
	assert_int_equal(tags.n, LIMIT_TAGS);
	buf_put(&b, STR("one=more"));
	assert_false(tags_parse(a, buf_str(&b), &tags, &why));
	assert_string_equal(why, "too many tags");

	char *value = arena_alloc(a, LIMIT_TAG_BYTES + 3);

	memset(value, 'x', LIMIT_TAG_BYTES + 3);
	memcpy(value, "a=", 2);
	assert_true(tags_parse(a, (str){ value, LIMIT_TAG_BYTES + 2 }, &tags,
			       &why));
	assert_false(tags_parse(a, (str){ value, LIMIT_TAG_BYTES + 3 }, &tags,
				&why));
	assert_string_equal(why, "tag value too long");
	arena_free(a);
}

/* What is emptied for hashing: all between "=" and ";" of that tag alone. */
static void room_of_a_tag(void **state)
{
	struct arena *a = arena_new(4096);
	struct tags tags;
	const char *why;

	(void)state;
	assert_true(tags_parse(a, STR("bh=xb=;xb=1; b =\r\n ab\r\n c ;z=1"),
			       &tags, &why));
	assert_str(tags_find(&tags, "b")->room, STR("\r\n ab\r\n c "));
	assert_str(tags_value(&tags, "z", "no"), STR("1"));
	assert_str(tags_value(&tags, "q", "no"), STR("no"));
	assert_null(tags_find(&tags, "B"));
	arena_free(a);
}

static void elements(void **state)
{
	static const char *const want[] = { "From", "to", "", "x y" };
	str rest = STR("From : to::\r\n x y"), e;
	size_t n = 0;

	(void)state;
	while (tags_element(&rest, &e))
		assert_str(e, str_of(want[n++]));
	assert_int_equal(n, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(limits_are_exact),
		cmocka_unit_test(room_of_a_tag),
		cmocka_unit_test(elements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
