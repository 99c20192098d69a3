#include "base/limits.h"
#include "mail/authres.h"
#include "test.h"

/* id version | method/version=result (comment) "reason" ptype.name=value ... */
static str said(struct arena *a, const struct authres *r)
{
	struct buf b = buf_of(a, 1 << 20);

	buf_printf(&b, "%.*s %u", STR_ARG(r->id), r->version);
	for (size_t i = 0; i < r->n; i++) {
		const struct authres_result *x = &r->results[i];

		buf_printf(&b, " | %.*s/%u=%.*s", STR_ARG(x->method),
			   x->version, STR_ARG(x->result));
		if (x->comment.p)
			buf_printf(&b, " (%.*s)", STR_ARG(x->comment));
		if (x->reason.p)
			buf_printf(&b, " \"%.*s\"", STR_ARG(x->reason));
		for (size_t j = 0; j < x->n; j++)
			buf_printf(&b, " %.*s.%.*s=%.*s",
				   STR_ARG(x->properties[j].ptype),
				   STR_ARG(x->properties[j].name),
				   STR_ARG(x->properties[j].value));
	}
	return buf_str(&b);
}

static void fields(void **state)
{
	static const struct {
		str value;
		const char *want; /* NULL: refused */
		bool sloppy;
		const char *why;
	} cases[] = {
		{ STR_INIT(" example.org; none"), "example.org 1", false,
		  NULL },
		{ STR_INIT("example.org 1; none"), "example.org 1", false,
		  NULL },
		{ STR_INIT("example.org;none (nothing was checked)"),
		  "example.org 1", false, NULL },
		{ STR_INIT("\"mx.example\";\r\n spf=pass "
			   "smtp.mailfrom=example.net\r\n"),
		  "mx.example 1 | spf/1=pass smtp.mailfrom=example.net", false,
		  NULL },
		{ STR_INIT("example.com; auth=pass (cram-md5) "
			   "smtp.auth=sender@example.net; "
			   "spf=pass smtp.mailfrom=example.net"),
		  "example.com 1 | auth/1=pass (cram-md5) "
		  "smtp.auth=sender@example.net"
		  " | spf/1=pass smtp.mailfrom=example.net",
		  false, NULL },
		{ STR_INIT("example.com; dkim=pass reason=\"good \\\"sig\\\"\" "
			   "header.i=@mail.example.net; DKIM/1 = Fail "
			   "header . d = \"x.example\""),
		  "example.com 1 | dkim/1=pass \"good \"sig\"\" "
		  "header.i=@mail.example.net | dkim/1=fail "
		  "header.d=x.example",
		  false, NULL },
		/* RFC 8601 B.7 */
		{ STR_INIT(
			  "foo.example.net (foobar) 1 (baz);\r\n"
			  "  dkim (Because I like it) / 1 (One yay) = "
			  "(wait for it) fail\r\n"
			  "  policy (A dot can go here) . (like that) expired\r\n"
			  "  (this surprised me) = (as I wasn't expecting it)\r\n"
			  "  1362471462"),
		  "foo.example.net 1 | dkim/1=fail policy.expired=1362471462",
		  false, NULL },
		{ STR_INIT("x.example; dkim/2=pass header.d=a.example"),
		  "x.example 1 | dkim/2=pass header.d=a.example", false, NULL },
		{ STR_INIT(
			  "x.example; spf=pass smtp.mailfrom=\"a b\"@c.example"),
		  "x.example 1 | spf/1=pass smtp.mailfrom=\"a b\"@c.example",
		  false, NULL },
		{ STR_INIT("x.example; dkim=pass header.b=\"ab/c+d=\""),
		  "x.example 1 | dkim/1=pass header.b=ab/c+d=", false, NULL },
		{ STR_INIT("\xe6\x9c\xac.example; dkim=pass "
			   "header.d=\"\xe6\x9c\xac.example\""),
		  "\xe6\x9c\xac.example 1 | dkim/1=pass "
		  "header.d=\xe6\x9c\xac.example",
		  true, NULL },
		/* not the grammar, but real */
		{ STR_INIT("x.example; spf=pass smtp.mailfrom=b@c.example;"),
		  "x.example 1 | spf/1=pass smtp.mailfrom=b@c.example", true,
		  NULL },
		{ STR_INIT(
			  "mx.example/4F1A2; iprev=pass policy.iprev=2001:db8::1"),
		  "mx.example/4F1A2 1 | iprev/1=pass "
		  "policy.iprev=2001:db8::1",
		  true, NULL },
		{ STR_INIT("x.example; dkim=pass header.b=ab/c+d="),
		  "x.example 1 | dkim/1=pass header.b=ab/c+d=", true, NULL },
		{ STR_INIT("x.example; spf=none smtp.mailfrom=<>"),
		  "x.example 1 | spf/1=none smtp.mailfrom=<>", true, NULL },
		{ STR_INIT("x.example; spf=none smtp.mailfrom="),
		  "x.example 1 | spf/1=none smtp.mailfrom=", true, NULL },
		{ STR_INIT("x.example; dmarc=fail action=none "
			   "header.from=a.example;compauth=fail reason=001"),
		  "x.example 1 | dmarc/1=fail .action=none "
		  "header.from=a.example | compauth/1=fail \"001\"",
		  true, NULL },
		{ STR_INIT("x.example; x_tls.v=pass smtp.x_y=z"),
		  "x.example 1 | x_tls.v/1=pass smtp.x_y=z", true, NULL },
		/* refused */
		{ STR_INIT(""), NULL, false, "no authserv-id" },
		{ STR_INIT("; none"), NULL, true, "no authserv-id" },
		{ STR_INIT("spf=pass smtp.mailfrom=a.example; dkim=none"), NULL,
		  true, "no authserv-id" },
		{ STR_INIT("x.example"), NULL, false, "no result" },
		{ STR_INIT("x.example;"), NULL, true, "no result" },
		{ STR_INIT("x.example 2; dkim=pass"), NULL, false,
		  "unknown version" },
		{ STR_INIT("x.example dkim=pass"), NULL, false,
		  "no ; before a result" },
		{ STR_INIT("x.example; dkim"), NULL, false,
		  "a method without result" },
		{ STR_INIT("x.example; dkim="), NULL, false,
		  "a method without result" },
		{ STR_INIT("x.example; =pass"), NULL, false,
		  "a result without method" },
		{ STR_INIT("x.example; dkim=pass header"), NULL, false,
		  "a property without value" },
		{ STR_INIT("x.example; dkim=pass header.=x"), NULL, false,
		  "malformed property" },
		{ STR_INIT("x.example; dkim=pass (oops"), NULL, false,
		  "a comment does not end" },
		{ STR_INIT("x.example; dkim=pass header.d=\"oops"), NULL, false,
		  "a quoted string does not end" },
		{ STR_INIT("x.example; dkim=pass header.d=a\0b"), NULL, false,
		  "malformed property" },
		{ STR_INIT("x.example; dkim=pass header.d=\xff"), NULL, true,
		  "a value is not UTF-8" },
	};
	struct arena *a = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct authres r;
		bool ok = authres_parse(a, cases[i].value, &r);

		assert_str(str_of(r.why), str_of(cases[i].why));
		assert_int_equal(ok, cases[i].want != NULL);
		if (ok)
			assert_str(said(a, &r), str_of(cases[i].want));
		if (r.sloppy != cases[i].sloppy)
			fail_msg("case %zu: sloppy is %d", i, r.sloppy);
	}
	arena_free(a);
}

