/* RFC 6376 3.5 and 6.1.1: a good signature, changed in one tag at a time. */
#include "base/buf.h"
#include "base/limits.h"
#include "dkim/signature.h"
#include "test.h"

static const char *const good[][2] = {
	{ "v", "1" },
	{ "a", "rsa-sha256" },
	{ "b", "QUJD" },
	{ "bh", "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=" },
	{ "c", "relaxed/simple" },
	{ "d", "example.org" },
	{ "h", "From:To" },
	{ "s", "sel" },
};

/* value NULL takes the tag out; a tag that is not above is added. */
static str field_with(struct arena *a, const char *tag, const char *value)
{
	struct buf b = buf_of(a, 1 << 20);
	bool there = false;

	buf_put(&b, STR("DKIM-Signature: "));
	for (size_t i = 0; i < TEST_COUNT(good); i++) {
		bool this = tag && strcmp(good[i][0], tag) == 0;

		there = there || this;
		if (this && !value)
			continue;
		buf_put(&b, str_of(good[i][0]));
		buf_putc(&b, '=');
		buf_put(&b, str_of(this ? value : good[i][1]));
		buf_put(&b, STR("; "));
	}
	if (tag && !there) {
		buf_put(&b, str_of(tag));
		buf_putc(&b, '=');
		buf_put(&b, str_of(value));
	}
	return buf_str(&b);
}

static struct field field_of(str raw)
{
	return (struct field){ .name = STR("DKIM-Signature"),
			       .raw = raw,
			       .value = str_skip(raw, 15) };
}

#define DIGITS_76                                  \
	"1234567890123456789012345678901234567890" \
	"123456789012345678901234567890123456"
#define LABEL_63 \
	"a23456789a123456789a123456789a123456789a123456789a123456789a123"

