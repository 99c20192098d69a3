#include "base/base64.h"
#include "dkim/bodyhash.h"
#include "dkim/squeeze.h"
#include "test.h"

#include <stdlib.h>

static void header_fields(void **state)
{
	static const struct {
		str raw, relaxed;
	} cases[] = {
		{ STR_INIT("A: X"), STR_INIT("a:X") },
		{ STR_INIT("B : Y\t\r\n\tZ  "), STR_INIT("b:Y Z") },
		{ STR_INIT("Subject:\r\n  Two   words"),
		  STR_INIT("subject:Two words") },
		{ STR_INIT("X:"), STR_INIT("x:") },
		{ STR_INIT("X: \r\n "), STR_INIT("x:") },
		{ STR_INIT("X: a\rb\nc"), STR_INIT("x:a\rb\nc") },
		{ STR_INIT("X: \x0b\xc2\xa0"), STR_INIT("x:\x0b\xc2\xa0") },
		{ STR_INIT("X: a\0 b"), STR_INIT("x:a\0 b") },
	};
	struct arena *a = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct buf b = buf_of(a, 1000), c = buf_of(a, 1000);

		canon_header(&b, CANON_RELAXED, cases[i].raw);
		assert_str(buf_str(&b), cases[i].relaxed);
		canon_header(&c, CANON_SIMPLE, cases[i].raw);
		assert_str(buf_str(&c), cases[i].raw);
	}
	arena_free(a);
}

static void put(void *arg, const char *p, size_t n)
{
	buf_put(arg, (str){ p, n });
}

static str canonical(struct arena *a, enum canon canon, str body, size_t chunk)
{
	struct buf *out = arena_new_of(a, struct buf);
	struct canon_body *b = arena_new_of(a, struct canon_body);

	*out = buf_of(a, 1 << 20);
	canon_body_init(b, canon, put, out);
	for (size_t i = 0; i < body.n; i += chunk)
		canon_body_feed(b, str_head(str_skip(body, i), chunk));
	canon_body_end(b);
	return buf_str(out);
}

static void bodies(void **state)
{
	static const struct {
		str body, simple, relaxed;
	} cases[] = {
		{ STR_INIT(""), STR_INIT("\r\n"), STR_INIT("") },
		{ STR_INIT("\r\n"), STR_INIT("\r\n"), STR_INIT("") },
		{ STR_INIT("\r\n\r\n\r\n"), STR_INIT("\r\n"), STR_INIT("") },
		{ STR_INIT(" \r\n\t\r\n"), STR_INIT(" \r\n\t\r\n"),
		  STR_INIT("") },
		{ STR_INIT(" C \r\nD \t E\r\n\r\n\r\n"),
		  STR_INIT(" C \r\nD \t E\r\n"), STR_INIT(" C\r\nD E\r\n") },
		{ STR_INIT("no end"), STR_INIT("no end\r\n"),
		  STR_INIT("no end\r\n") },
		{ STR_INIT("no end  "), STR_INIT("no end  \r\n"),
		  STR_INIT("no end\r\n") },
		{ STR_INIT("a\r\n\r\n\r\nb\r\n"),
		  STR_INIT("a\r\n\r\n\r\nb\r\n"),
		  STR_INIT("a\r\n\r\n\r\nb\r\n") },
		{ STR_INIT("a\rb\nc\r\r\n"), STR_INIT("a\rb\nc\r\r\n"),
		  STR_INIT("a\rb\nc\r\r\n") },
		{ STR_INIT("a \rb \n c\r"), STR_INIT("a \rb \n c\r\r\n"),
		  STR_INIT("a \rb \n c\r\r\n") },
		{ STR_INIT("x\r\n  \r\n "), STR_INIT("x\r\n  \r\n \r\n"),
		  STR_INIT("x\r\n") },
		{ STR_INIT("\0\x0b\x0c \xa0\r\n"),
		  STR_INIT("\0\x0b\x0c \xa0\r\n"),
		  STR_INIT("\0\x0b\x0c \xa0\r\n") },
	};
	struct arena *a = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		for (size_t chunk = 1; chunk < 40; chunk += 1 + chunk / 5) {
			assert_str(canonical(a, CANON_SIMPLE, cases[i].body,
					     chunk),
				   cases[i].simple);
			assert_str(canonical(a, CANON_RELAXED, cases[i].body,
					     chunk),
				   cases[i].relaxed);
		}
	arena_free(a);
}

