/* What we write of a verdict, our own RFC 8601 reader reads back the same,
 * whatever strangers put into their signatures. */
#include "test.h"
#include "verify/stamp.h"

static str written(struct arena *a, const struct verdict *v,
		   struct authres *back)
{
	struct stamp_options o = { .authserv_id = STR("mx.example.org") };
	str value = stamp_value(a, v, &o);

	if (!authres_parse(a, value, back))
		print_error("unreadable: %.*s\n", STR_ARG(value));
	assert_true(authres_parse(a, value, back));
	assert_str(back->id, o.authserv_id);
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];

		if (c == '\r') {
			assert_true(value.n - i > 2 && value.p[i + 1] == '\n' &&
				    strchr(" \t", value.p[i + 2]));
			i++;
			continue;
		}
		assert_true((c >= ' ' && c != 0x7f) || c == '\t');
	}
	return value;
}

static str property(const struct authres_result *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (str_ieq(r->properties[i].name, str_of(name)))
			return r->properties[i].value;
	return (str){ NULL, 0 };
}

static void one_signature(void **state)
{
	struct arena *a = arena_new(4096);
	struct verdict_dkim row = {
		.result = DKIM_POLICY,
		.reason = "key too short",
		.domain = STR("example.org"),
		.selector = STR("s1"),
		.identity = STR("@example.org"),
		.algorithm = STR("rsa-sha256"),
		.b_head = STR("ab/c+d=="),
		.key_bits = 768,
		.testing = true,
	};
	struct verdict v = { .dkim_judged = true,
			     .dkim = DKIM_POLICY,
			     .n_dkim = 1,
			     .dkim_rows = &row };
	struct authres back;

	(void)state;
	(void)written(a, &v, &back);
	assert_int_equal(back.n, 1);
	assert_str(back.results[0].method, STR("dkim"));
	assert_str(back.results[0].result, STR("policy"));
	assert_str(back.results[0].reason, STR("key too short"));
	assert_str(property(&back.results[0], "d"), STR("example.org"));
	assert_str(property(&back.results[0], "i"), STR("@example.org"));
	assert_str(property(&back.results[0], "s"), STR("s1"));
	assert_str(property(&back.results[0], "a"), STR("rsa-sha256"));
	assert_str(property(&back.results[0], "b"), STR("ab/c+d=="));
	arena_free(a);
}

static void nothing_signed(void **state)
{
	struct arena *a = arena_new(4096);
	struct verdict v = { .dkim_judged = true, .dkim = DKIM_NONE };
	struct authres back;

	(void)state;
	(void)written(a, &v, &back);
	assert_int_equal(back.n, 1);
	assert_str(back.results[0].result, STR("none"));
	v.dkim = DKIM_TEMPERROR;
	v.out_of_memory = true;
	(void)written(a, &v, &back);
	assert_str(back.results[0].result, STR("temperror"));
	arena_free(a);
}

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* Printable and 8-bit octets, those that quoting trips over more often. */
static str random_local(struct arena *a, uint32_t *seed)
{
	static const char traps[] = "\"\\()<>@,;: =/[]?.%\xc3\xa4";
	size_t n = next(seed) % 24;
	char *p = arena_alloc(a, n + 1);

	for (size_t i = 0; i < n; i++) {
		uint32_t r = next(seed);

		p[i] = r & 1 ? traps[(r >> 1) % (sizeof traps - 1)]
			     : (char)(' ' + (r >> 1) % 95);
	}
	return (str){ p, n };
}

static void whatever_the_identity(void **state)
{
	uint32_t seed = 8601;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		struct arena *a = arena_new(4096);
		struct buf id = buf_of(a, 256);
		struct verdict_dkim rows[2];
		struct authres back;

		buf_put(&id, random_local(a, &seed));
		buf_put(&id, STR("@sub.example.org"));
		for (int k = 0; k < 2; k++)
			rows[k] = (struct verdict_dkim){
				.result = k ? DKIM_PASS : DKIM_FAIL,
				.reason = k ? NULL : "signature did not verify",
				.domain = STR("example.org"),
				.selector = STR("s_1.x"),
				.identity = buf_str(&id),
				.algorithm = STR("rsa-sha256"),
				.b_head = STR("AAAAAAA/"),
				.key_bits = 2048,
			};

		struct verdict v = { .dkim_judged = true,
				     .dkim = DKIM_PASS,
				     .n_dkim = 2,
				     .dkim_rows = rows };

		(void)written(a, &v, &back);
		assert_int_equal(back.n, 2);
		for (size_t k = 0; k < 2; k++) {
			const struct authres_result *r = &back.results[k];
			str got = property(r, "i");

			assert_str(r->result, k ? STR("pass") : STR("fail"));
			assert_str(property(r, "d"), STR("example.org"));
			/* said as it is, or its domain alone */
			if (!str_eq(got, rows[k].identity))
				assert_str(got, STR("@sub.example.org"));
		}
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_signature),
		cmocka_unit_test(nothing_signed),
		cmocka_unit_test(whatever_the_identity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
