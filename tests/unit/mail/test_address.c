#include "base/buf.h"
#include "base/limits.h"
#include "mail/address.h"
#include "test.h"

static void lists(void **state)
{
	static const struct {
		str value;
		const char *boxes; /* local|domain, one after the other */
		const char *why;
	} cases[] = {
		{ STR_INIT(" u@example.org"), "u|example.org", NULL },
		{ STR_INIT("Mr. X <u.v@a.example>,b@b.example"),
		  "u.v|a.example b|b.example", NULL },
		{ STR_INIT("\"x@y.example\" <u@example.org>"), "u|example.org",
		  NULL },
		{ STR_INIT("\"a@bank.example\"@other.example"),
		  "a@bank.example|other.example", NULL },
		{ STR_INIT("\"a \\\"b\"@example.org"), "a \"b|example.org",
		  NULL },
		{ STR_INIT(
			  "(c (d) \\) e) u (x@y.example) @ (f) example.org (g)"),
		  "u|example.org", NULL },
		{ STR_INIT("u@example.org (Name)"), "u|example.org", NULL },
		{ STR_INIT("<u@example.org>"), "u|example.org", NULL },
		{ STR_INIT("Name\r\n <u@example.org>\r\n"), "u|example.org",
		  NULL },
		{ STR_INIT("=?utf-8?q?a=40b?= <u@example.org>"),
		  "u|example.org", NULL },
		{ STR_INIT("\xe5\xb1\xb1 <\xe7\x94\xb0@\xe6\x9c\xac.example>"),
		  "\xe7\x94\xb0|\xe6\x9c\xac.example", NULL },
		{ STR_INIT("\xff name <u@example.org>"), "u|example.org",
		  NULL },
		{ STR_INIT(",, a@a.example ,, b@b.example ,"),
		  "a|a.example b|b.example", NULL },
		{ STR_INIT("team: a@a.example, B <b@b.example>; , c@c.example"),
		  "a|a.example b|b.example c|c.example group", NULL },
		{ STR_INIT("undisclosed:;"), "group", NULL },
		{ STR_INIT("<@r.example,@s.example:u@example.org>"),
		  "u|example.org obsolete", NULL },
		{ STR_INIT("u . (x) v @ example . org"),
		  "u.v|example.org obsolete", NULL },
		{ STR_INIT("\"a\".b@example.org"), "a.b|example.org obsolete",
		  NULL },
		{ STR_INIT("u@[192.0.2.1]"), "u|[192.0.2.1] literal", NULL },
		{ STR_INIT(""), "", "no address" },
		{ STR_INIT(" \r\n "), "", "no address" },
		{ STR_INIT("u"), "", "malformed address" },
		{ STR_INIT("u@"), "", "malformed address" },
		{ STR_INIT("@example.org"), "", "malformed address" },
		{ STR_INIT("u@example.org."), "", "malformed address" },
		{ STR_INIT(".u@example.org"), "", "malformed address" },
		{ STR_INIT("u..v@example.org"), "", "malformed address" },
		{ STR_INIT("u v@example.org"), "", "malformed address" },
		{ STR_INIT("u@a.example@b.example"), "",
		  "no comma between two addresses" },
		{ STR_INIT("u@a.example <v@b.example>"), "",
		  "no comma between two addresses" },
		{ STR_INIT("<u@a.example> <v@b.example>"), "",
		  "no comma between two addresses" },
		{ STR_INIT("<u@a.example"), "", "malformed address in <>" },
		{ STR_INIT("<u@a.example>>"), "",
		  "no comma between two addresses" },
		{ STR_INIT("<>"), "", "malformed address in <>" },
		{ STR_INIT("\"x <u@example.org>"), "",
		  "a quoted string or comment does not end" },
		{ STR_INIT("u@a.example (x"), "", "malformed address" },
		{ STR_INIT("(x"), "", "a comment does not end" },
		{ STR_INIT("team: a@a.example"), "", "a group does not end" },
		{ STR_INIT("a: b: c@c.example;;"), "", "malformed address" },
		{ STR_INIT("u\0v@example.org"), "", "malformed address" },
		{ STR_INIT("u@exa\nmple.org"), "",
		  "no comma between two addresses" },
		{ STR_INIT("u@example.org\r\nx"), "",
		  "no comma between two addresses" },
		{ STR_INIT("u@\xc0\xaf.example"), "",
		  "an address is not UTF-8" },
		{ STR_INIT("u@exa[mple.org"), "",
		  "no comma between two addresses" },
	};
	struct arena *a = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct mailboxes list;
		struct buf got = buf_of(a, 1000);
		bool ok = mailboxes_parse(a, cases[i].value, &list);

		for (size_t j = 0; j < list.n; j++)
			buf_printf(&got, "%s%.*s|%.*s%s%s", j ? " " : "",
				   STR_ARG(list.box[j].local),
				   STR_ARG(list.box[j].domain),
				   list.box[j].obsolete ? " obsolete" : "",
				   list.box[j].literal ? " literal" : "");
		if (ok && list.group)
			buf_printf(&got, "%sgroup", list.n ? " " : "");
		assert_str(buf_str(&got), str_of(cases[i].boxes));
		assert_str(str_of(list.why), str_of(cases[i].why));
		assert_int_equal(ok, !cases[i].why);
	}
	arena_free(a);
}