static str random_body(struct arena *a, unsigned *seed, size_t n)
{
	static const char bytes[] = "aaaaaaaaaaaaaaaaaaa  \t\r\n\r\n\n";
	char *p = arena_alloc(a, n + 1);

	for (size_t i = 0; i < n; i++) {
		*seed = *seed * 1103515245 + 12345;
		p[i] = bytes[(*seed >> 16) % (sizeof bytes - 1)];
		if (p[i] == '\r' && i + 1 < n && (*seed >> 8 & 3))
			p[++i] = '\n';
	}
	return (str){ p, n };
}

/* One octet a chunk never uses a vector version. */
static void chunks_do_not_matter(void **state)
{
	unsigned seed = 7;

	(void)state;
	for (size_t n = 1; n < 90000; n += 1 + n / 3) {
		struct arena *a = arena_new(1 << 16);
		str body = random_body(a, &seed, n);

		for (int i = 0; i < 2; i++) {
			enum canon canon = (enum canon)i;
			str want = canonical(a, canon, body, 1);

			assert_str(canonical(a, canon, body, n), want);
			assert_str(canonical(a, canon, body, 37), want);
			assert_str(canonical(a, canon, body, 20011), want);
		}
		arena_free(a);
	}
}

static void every_squeeze_is_the_plain_one(void **state)
{
	unsigned seed = 3;
	const struct squeeze *other;

	(void)state;
	for (size_t n = 0; n < 700; n += 1 + n / 50) {
		struct arena *a = arena_new(1 << 16);
		str body = random_body(a, &seed, n + SQUEEZE_AHEAD);
		char *want = arena_alloc(a, n + 64);
		char *got = arena_alloc(a, n + 64);
		str text = { want, squeeze_plain.squeeze(body.p, n, want) };
		size_t clean = squeeze_plain.clean(body.p, n);

		for (size_t i = 1; (other = squeeze_nth(i)); i++) {
			str other_text = { got,
					   other->squeeze(body.p, n, got) };

			assert_str(other_text, text);
			assert_true(other->clean(body.p, n) <= clean);
			assert_true(other->clean(body.p, clean) == clean);
		}
		arena_free(a);
	}
}

/* RFC 6376 3.4.3, 3.4.4 */
static void hashes_of_nothing(void **state)
{
	struct arena *a = arena_new(1024);
	struct bodyhash *b = bodyhash_new(a);
	unsigned relaxed = bodyhash_want(b, CANON_RELAXED, HASH_SHA256, -1);
	unsigned simple = bodyhash_want(b, CANON_SIMPLE, HASH_SHA256, -1);
	unsigned sha1 = bodyhash_want(b, CANON_SIMPLE, HASH_SHA1, -1);

	(void)state;
	assert_int_equal(bodyhash_want(b, CANON_SIMPLE, HASH_SHA1, -1), sha1);
	bodyhash_end(b);
	assert_str(base64_encode(a, bodyhash_digest(b, relaxed)),
		   STR("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="));
	assert_str(base64_encode(a, bodyhash_digest(b, simple)),
		   STR("frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY="));
	assert_str(base64_encode(a, bodyhash_digest(b, sha1)),
		   STR("uoq1oCgLlTqpdDX/iUbLy7J1Wic="));
	arena_free(a);
}

static void length_limits(void **state)
{
	struct arena *a = arena_new(1024);
	struct bodyhash *b = bodyhash_new(a);
	unsigned two = bodyhash_want(b, CANON_RELAXED, HASH_SHA256, 2);
	unsigned none = bodyhash_want(b, CANON_RELAXED, HASH_SHA256, 0);
	unsigned more = bodyhash_want(b, CANON_RELAXED, HASH_SHA256, 100);

	(void)state;
	bodyhash_feed(b, STR("H"));
	assert_false(bodyhash_full(b));
	bodyhash_feed(b, STR("i there \r\n\r\n"));
	bodyhash_end(b);
	assert_true(hash_equal(bodyhash_digest(b, two),
			       hash_of(a, HASH_SHA256, STR("Hi"))));
	assert_true(hash_equal(bodyhash_digest(b, none),
			       hash_of(a, HASH_SHA256, STR(""))));
	assert_true(hash_equal(bodyhash_digest(b, more),
			       hash_of(a, HASH_SHA256, STR("Hi there\r\n"))));
	assert_int_equal(bodyhash_length(b, two), 10);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_fields),
		cmocka_unit_test(bodies),
		cmocka_unit_test(chunks_do_not_matter),
		cmocka_unit_test(every_squeeze_is_the_plain_one),
		cmocka_unit_test(hashes_of_nothing),
		cmocka_unit_test(length_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