static const struct {
	const char *tag, *value;
	enum dkim_result want; /* DKIM_PENDING: fine */
	const char *why;
} cases[] = {
	{ NULL, NULL, DKIM_PENDING, NULL },
	{ "v", NULL, DKIM_NEUTRAL, "required tag missing" },
	{ "v", "0.5", DKIM_NEUTRAL, "unsupported version in v=" },
	{ "v", "2", DKIM_NEUTRAL, "unsupported version in v=" },
	{ "v", "1.0", DKIM_NEUTRAL, "unsupported version in v=" },
	{ "v", "", DKIM_NEUTRAL, "unsupported version in v=" },
	{ "v", " 1\r\n ", DKIM_PENDING, NULL },
	{ "a", NULL, DKIM_NEUTRAL, "required tag missing" },
	{ "a", "rsa-md5", DKIM_NEUTRAL, "unknown algorithm in a=" },
	{ "a", "RSA-SHA256", DKIM_NEUTRAL, "unknown algorithm in a=" },
	{ "a", "rsa", DKIM_NEUTRAL, "unknown algorithm in a=" },
	{ "a", "rsa-sha1", DKIM_PENDING, NULL },
	{ "a", "ed25519-sha256", DKIM_PENDING, NULL },
	{ "b", NULL, DKIM_NEUTRAL, "required tag missing" },
	{ "b", "", DKIM_NEUTRAL, "malformed b=" },
	{ "b", "?", DKIM_NEUTRAL, "malformed b=" },
	{ "b", "QUJ", DKIM_NEUTRAL, "malformed b=" },
	{ "b", "Q\r\n UJ\tD ", DKIM_PENDING, NULL },
	{ "bh", NULL, DKIM_NEUTRAL, "required tag missing" },
	{ "bh", "", DKIM_NEUTRAL, "malformed bh=" },
	{ "bh", "!!!!", DKIM_NEUTRAL, "malformed bh=" },
	{ "c", "simple", DKIM_PENDING, NULL },
	{ "c", "relaxed", DKIM_PENDING, NULL },
	{ "c", "simple/relaxed", DKIM_PENDING, NULL },
	{ "c", "", DKIM_NEUTRAL, "unknown canonicalization in c=" },
	{ "c", "nowsp", DKIM_NEUTRAL, "unknown canonicalization in c=" },
	{ "c", "relaxed/", DKIM_NEUTRAL, "unknown canonicalization in c=" },
	{ "c", "/relaxed", DKIM_NEUTRAL, "unknown canonicalization in c=" },
	{ "c", "Relaxed/simple", DKIM_NEUTRAL,
	  "unknown canonicalization in c=" },
	{ "c", "simple/simple/simple", DKIM_NEUTRAL,
	  "unknown canonicalization in c=" },
	{ "d", NULL, DKIM_NEUTRAL, "required tag missing" },
	{ "d", "", DKIM_NEUTRAL, "malformed domain in d=" },
	{ "d", "com", DKIM_NEUTRAL, "domain in d= has one label only" },
	{ "d", "example..org", DKIM_NEUTRAL, "malformed domain in d=" },
	{ "d", ".example.org", DKIM_NEUTRAL, "malformed domain in d=" },
	{ "d", "exam ple.org", DKIM_NEUTRAL, "malformed domain in d=" },
	{ "d", "example.net(.example.com", DKIM_NEUTRAL,
	  "malformed domain in d=" },
	{ "d", "\"example.org\"", DKIM_NEUTRAL, "malformed domain in d=" },
	{ "d", "-a.example", DKIM_NEUTRAL, "malformed domain in d=" },
	{ "d", "[192.0.2.1]", DKIM_NEUTRAL, "malformed domain in d=" },
	{ "d", LABEL_63 ".org", DKIM_PENDING, NULL },
	{ "d", LABEL_63 "a.org", DKIM_NEUTRAL, "malformed domain in d=" },
	{ "d",
	  "b\xc3\xbc"
	  "cher.example",
	  DKIM_PENDING, NULL },
	{ "d", "\xff\xfe.example", DKIM_NEUTRAL, "malformed domain in d=" },
	{ "h", NULL, DKIM_NEUTRAL, "required tag missing" },
	{ "h", "", DKIM_NEUTRAL, "empty name in h=" },
	{ "h", "from:", DKIM_NEUTRAL, "empty name in h=" },
	{ "h", ":from", DKIM_NEUTRAL, "empty name in h=" },
	{ "h", "from::to", DKIM_NEUTRAL, "empty name in h=" },
	{ "h", "from:to x", DKIM_NEUTRAL, "malformed name in h=" },
	{ "h", "to:cc", DKIM_PERMERROR, "From field not signed" },
	{ "h", "to : fROM :\r\n\tcc", DKIM_PENDING, NULL },
	{ "s", NULL, DKIM_NEUTRAL, "required tag missing" },
	{ "s", "", DKIM_NEUTRAL, "malformed selector in s=" },
	{ "s", "a.b_c.2026", DKIM_PENDING, NULL },
	{ "s", "a..b", DKIM_NEUTRAL, "malformed selector in s=" },
	{ "s", "a b", DKIM_NEUTRAL, "malformed selector in s=" },
	{ "i", "@example.org", DKIM_PENDING, NULL },
	{ "i", "user@Mail.Example.ORG", DKIM_PENDING, NULL },
	{ "i", "a=20b@example.org", DKIM_PENDING, NULL },
	{ "i", "\xe3\x81\x82@example.org", DKIM_PENDING, NULL },
	{ "i", "@notexample.org", DKIM_PERMERROR,
	  "domain of i= is not d= or below it" },
	{ "i", "@org", DKIM_PERMERROR, "domain of i= is not d= or below it" },
	{ "i", "example.org", DKIM_NEUTRAL, "malformed i=" },
	{ "i", "", DKIM_NEUTRAL, "malformed i=" },
	{ "i", "a@", DKIM_NEUTRAL, "malformed i=" },
	{ "i", "a=2@example.org", DKIM_NEUTRAL, "malformed i=" },
	{ "i", "a=2c@example.org", DKIM_NEUTRAL, "malformed i=" },
	{ "i", "a@example.org=00", DKIM_NEUTRAL, "malformed i=" },
	{ "l", "0", DKIM_PENDING, NULL },
	{ "l", DIGITS_76, DKIM_PENDING, NULL },
	{ "l", DIGITS_76 "7", DKIM_NEUTRAL, "malformed l=" },
	{ "l", "", DKIM_NEUTRAL, "malformed l=" },
	{ "l", "-1", DKIM_NEUTRAL, "malformed l=" },
	{ "l", "1 2", DKIM_NEUTRAL, "malformed l=" },
	{ "q", "dns/txt", DKIM_PENDING, NULL },
	{ "q", "x/y : dns/txt", DKIM_PENDING, NULL },
	{ "q", "dns", DKIM_NEUTRAL, "no usable query method in q=" },
	{ "q", "", DKIM_NEUTRAL, "no usable query method in q=" },
	{ "t", "0", DKIM_PENDING, NULL },
	{ "t", "123456789012", DKIM_PENDING, NULL },
	{ "t", "1234567890123", DKIM_NEUTRAL, "malformed t=" },
	{ "t", "", DKIM_NEUTRAL, "malformed t=" },
	{ "t", "now", DKIM_NEUTRAL, "malformed t=" },
	{ "x", "123456789012", DKIM_PENDING, NULL },
	{ "x", "1234567890123", DKIM_NEUTRAL, "malformed x=" },
	{ "x", "+5", DKIM_NEUTRAL, "malformed x=" },
	{ "z", "From:a=20b|To:c", DKIM_PENDING, NULL },
	{ "unknown", "anything <> at all", DKIM_PENDING, NULL },
};