static str repeated(struct arena *a, const char *piece, size_t times)
{
	struct buf b = buf_of(a, 1 << 24);

	while (times--)
		buf_put(&b, str_of(piece));
	return buf_str(&b);
}

static void limits_are_exact(void **state)
{
	struct arena *a = arena_new(1024);
	struct mailboxes list;

	(void)state;
	assert_true(mailboxes_parse(
		a, repeated(a, "u@example.org,", LIMIT_ADDRESSES), &list));
	assert_int_equal(list.n, LIMIT_ADDRESSES);
	assert_false(mailboxes_parse(
		a, repeated(a, "u@example.org,", LIMIT_ADDRESSES + 1), &list));
	assert_string_equal(list.why, "too many addresses");
	assert_int_equal(list.n, 0);

	for (int extra = 0; extra < 2; extra++) {
		struct buf b = buf_of(a, 1000);
		size_t depth = (size_t)(LIMIT_COMMENT_DEPTH + extra);

		buf_put(&b, repeated(a, "(", depth));
		buf_put(&b, repeated(a, ")", depth));
		buf_put(&b, STR("u@example.org"));
		assert_int_equal(mailboxes_parse(a, buf_str(&b), &list),
				 !extra);
	}
	arena_free(a);
}

static void first_for_signing(void **state)
{
	static const struct {
		str value;
		const char *local, *domain; /* NULL: there is none */
	} cases[] = {
		{ STR_INIT("a@a.example, b@b.example"), "a", "a.example" },
		{ STR_INIT("team: b@b.example;"), "b", "b.example" },
		{ STR_INIT("x@y.example <u@example.org>"), "u", "example.org" },
		{ STR_INIT("Doe, John <j@example.org>"), "j", "example.org" },
		{ STR_INIT("\"unbalanced <u@example.org>"), "u",
		  "example.org" },
		{ STR_INIT("\"x <b@b.example>\" y@c.example <u@example.org>"),
		  "u", "example.org" },
		{ STR_INIT("<u@example.org"), "u", "example.org" },
		{ STR_INIT("name u@example.org (x"), "u", "example.org" },
		{ STR_INIT("u@example.org."), "u", "example.org." },
		{ STR_INIT("\"a@b\"@example.org z"), "a@b", "example.org" },
		{ STR_INIT("undisclosed:;"), NULL, NULL },
		{ STR_INIT("postmaster"), NULL, NULL },
		{ STR_INIT(""), NULL, NULL },
		{ STR_INIT("<>"), NULL, NULL },
		{ STR_INIT("u@"), NULL, NULL },
	};
	struct arena *a = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct mailbox box;
		bool ok = mailbox_first(a, cases[i].value, &box);

		assert_int_equal(ok, cases[i].domain != NULL);
		if (!ok)
			continue;
		assert_str(box.local, str_of(cases[i].local));
		assert_str(box.domain, str_of(cases[i].domain));
	}
	arena_free(a);
}