static void number_of_results(void **state)
{
	struct arena *a = arena_new(1024);
	struct buf b = buf_of(a, 1 << 20);
	struct authres r;

	(void)state;
	buf_put(&b, STR("x.example"));
	for (int i = 0; i < LIMIT_AUTHRES_RESULTS; i++)
		buf_put(&b, STR("; dkim=pass header.d=a.example"));
	assert_true(authres_parse(a, buf_str(&b), &r));
	assert_int_equal(r.n, LIMIT_AUTHRES_RESULTS);
	buf_put(&b, STR("; dkim=pass"));
	assert_false(authres_parse(a, buf_str(&b), &r));
	assert_string_equal(r.why, "too many results");
	arena_free(a);
}

static void claims(void **state)
{
	static const str ids[] = { STR_INIT("mx.ours.example"),
				   STR_INIT(".sub.example") };
	static const struct {
		bool ours;
		str value;
	} cases[] = {
		{ true, STR_INIT(" mx.ours.example; dkim=pass") },
		{ true, STR_INIT(" MX.Ours.EXAMPLE;dkim=pass") },
		{ true, STR_INIT("mx.ours.example") },
		{ true, STR_INIT("mx.ours.example 1; dkim=pass") },
		{ true, STR_INIT("mx.ours.example 2; dkim=pass") },
		{ true, STR_INIT("mx.ours.example.; dkim=pass") },
		{ true, STR_INIT("mx.ours.example/4F1A2; dkim=pass") },
		{ true, STR_INIT("mx.ours.example./4F1A2; dkim=pass") },
		{ true, STR_INIT("\"mx.ours.example\"; dkim=pass") },
		{ true, STR_INIT("\"mx.\\ours.example/x\"; dkim=pass") },
		{ true, STR_INIT("(x) (y (z)) mx.ours.example (v) ; x=y") },
		{ true, STR_INIT("\r\n\tmx.ours.example\r\n ;x=y") },
		{ true, STR_INIT("a.sub.example; none") },
		{ true, STR_INIT("a.b.sub.example; none") },
		/* crippled */
		{ true, STR_INIT("(x mx.ours.example; dkim=pass") },
		{ true, STR_INIT("(x; mx.ours.example; dkim=pass") },
		{ true, STR_INIT("\"mx.ours.example; dkim=pass") },
		{ true, STR_INIT("other.example mx.ours.example; x=y") },
		{ true, STR_INIT("mx.ours.example 1 2; dkim=pass") },
		{ true, STR_INIT("mx.ours.example, dkim=pass") },
		{ true, STR_INIT("mx.ours.example dkim=pass") },
		{ true, STR_INIT("<mx.ours.example>; dkim=pass") },
		{ true, STR_INIT("mx.ours.example\0x; dkim=pass") },
		{ true, STR_INIT("mx.ours\r\n .example; dkim=pass") },
		{ true, STR_INIT("mx.ours\x01.example; dkim=pass") },
		{ true, STR_INIT("=?utf-8?q?mx.ours.example?=; x=y") },
		{ true, STR_INIT("(a (b) mx.ours.example; x=y) o.example;") },
		/* others' */
		{ false, STR_INIT("other.example; dkim=pass") },
		{ false, STR_INIT("amx.ours.example; dkim=pass") },
		{ false, STR_INIT("mx.ours.example.net; dkim=pass") },
		{ false, STR_INIT("ours.example; dkim=pass") },
		{ false, STR_INIT("sub.example; none") },
		{ false, STR_INIT("asub.example; none") },
		{ false, STR_INIT("other.example (by mx.ours.example); x=y") },
		{ false,
		  STR_INIT(
			  "other.example; spf=pass reason=\"mx.ours.example\"") },
		{ false, STR_INIT("spf=pass (sender IP is 192.0.2.1)\r\n "
				  "smtp.mailfrom=mx.ours.example; dkim=none") },
		{ false, STR_INIT("spf=pass smtp.mailfrom=u@mx.ours.example") },
		{ false, STR_INIT("") },
		{ false, STR_INIT(";") },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++)
		if (authres_claims(cases[i].value, ids, 2) != cases[i].ours)
			fail_msg("case %zu: %.*s", i, STR_ARG(cases[i].value));
	assert_false(authres_claims(cases[0].value, ids, 0));
}

