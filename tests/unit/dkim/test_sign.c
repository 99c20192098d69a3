/* What is signed, and what the field looks like: the lists, the limits, and the
 * message that must not break its own signature. */
#include "base/limits.h"
#include "dkim/judge.h"

enum { NOW = 1790000000 };

static struct privkey *key;

static int make_key(void **state)
{
	struct err e;

	(void)state;
	key = privkey_generate(KEY_ED25519, 0, &e);
	return key ? 0 : -1;
}

static int free_key(void **state)
{
	(void)state;
	privkey_free(key);
	return 0;
}

static struct dkim_sign_options plain(void)
{
	return (struct dkim_sign_options){
		.domain = STR("example.org"),
		.selector = STR("s1"),
		.key = key,
		.header_canon = CANON_RELAXED,
		.body_canon = CANON_SIMPLE,
		.sign = dkim_names_opendkim,
		.never = dkim_names_never,
		.timestamp = NOW,
		.body_length = -1,
	};
}

static bool sign(struct arena *a, const struct dkim_sign_options *o,
		 const struct header *h, str body, str *field, struct err *e)
{
	struct bodyhash *bh = bodyhash_new(a);
	struct dkim_sign *s = dkim_sign_new(a, o, bh);

	bodyhash_feed(bh, body);
	bodyhash_end(bh);
	return dkim_sign_finish(s, h, bh, field, e);
}

/* The field's tag without the folds within. */
static str tag_of(struct arena *a, str field, const char *name)
{
	struct buf b = buf_of(a, 1 << 20);
	struct tags tags;
	const char *why;
	str value;

	assert_true(tags_parse(a, str_skip(field, strlen("DKIM-Signature:")),
			       &tags, &why));
	value = tags_value(&tags, name, "(none)");
	for (size_t i = 0; i < value.n; i++)
		if (!strchr(" \t\r\n", value.p[i]))
			buf_putc(&b, value.p[i]);
	return buf_str(&b);
}

static const char *const message[] = {
	"Received: from a by b; c",
	"From: a@example.org",
	"Sender: b",
	"To: c",
	"to: d",
	"Bcc: e",
	"Message-ID: <f@g>",
	"X-Mailer: h",
	"List-Id: i",
	"List-Owner: k",
	"Resent-Bcc: l",
	"Subject: m",
};