static void table(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct arena *a = arena_new(4096);
		struct field f = field_of(
			field_with(a, cases[i].tag, cases[i].value));
		struct dkim_signature s;
		enum dkim_result result = DKIM_PENDING;
		const char *why = NULL;
		bool ok = dkim_signature_parse(a, &f, &s, &result, &why);

		if (ok != (cases[i].want == DKIM_PENDING) ||
		    (!ok && (result != cases[i].want ||
			     strcmp(why, cases[i].why) != 0)))
			print_error("row %zu: %s=%s: %s\n", i, cases[i].tag,
				    cases[i].value, why ? why : "fine");
		assert_int_equal(ok, cases[i].want == DKIM_PENDING);
		if (!ok) {
			assert_int_equal(result, cases[i].want);
			assert_string_equal(why, cases[i].why);
		}
		arena_free(a);
	}
}

static struct dkim_signature read_with(struct arena *a, const char *tag,
				       const char *value)
{
	struct field *f = arena_new_of(a, struct field);
	struct dkim_signature s;
	enum dkim_result result;
	const char *why;

	*f = field_of(field_with(a, tag, value));
	assert_true(dkim_signature_parse(a, f, &s, &result, &why));
	return s;
}

static void what_is_read(void **state)
{
	struct arena *a = arena_new(4096);
	struct dkim_signature s = read_with(a, NULL, NULL);

	(void)state;
	assert_int_equal(s.algorithm, DKIM_RSA_SHA256);
	assert_int_equal(s.header_canon, CANON_RELAXED);
	assert_int_equal(s.body_canon, CANON_SIMPLE);
	assert_str(s.domain_ascii, STR("example.org"));
	assert_str(s.identity, STR("@example.org"));
	assert_false(s.has_identity);
	assert_str(s.b, STR("ABC"));
	assert_int_equal(s.bh.n, 32);
	assert_int_equal(s.n_names, 2);
	assert_str(s.names[1], STR("To"));
	assert_int_equal(s.length, -1);
	assert_int_equal(s.timestamp, -1);
	assert_int_equal(s.expiry, -1);

	s = read_with(a, "c", "relaxed");
	assert_int_equal(s.header_canon, CANON_RELAXED);
	assert_int_equal(s.body_canon, CANON_SIMPLE);
	s = read_with(a, "c", "simple/relaxed");
	assert_int_equal(s.header_canon, CANON_SIMPLE);
	assert_int_equal(s.body_canon, CANON_RELAXED);
	s = read_with(a, "i", "a=3Db\r\n =40c@Sub.example.org");
	assert_str(s.identity, STR("a=b@c@Sub.example.org"));
	assert_str(s.identity_domain, STR("Sub.example.org"));
	s = read_with(a, "d",
		      "b\xc3\xbc"
		      "cher.example");
	assert_str(s.domain_ascii, STR("xn--bcher-kva.example"));
	assert_int_equal(read_with(a, "l", "0017").length, 17);
	assert_true(read_with(a, "l", DIGITS_76).length > 1LL << 60);
	assert_int_equal(read_with(a, "t", "123456789012").timestamp,
			 123456789012);
	assert_true(read_with(a, "r", "y").reports);
	arena_free(a);
}

static void names_have_a_limit(void **state)
{
	struct arena *a = arena_new(4096);
	struct buf b = buf_of(a, 1 << 16);
	struct dkim_signature s;
	enum dkim_result result;
	const char *why;

	(void)state;
	buf_put(&b, STR("from"));
	for (int i = 1; i < LIMIT_SIGNED_NAMES; i++)
		buf_put(&b, STR(":x"));
	s = read_with(a, "h", arena_cstr(a, buf_str(&b)));
	assert_int_equal(s.n_names, LIMIT_SIGNED_NAMES);
	buf_put(&b, STR(":x"));

	struct field f = field_of(
		field_with(a, "h", arena_cstr(a, buf_str(&b))));

	assert_false(dkim_signature_parse(a, &f, &s, &result, &why));
	assert_string_equal(why, "too many names in h=");
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(what_is_read),
		cmocka_unit_test(names_have_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