static void claims_whatever_its_length(void **state)
{
	static const str id = STR_INIT("mx.ours.example");
	struct arena *a = arena_new(1024);
	struct buf b = buf_of(a, 1 << 22);

	(void)state;
	buf_putc(&b, '(');
	for (int i = 0; i < 100000; i++)
		buf_put(&b, STR("comment "));
	buf_put(&b, STR(") mx.ours.example"));
	assert_true(authres_claims(buf_str(&b), &id, 1));
	for (int i = 0; i < 100000; i++)
		buf_put(&b, STR(" ((((( ")); /* does not end */
	assert_true(authres_claims(buf_str(&b), &id, 1));
	arena_free(a);
}

static void versions(void **state)
{
	(void)state;
	assert_true(authres_version_known(STR("x.example; none")));
	assert_true(authres_version_known(STR("x.example 1; none")));
	assert_true(authres_version_known(STR("x.example 01; none")));
	assert_false(authres_version_known(STR("x.example 2; none")));
	assert_false(authres_version_known(STR("x.example (a) 2 (b)")));
	assert_false(authres_version_known(STR("x.example 99999999999;")));
}

static str written(struct arena *a, const struct authres *r)
{
	struct buf b = buf_of(a, LIMIT_AUTHRES_BYTES);

	authres_write(&b, strlen("Authentication-Results:"), r);
	assert_false(b.overflow);
	return buf_str(&b);
}