static void authors(void **state)
{
	static const struct {
		str from, second; /* the fields' values; absent: no field */
		const char *domain, *why;
	} cases[] = {
		{ STR_INIT("u@example.org"), { 0 }, "example.org", NULL },
		{ STR_INIT("a@example.org, b@Example.ORG"),
		  { 0 },
		  "example.org",
		  NULL },
		{ { 0 }, { 0 }, NULL, "no From field" },
		{ STR_INIT("u@example.org"), STR_INIT("u@example.org"), NULL,
		  "several From fields" },
		{ STR_INIT("a@a.example, b@b.example"),
		  { 0 },
		  NULL,
		  "From names several domains" },
		{ STR_INIT("x: u@example.org;"),
		  { 0 },
		  NULL,
		  "From names a group" },
		{ STR_INIT("u@[192.0.2.1]"),
		  { 0 },
		  NULL,
		  "From has an address literal" },
		{ STR_INIT("<@a.example:u@b.example>"),
		  { 0 },
		  NULL,
		  "From has an address of obsolete form" },
		{ STR_INIT("u@a.example <v@b.example>"),
		  { 0 },
		  NULL,
		  "no comma between two addresses" },
	};
	struct arena *a = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct header h = header_of(a, 0, 0);
		struct author author;

		if (cases[i].from.p)
			header_add(&h, STR("From"), cases[i].from);
		if (cases[i].second.p)
			header_add(&h, STR("FROM"), cases[i].second);
		assert_int_equal(author_of(a, &h, &author), !cases[i].why);
		assert_str(str_of(author.why), str_of(cases[i].why));
		assert_str(author.domain, str_of(cases[i].domain));
	}
	arena_free(a);
}

static void paths(void **state)
{
	static const struct {
		str text;
		const char *local, *domain;
		bool null, ok;
	} cases[] = {
		{ STR_INIT("<u@example.org>"), "u", "example.org", false,
		  true },
		{ STR_INIT("u@example.org"), "u", "example.org", false, true },
		{ STR_INIT("<>"), "", "", true, true },
		{ STR_INIT(""), "", "", true, true },
		{ STR_INIT("<postmaster>"), "postmaster", "", false, true },
		{ STR_INIT("<\"a@bank.example\"@example.org>"),
		  "\"a@bank.example\"", "example.org", false, true },
		{ STR_INIT("<\"a\\\"@b\"@example.org>"), "\"a\\\"@b\"",
		  "example.org", false, true },
		{ STR_INIT("<a@b.example@example.org>"), "a@b.example",
		  "example.org", false, true },
		{ STR_INIT("<@r.example,@s.example:u@example.org>"), "u",
		  "example.org", false, true },
		{ STR_INIT("<@[IPv6:2001:db8::1]:u@example.org>"), "u",
		  "example.org", false, true },
		{ STR_INIT("<@r.example>"), "", "r.example", false, true },
		{ STR_INIT("u@[IPv6:2001:db8::1]"), "u", "[IPv6:2001:db8::1]",
		  false, true },
		{ STR_INIT("<u@example.org"), "u", "example.org", false,
		  false },
		{ STR_INIT("<\"a@b@example.org>"), "\"a@b", "example.org",
		  false, false },
		{ STR_INIT("<u v@example.org>"), "u v", "example.org", false,
		  false },
		{ STR_INIT("<\"u v\"@example.org>"), "\"u v\"", "example.org",
		  false, true },
		{ STR_INIT("<u@exam\0ple.org>"), "u", "exam\0ple.org", false,
		  false },
		{ STR_INIT("<"), "", "", false, false },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct path path;

		assert_int_equal(path_parse(cases[i].text, &path), cases[i].ok);
		assert_str(path.local, str_of(cases[i].local));
		if (!memchr(cases[i].text.p, 0, cases[i].text.n))
			assert_str(path.domain, str_of(cases[i].domain));
		assert_int_equal(path.null, cases[i].null);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists),
		cmocka_unit_test(limits_are_exact),
		cmocka_unit_test(first_for_signing),
		cmocka_unit_test(authors),
		cmocka_unit_test(paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