static void which_fields(void **state)
{
	static const str exact[] = { STR_INIT("To"), STR_INIT("from"),
				     STR_INIT("Cc") };
	static const str extra[] = { STR_INIT("From"), STR_INIT("X-None") };
	static const str omit[] = { STR_INIT("To"), STR_INIT("From") };
	const struct {
		struct dkim_names sign, never, oversign;
		bool exact;
		const char *h;
	} cases[] = {
		{ dkim_names_opendkim,
		  dkim_names_never,
		  { NULL, 0 },
		  false,
		  "From:To:to:List-Id:List-Owner:Subject" },
		{ dkim_names_recommended,
		  dkim_names_never,
		  { NULL, 0 },
		  false,
		  "From:Sender:To:to:Message-ID:List-Id:List-Owner:Subject" },
		{ dkim_names_opendkim,
		  dkim_names_never,
		  { extra, 2 },
		  false,
		  "From:To:to:List-Id:List-Owner:Subject:From:X-None" },
		{ dkim_names_opendkim,
		  { omit, 2 },
		  { NULL, 0 },
		  false,
		  "From:List-Id:List-Owner:Subject" },
		{ { exact, 3 },
		  dkim_names_never,
		  { NULL, 0 },
		  true,
		  "To:from:Cc" },
		{ { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, false, "From" },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct arena *a = arena_new(4096);
		struct header h = header_from(a, message, TEST_COUNT(message));
		struct dkim_sign_options o = plain();
		struct err e;
		str field;

		o.sign = cases[i].sign;
		o.never = cases[i].never;
		o.oversign = cases[i].oversign;
		o.exact = cases[i].exact;
		assert_true(sign(a, &o, &h, STR("x\r\n"), &field, &e));
		assert_str(tag_of(a, field, "h"), str_of(cases[i].h));
		arena_free(a);
	}
}

static void every_tag(void **state)
{
	struct arena *a = arena_new(4096);
	struct header h = header_from(a, message, TEST_COUNT(message));
	struct dkim_sign_options o = plain();
	struct err e;
	str field;

	(void)state;
	assert_true(sign(a, &o, &h, STR("x\r\n"), &field, &e));
	assert_str(tag_of(a, field, "v"), STR("1"));
	assert_str(tag_of(a, field, "a"), STR("ed25519-sha256"));
	assert_str(tag_of(a, field, "c"), STR("relaxed/simple"));
	assert_str(tag_of(a, field, "d"), STR("example.org"));
	assert_str(tag_of(a, field, "s"), STR("s1"));
	assert_str(tag_of(a, field, "t"), STR("1790000000"));
	for (const char *const *t =
		     (const char *const[]){ "i", "l", "r", "x", "z", NULL };
	     *t; t++)
		assert_str(tag_of(a, field, *t), STR("(none)"));

	o.identity = STR("a;b c=\x01@example.org");
	o.lifetime = 60;
	o.body_length = 2;
	o.request_reports = o.diagnostics = true;
	o.timestamp = 0;
	assert_true(sign(a, &o, &h, STR("xyz\r\n"), &field, &e));
	assert_str(tag_of(a, field, "i"), STR("a=3Bb=20c=3D=01@example.org"));
	assert_str(tag_of(a, field, "t"), STR("0"));
	assert_str(tag_of(a, field, "x"), STR("60"));
	assert_str(tag_of(a, field, "l"), STR("2"));
	assert_str(tag_of(a, field, "r"), STR("y"));
	assert_str(tag_of(a, field, "z"),
		   STR("From:=20a@example.org|To:=20c|to:=20d|List-Id:=20i|"
		       "List-Owner:=20k|Subject:=20m"));
	o.timestamp = -1;
	o.body_length = INT64_MAX;
	assert_true(sign(a, &o, &h, STR("xyz\r\n"), &field, &e));
	assert_str(tag_of(a, field, "t"), STR("(none)"));
	assert_str(tag_of(a, field, "x"), STR("(none)"));
	assert_str(tag_of(a, field, "l"), STR("5"));
	arena_free(a);
}

static void refused(void **state)
{
	static const char *const no_from[] = { "To: a" };
	static const str to[] = { STR_INIT("To") };
	struct arena *a = arena_new(4096);
	struct header h = header_from(a, no_from, 1);
	struct dkim_sign_options o = plain();
	struct err e;
	str field;

	(void)state;
	assert_false(sign(a, &o, &h, STR(""), &field, &e));
	assert_int_equal(e.code, ERR_DATA);
	assert_non_null(strstr(e.text, "no From"));

	h = header_from(a, message, TEST_COUNT(message));
	o.exact = true;
	o.sign = (struct dkim_names){ to, 1 };
	assert_false(sign(a, &o, &h, STR(""), &field, &e));
	assert_non_null(strstr(e.text, "From"));

	o = plain();
	h = header_of(a, 0, 1);
	assert_true(header_add_raw(&h, STR("From: a@example.org")));
	assert_false(header_add_raw(&h, STR("Subject: b")));
	assert_false(sign(a, &o, &h, STR(""), &field, &e));
	assert_non_null(strstr(e.text, "too large"));
	arena_free(a);
}

static struct header with_field(struct arena *a, const struct header *h,
				str field)
{
	struct header with = header_of(a, 0, 0);

	assert_true(header_add_raw(&with, field));
	for (size_t i = 0; i < h->n; i++)
		assert_true(header_add_raw(&with, h->fields[i].raw));
	return with;
}

static void verifies(struct arena *a, const struct header *h, str field,
		     str body)
{
	struct header with = with_field(a, h, field);
	const char *record = record_for(a, key, "");
	struct dkim_check *c = judge_at(a, &with, body,
					records_of(a, &record, 1), NOW);

	assert_string_equal(c->why ? c->why : "", "");
	assert_int_equal(c->result, DKIM_PASS);
}

/* Names that could end h= and begin another tag are left out of it. */
static void names_that_are_traps(void **state)
{
	static const char *const lines[] = { "From: a@example.org",
					     "List-;d=evil.example: x",
					     "Resent-\xc3\xa4: y",
					     "List-=: z" };
	struct arena *a = arena_new(4096);
	struct header h = header_from(a, lines, TEST_COUNT(lines));
	struct dkim_sign_options o = plain();
	struct err e;
	str field;

	(void)state;
	o.sign = dkim_names_recommended;
	assert_true(sign(a, &o, &h, STR(""), &field, &e));
	assert_str(tag_of(a, field, "h"), STR("From:List-="));
	assert_str(tag_of(a, field, "d"), STR("example.org"));
	verifies(a, &h, field, STR(""));
	arena_free(a);
}

/* More fields than h= can hold: From on top and the oversigned names are there
 * all the same, and the signature is good. */
static void more_fields_than_names(void **state)
{
	struct arena *a = arena_new(4096);
	struct header h = header_of(a, 0, 0);
	struct dkim_sign_options o = plain();
	struct dkim_signature s;
	enum dkim_result result;
	const char *why;
	struct err e;
	str field;

	(void)state;
	assert_true(header_add_raw(&h, STR("From: a@example.org")));
	for (int i = 0; i < 700; i++)
		assert_true(header_add_raw(&h, STR("To: b")));
	o.oversign = dkim_names_oversign;
	assert_true(sign(a, &o, &h, STR("x"), &field, &e));

	struct header with = with_field(a, &h, field);

	assert_true(
		dkim_signature_parse(a, &with.fields[0], &s, &result, &why));
	assert_int_equal(s.n_names, LIMIT_SIGNED_NAMES);
	assert_str(s.names[0], STR("From"));
	assert_str(s.names[s.n_names - dkim_names_oversign.n], STR("From"));
	verifies(a, &h, field, STR("x"));
	arena_free(a);
}

/* Lines of at most 78 octets wherever there is a place to fold. */
static void folded(void **state)
{
	struct arena *a = arena_new(4096);
	struct header h = header_from(a, message, TEST_COUNT(message));
	struct dkim_sign_options o = plain();
	struct err e;
	str field, line;

	(void)state;
	o.sign = dkim_names_recommended;
	o.oversign = dkim_names_oversign;
	o.diagnostics = true;
	o.lifetime = 604800;
	o.identity = STR("someone.with.a.long.name@mail.example.org");
	for (int simple = 0; simple < 2; simple++) {
		o.header_canon = simple ? CANON_SIMPLE : CANON_RELAXED;
		assert_true(sign(a, &o, &h, STR("x\r\n"), &field, &e));
		verifies(a, &h, field, STR("x\r\n"));
		for (str rest = field; str_split(&rest, '\n', &line);) {
			if (rest.p)
				line.n--; /* CR */
			assert_true(line.n <= 78);
			assert_true(line.n && line.p[line.n - 1] != ' ');
		}
	}
	arena_free(a);
}

/* Two keys sign one message in one pass over the body. */
static void two_at_once(void **state)
{
	struct arena *a = arena_new(4096);
	struct header h = header_from(a, message, TEST_COUNT(message));
	struct bodyhash *bh = bodyhash_new(a);
	struct dkim_sign_options o = plain();
	struct dkim_sign *s[2];
	struct err e;

	(void)state;
	for (int i = 0; i < 2; i++) {
		o.body_canon = i ? CANON_RELAXED : CANON_SIMPLE;
		s[i] = dkim_sign_new(a, &o, bh);
	}
	bodyhash_feed(bh, STR("a  \r"));
	bodyhash_feed(bh, STR("\n\r\n"));
	bodyhash_end(bh);
	for (int i = 0; i < 2; i++) {
		str field;

		assert_true(dkim_sign_finish(s[i], &h, bh, &field, &e));
		verifies(a, &h, field, STR("a  \r\n\r\n"));
		assert_str(tag_of(a, field, "c"),
			   i ? STR("relaxed/relaxed") : STR("relaxed/simple"));
	}
	arena_free(a);
}

static void sets_of_names(void **state)
{
	static const str names[] = { STR_INIT("From"), STR_INIT("List-*") };
	struct dkim_names set = { names, 2 };

	(void)state;
	assert_true(dkim_names_hold(set, STR("fROM")));
	assert_true(dkim_names_hold(set, STR("list-ID")));
	assert_true(dkim_names_hold(set, STR("List-")));
	assert_false(dkim_names_hold(set, STR("List")));
	assert_false(dkim_names_hold(set, STR("From2")));
	assert_false(dkim_names_hold(set, STR("")));
	assert_true(dkim_names_hold(dkim_names_recommended,
				    STR("List-Unsubscribe-Post")));
	assert_true(dkim_names_hold(dkim_names_never, STR("received")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(which_fields),
		cmocka_unit_test(every_tag),
		cmocka_unit_test(refused),
		cmocka_unit_test(names_that_are_traps),
		cmocka_unit_test(more_fields_than_names),
		cmocka_unit_test(folded),
		cmocka_unit_test(two_at_once),
		cmocka_unit_test(sets_of_names),
	};

	return cmocka_run_group_tests(tests, make_key, free_key);
}