/* An id that cannot be said without UTF-8 must not leave an empty one. */
static void ids_are_never_empty(void **state)
{
	static const struct {
		str id, want;
		bool utf8;
	} cases[] = {
		{ STR_INIT("mx"), STR_INIT(" mx; none"), false },
		{ STR_INIT("\xd9\x9a"), STR_INIT(" unknown; none"), false },
		{ STR_INIT("\xd9\x9a"), STR_INIT(" \"\xd9\x9a\"; none"), true },
		{ STR_INIT(""), STR_INIT(" unknown; none"), false },
		{ STR_INIT("\r\n"), STR_INIT(" unknown; none"), true },
	};
	struct arena *a = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct authres r = { .id = cases[i].id,
				     .version = 1,
				     .utf8 = cases[i].utf8 };

		assert_str(written(a, &r), cases[i].want);
	}
	arena_free(a);
}

static void writes(void **state)
{
	static const struct {
		struct authres_property property;
		bool utf8;
		str want; /* behind the ptype and name; empty: left out */
	} cases[] = {
#define A STR_INIT("smtp"), STR_INIT("auth")
#define D STR_INIT("header"), STR_INIT("d")
#define B STR_INIT("header"), STR_INIT("b")
#define I STR_INIT("header"), STR_INIT("i")
#define M STR_INIT("smtp"), STR_INIT("mailfrom")
#define H STR_INIT("smtp"), STR_INIT("helo")
		{ { D, STR_INIT("a.example") }, false, STR_INIT("a.example") },
		{ { D, STR_INIT("a.example.") }, false, STR_INIT("a.example") },
		{ { D, STR_INIT("a.example(.b.example") }, false, { 0 } },
		{ { D, STR_INIT("a..example") }, false, { 0 } },
		{ { D, STR_INIT("-a.example") }, false, { 0 } },
		{ { D, STR_INIT("a.example;x") }, false, { 0 } },
		{ { D, STR_INIT("") }, false, { 0 } },
		{ { D, STR_INIT("\xe6\x9c\xac.example") }, false, { 0 } },
		{ { D, STR_INIT("\xe6\x9c\xac.example") },
		  true,
		  STR_INIT("\xe6\x9c\xac.example") },
		{ { D, STR_INIT("\xff.example") }, true, { 0 } },
		{ { B, STR_INIT("ab+d") }, false, STR_INIT("ab+d") },
		{ { B, STR_INIT("ab/d=") }, false, STR_INIT("\"ab/d=\"") },
		{ { B, STR_INIT("a\"\\b") },
		  false,
		  STR_INIT("\"a\\\"\\\\b\"") },
		{ { B, STR_INIT("a\r\nb") }, false, { 0 } },
		{ { I, STR_INIT("@a.example") },
		  false,
		  STR_INIT("@a.example") },
		{ { I, STR_INIT("u@a.example") },
		  false,
		  STR_INIT("u@a.example") },
		{ { I, STR_INIT("u v@a.example") },
		  false,
		  STR_INIT("@a.example") },
		{ { I, STR_INIT("\xe7\x94\xb0@a.example") },
		  false,
		  STR_INIT("@a.example") },
		{ { I, STR_INIT("@a") }, false, { 0 } },
		{ { M, STR_INIT("\"a b\"@c.example") },
		  false,
		  STR_INIT("\"a b\"@c.example") },
		{ { M, STR_INIT("a(b@c.example") },
		  false,
		  STR_INIT("c.example") },
		{ { M, STR_INIT("<>") }, false, { 0 } },
		{ { H, STR_INIT("[192.0.2.1]") },
		  false,
		  STR_INIT("\"[192.0.2.1]\"") },
		{ { H, STR_INIT("localhost") }, false, STR_INIT("localhost") },
		{ { H, STR_INIT("bad host") }, false, { 0 } },
		{ { STR_INIT("policy"), STR_INIT("iprev"),
		    STR_INIT("2001:db8::1") },
		  false,
		  STR_INIT("\"2001:db8::1\"") },
		{ { A, STR_INIT("u@a.example") },
		  false,
		  STR_INIT("u@a.example") },
		{ { A, STR_INIT("u@a") }, false, STR_INIT("\"u@a\"") },
		{ { A, STR_INIT("u v@a.example") },
		  false,
		  STR_INIT("\"u v@a.example\"") },
		{ { A, STR_INIT("@a.example") },
		  false,
		  STR_INIT("\"@a.example\"") },
		{ { A, STR_INIT("\"u\"@a.example") },
		  false,
		  STR_INIT("\"\\\"u\\\"@a.example\"") },
#undef A
#undef D
#undef B
#undef I
#undef M
#undef H
	};
	struct arena *a = arena_new(1024);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct authres_property property = cases[i].property;
		struct authres_result result = { .method = STR_INIT("x"),
						 .result = STR_INIT("pass"),
						 .version = 1,
						 .properties = &property,
						 .n = 1 };
		struct authres r = { .id = STR_INIT("mx.example"),
				     .results = &result,
				     .n = 1,
				     .utf8 = cases[i].utf8 };
		struct buf want = buf_of(a, 1000);

		buf_put(&want, STR(" mx.example;\r\n x=pass"));
		if (cases[i].want.n)
			buf_printf(&want, " %.*s.%.*s=%.*s",
				   STR_ARG(property.ptype),
				   STR_ARG(property.name),
				   STR_ARG(cases[i].want));
		assert_str(written(a, &r), buf_str(&want));
	}
	arena_free(a);
}

