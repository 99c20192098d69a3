/* RFC 6376 3.7 and 5.4.2: the octets that are signed, compared as digests of
 * what they must be. */
#include "base/limits.h"
#include "dkim/headerhash.h"
#include "dkim/judge.h"

static const char *const lines[] = {
	"From: a", "To: one", "X-b: 1", "tO: two", "Subject: s ", "To: three",
};

static const struct {
	enum canon canon;
	const char *names, *own, *room, *want;
} cases[] = {
	{ CANON_RELAXED, "from", "S: b=x", "x", "from:a\r\ns:b=" },
	{ CANON_SIMPLE, "from", "S: b=x", "x", "From: a\r\nS: b=" },
	/* bottom up, each instance once, absent ones give nothing */
	{ CANON_RELAXED, "to", "S:b=", "", "to:three\r\ns:b=" },
	{ CANON_RELAXED, "To:TO", "S:b=", "", "to:three\r\nto:two\r\ns:b=" },
	{ CANON_RELAXED, "to:from:to:to:to", "S:b=", "",
	  "to:three\r\nfrom:a\r\nto:two\r\nto:one\r\ns:b=" },
	{ CANON_SIMPLE, "to:to", "S:b=", "", "To: three\r\ntO: two\r\nS:b=" },
	{ CANON_RELAXED, "cc:bcc", "S:b=", "", "s:b=" },
	{ CANON_RELAXED, "from:from", "S:b=", "", "from:a\r\ns:b=" },
	{ CANON_SIMPLE, "subject", "S:b=", "", "Subject: s \r\nS:b=" },
	/* the own field: only b= is emptied, white space around it too */
	{ CANON_RELAXED, "", "S: bh=q; b =\r\n q ; z=1", "\r\n q ",
	  "s:bh=q; b =; z=1" },
	{ CANON_SIMPLE, "", "S: bh=q; b =\r\n q ; z=1", "\r\n q ",
	  "S: bh=q; b =; z=1" },
	{ CANON_RELAXED, "", "S: b=q; \r\n\t", "q", "s:b=;" },
	{ CANON_SIMPLE, "", "S: b=q; \r\n\t", "q", "S: b=; \r\n\t" },
};

static size_t split(const char *list, str names[16])
{
	str rest = str_of(list), name;
	size_t n = 0;

	while (*list && str_split(&rest, ':', &name))
		names[n++] = name;
	return n;
}

static void table(void **state)
{
	struct arena *a = arena_new(4096);
	struct header h = header_from(a, lines, TEST_COUNT(lines));
	struct buf scratch = buf_of(a, 1 << 20);

	(void)state;
	for (size_t i = 0; i < 2 * TEST_COUNT(cases); i++) {
		size_t row = i / 2;
		str names[16], own = str_of(cases[row].own), room = { 0 };
		size_t at = 0;
		struct headerhash hh = {
			.algorithm = HASH_SHA256,
			.canon = cases[row].canon,
			.names = names,
			.n_names = split(cases[row].names, names),
			.scratch = i % 2 ? &scratch : NULL,
		};

		room.n = strlen(cases[row].room);
		while (room.n && !str_eq(str_head(str_skip(own, at), room.n),
					 str_of(cases[row].room)))
			at++;
		if (room.n)
			room.p = own.p + at;

		str got = headerhash_digest(a, &hh, &h, own, room);
		str want = hash_of(a, HASH_SHA256, str_of(cases[row].want));

		if (!str_eq(got, want))
			print_error("row %zu: %s\n", row, cases[row].want);
		assert_true(str_eq(got, want));
	}
	arena_free(a);
}

/* The own field never counts as an instance, older ones do and keep their b=. */
static void other_signatures(void **state)
{
	static const char *const two[] = { "DKIM-Signature: b=new",
					   "DKIM-Signature: b=old" };
	struct arena *a = arena_new(4096);
	struct header h = header_from(a, two, 2);
	str names[] = { STR("dkim-signature"), STR("Dkim-Signature") };
	struct headerhash hh = {
		.algorithm = HASH_SHA1,
		.canon = CANON_RELAXED,
		.names = names,
		.n_names = 2,
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const char *want =
			i ? "dkim-signature:b=new\r\ndkim-signature:b="
			  : "dkim-signature:b=old\r\ndkim-signature:b=";
		str raw = h.fields[i].raw;

		hh.own = &h.fields[i];
		assert_true(str_eq(headerhash_digest(a, &hh, &h, raw,
						     str_skip(raw, raw.n - 3)),
				   hash_of(a, HASH_SHA1, str_of(want))));
	}
	arena_free(a);
}

/* Full header and full h=, all one name or all different: the digest is that
 * of the bottom LIMIT_SIGNED_NAMES fields. */
static void at_the_limits(void **state)
{
	struct arena *a = arena_new(1 << 20);
	str *names = arena_array_of(a, str, LIMIT_SIGNED_NAMES);
	struct headerhash hh = {
		.algorithm = HASH_SHA256,
		.canon = CANON_RELAXED,
		.names = names,
		.n_names = LIMIT_SIGNED_NAMES,
	};

	(void)state;
	for (int same = 0; same < 2; same++) {
		struct header h = header_of(a, 0, 0);
		struct buf want = buf_of(a, 1 << 20);
		char name[16] = "x";

		for (int i = 0; i < LIMIT_HEADER_FIELDS; i++) {
			if (!same)
				(void)snprintf(name, sizeof name, "x%d", i);
			assert_true(header_add(&h, str_of(name), STR("v")));
		}
		for (size_t i = 0; i < LIMIT_SIGNED_NAMES; i++) {
			names[i] = h.fields[h.n - 1 - i].name;
			buf_printf(&want, "%.*s:v\r\n", STR_ARG(names[i]));
		}
		buf_put(&want, STR("s:b="));
		assert_true(str_eq(headerhash_digest(a, &hh, &h, STR("s:b="),
						     (str){ NULL, 0 }),
				   hash_of(a, HASH_SHA256, buf_str(&want))));
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(other_signatures),
		cmocka_unit_test(at_the_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
