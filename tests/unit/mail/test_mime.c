/* Parts of mails, their names, and what they decode to. */
#include "base/limits.h"
#include "mail/mime.h"
#include "test.h"

static bool list(void *arg, const struct mime_part *p)
{
	struct buf *out = arg;

	buf_printf(out, "%u %.*s [%.*s] {%.*s}; ", p->depth, STR_ARG(p->type),
		   STR_ARG(p->filename), STR_ARG(str_trim(p->body)));
	return true;
}

static void parts(void **state)
{
	static const char *const cases[][2] = {
		{ "Subject: x\n\nbody\n", "0  [] {body}; " },
		{ "", "0  [] {}; " },
		{ "Content-Type: TEXT/Plain; charset=x\n\nb",
		  "0 text/plain [] {b}; " },
		{ "Content-Type: multipart/mixed; boundary=a\n\npre\n--a\n\n1\n"
		  "--a\nContent-Type: text/html\n\n2\n--ab\n--a--\n--a\n\nno\n",
		  "1  [] {1}; 1 text/html [] {2\n--ab}; " },
		{ "Content-Type: multipart/mixed; x=y;\r\n boundary = \"a b\"\r"
		  "\n\r\n--a b\r\n\r\n1\r\n--a b--\r\n",
		  "1  [] {1}; " },
		{ "Content-Type: multipart/mixed\n\nno boundary",
		  "0 multipart/mixed [] {no boundary}; " },
		{ "Content-Type: message/rfc822\n\nContent-Type: a/b\n\nin",
		  "0 message/rfc822 [] {Content-Type: a/b\n\nin}; "
		  "1 a/b [] {in}; " },
		{ "From x\nContent-Disposition: attachment; filename=\"a \\\"b"
		  "\"\n\n",
		  "0  [a \"b] {}; " },
		{ "Content-Type: a/b; name=c\n\n", "0 a/b [c] {}; " },
		{ "Content-Disposition: x; filename*=utf-8'en'%41%zz%4\n\n",
		  "0  [A%zz%4] {}; " },
		{ "Content-Disposition: x; filename*0*=utf-8''a%20; "
		  "filename*1=\"b\"\n\n",
		  "0  [a b] {}; " },
		{ "Content-Type: a/b; name=\"=?utf-8?B?44GT?=\"\n\n",
		  "0 a/b [\xe3\x81\x93] {}; " },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct arena *a = arena_new(4096);
		struct buf out = buf_of(a, 65536);

		assert_true(
			mime_walk(a, str_of(cases[i][0]), NULL, list, &out));
		assert_str(buf_str(&out), str_of(cases[i][1]));
		arena_free(a);
	}
}

static bool count(void *arg, const struct mime_part *p)
{
	(void)p;
	++*(unsigned *)arg;
	return true;
}

/* As many parts, and as deep, as are allowed. */
static void bounded(void **state)
{
	struct arena *a = arena_new(4096);
	struct buf wide = buf_of(a, 1 << 20), deep = buf_of(a, 1 << 20);
	unsigned n = 0;

	(void)state;
	buf_put(&wide, STR("Content-Type: multipart/x; boundary=a\n\n"));
	for (int i = 0; i < 3 * LIMIT_MIME_PARTS; i++)
		buf_put(&wide, STR("--a\n\nx\n"));
	assert_true(mime_walk(a, buf_str(&wide), NULL, count, &n));
	assert_int_equal(n, LIMIT_MIME_PARTS - 1); /* and the multipart */
	for (int i = 0; i < 10000; i++)
		buf_put(&deep, STR("Content-Type: message/rfc822\n\n"));
	n = 0;
	assert_true(mime_walk(a, buf_str(&deep), NULL, count, &n));
	assert_int_equal(n, LIMIT_MIME_DEPTH + 1);
	arena_free(a);
}

static void decoding(void **state)
{
	static const char *const base64[][2] = {
		{ "aGk=", "hi" }, { "a G\r\nk", "hi" }, { "aGk=aGk=", "hi" },
		{ "!aGk", "hi" }, { "a", "" },          { "", "" },
	};
	static const char *const quoted[][2] = {
		{ "a=3Db=\nc=\r\nd", "a=bcd" },
		{ "=e3=81=93", "\xe3\x81\x93" },
		{ "=", "=" },
		{ "=4", "=4" },
		{ "=zz", "=zz" },
	};
	static const char *const words[][2] = {
		{ "plain", "plain" },
		{ "=?UTF-8?Q?a_b=3D?= =?utf-8*en?b?44GT?= c",
		  "a b=\xe3\x81\x93 c" },
		{ "=?iso-8859-1?q?=e9?=", "\xc3\xa9" },
		{ "=?x-none?q?=e9?=", "=?x-none?q?=e9?=" },
		{ "a\r\n\tb", "a b" },
		{ "=?utf-8?q?", "=?utf-8?q?" },
		{ "=?", "=?" },
	};
	struct arena *a = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(base64); i++) {
		struct buf b = buf_of(a, 100);

		mime_base64(str_of(base64[i][0]), &b);
		assert_str(buf_str(&b), str_of(base64[i][1]));
	}
	for (size_t i = 0; i < TEST_COUNT(quoted); i++) {
		struct buf b = buf_of(a, 100);

		mime_quoted_printable(str_of(quoted[i][0]), &b);
		assert_str(buf_str(&b), str_of(quoted[i][1]));
	}
	for (size_t i = 0; i < TEST_COUNT(words); i++)
		assert_str(mime_words(a, str_of(words[i][0])),
			   str_of(words[i][1]));
	arena_free(a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts),
		cmocka_unit_test(bounded),
		cmocka_unit_test(decoding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