static void whole_field(void **state)
{
	static struct authres_property dkim[] = {
		{ STR_INIT("header"), STR_INIT("d"), STR_INIT("example.org") },
		{ STR_INIT("header"), STR_INIT("i"), STR_INIT("@example.org") },
		{ STR_INIT("header"), STR_INIT("a"), STR_INIT("rsa-sha256") },
		{ STR_INIT("header"), STR_INIT("b"), STR_INIT("Ab3/dE0+") },
	};
	static struct authres_result results[] = {
		{ .method = STR_INIT("dkim"),
		  .result = STR_INIT("pass"),
		  .version = 1,
		  .comment = STR_INIT("2048-bit (key)\r\n"),
		  .properties = dkim,
		  .n = 4 },
		{ .method = STR_INIT("spf"),
		  .result = STR_INIT("fail"),
		  .version = 2,
		  .reason = STR_INIT("no \"good\"\n") },
	};
	struct arena *a = arena_new(1024);
	struct authres r = { .id = STR_INIT("mx.example/4F1A2"),
			     .results = results,
			     .n = 2 };

	(void)state;
	assert_str(written(a, &r),
		   STR(" mx.example/4F1A2;\r\n"
		       " dkim=pass (2048-bit \\(key\\)) header.d=example.org "
		       "header.i=@example.org\r\n"
		       " header.a=rsa-sha256 header.b=\"Ab3/dE0+\";\r\n"
		       " spf/2=fail reason=\"no \\\"good\\\"\""));
	r.n = 0;
	r.id = STR("a b");
	assert_str(written(a, &r), STR(" \"a b\"; none"));
	arena_free(a);
}

static void written_size_is_limited(void **state)
{
	struct arena *a = arena_new(1024);
	struct authres_property property = { STR("header"), STR("b"), STR("") };
	struct authres_result *results = arena_array_of(
		a, struct authres_result, LIMIT_AUTHRES_RESULTS);
	struct authres r = { .id = STR_INIT("mx.example"),
			     .results = results,
			     .n = LIMIT_AUTHRES_RESULTS };
	struct authres back;
	char value[800];

	(void)state;
	memset(value, 'v', sizeof value);
	property.value = (str){ value, sizeof value };
	for (size_t i = 0; i < r.n; i++)
		results[i] = (struct authres_result){
			STR("dkim"), STR("pass"), 1, { NULL, 0 },
			{ NULL, 0 }, &property,   1
		};

	str text = written(a, &r);

	assert_true(text.n <= LIMIT_AUTHRES_BYTES);
	assert_true(text.n > LIMIT_AUTHRES_BYTES - 1000);
	assert_true(authres_parse(a, text, &back));
	assert_false(back.sloppy);
	assert_true(back.n > 5 && back.n < LIMIT_AUTHRES_RESULTS);
	arena_free(a);
}

static unsigned next(unsigned *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 16;
}

static str any_bytes(struct arena *a, unsigned *seed)
{
	static const char bytes[] = "aab.-@\"\\ ();=,/<>\r\n\t\xe6\xff:Z9_";
	size_t n = next(seed) % 12;
	char *p = arena_alloc(a, n + 1);

	for (size_t i = 0; i < n; i++)
		p[i] = bytes[next(seed) % sizeof bytes]; /* NUL too */
	return (str){ p, n };
}

/* Whatever strangers send: what we write has no control byte, is within the
 * grammar and reads back with as many results. */
static void what_is_written_reads_back(void **state)
{
	static const str names[][2] = {
		{ STR_INIT("header"), STR_INIT("d") },
		{ STR_INIT("header"), STR_INIT("i") },
		{ STR_INIT("header"), STR_INIT("b") },
		{ STR_INIT("smtp"), STR_INIT("mailfrom") },
		{ STR_INIT("smtp"), STR_INIT("helo") },
		{ STR_INIT("policy"), STR_INIT("x") },
	};
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct arena *a = arena_new(4096);
		struct authres_property properties[6];
		struct authres_result result = {
			.method = STR_INIT("dkim"),
			.result = STR_INIT("pass"),
			.version = 1,
			.comment = any_bytes(a, &seed),
			.reason = any_bytes(a, &seed),
			.properties = properties,
			.n = 6,
		};
		struct authres back, r = { .id = STR_INIT("mx.example"),
					   .results = &result,
					   .n = 1,
					   .utf8 = next(&seed) & 1 };

		for (size_t i = 0; i < 6; i++)
			properties[i] = (struct authres_property){
				names[i][0], names[i][1], any_bytes(a, &seed)
			};

		str text = written(a, &r);

		assert_true(authres_parse(a, text, &back));
		if (back.sloppy)
			fail_msg("sloppy: %.*s", STR_ARG(text));
		assert_int_equal(back.n, 1);
		assert_true(back.results[0].n <= 6);
		for (size_t i = 0; i < text.n; i++)
			assert_true((unsigned char)text.p[i] >= ' ' ||
				    text.p[i] == '\r' || text.p[i] == '\n');
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields),
		cmocka_unit_test(number_of_results),
		cmocka_unit_test(claims),
		cmocka_unit_test(claims_whatever_its_length),
		cmocka_unit_test(versions),
		cmocka_unit_test(ids_are_never_empty),
		cmocka_unit_test(writes),
		cmocka_unit_test(whole_field),
		cmocka_unit_test(written_size_is_limited),
		cmocka_unit_test(what_is_written_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
