/* The conductor: order of rows, limits, deadlines, answers in any order. */
#include "base/limits.h"
#include "verify/script.h"
#include "verify/verify.h"

enum { NOW = 1790000000 };

static const struct script_row ed25519_zone[] = {
	{ "k1._domainkey.a.example", DNS_OK,
	  "v=DKIM1; k=ed25519; p=A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=" },
	{ "slow._domainkey.a.example", DNS_TEMPFAIL, NULL },
	{ "gone._domainkey.a.example", DNS_NODATA, NULL },
};

static const char good[] =
	"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; "
	"d=a.example; s=k1; t=1790000000; h=from:to:subject:from:cc; "
	"bh=j+uJ1+KwQjMpdNiCngwvlv2FTzZnzkokoCYASnN36NE=; "
	"b=BR9Bz5ul35SQVyE515AhFnmgdeWHG5ReKFPWBb//l7kSur+ex0Tj3GEJ1lhaMc0+"
	"bthENGAcbtc9dO/o2Y0IAA==";

/* The same with another selector, domain or anything: never passes. */
static const char *made(char out[512], const char *d, const char *s)
{
	(void)snprintf(out, 512,
		       "DKIM-Signature: v=1; a=ed25519-sha256; "
		       "c=relaxed/relaxed; d=%s; s=%s; h=from; bh=j+uJ1+"
		       "KwQjMpdNiCngwvlv2FTzZnzkokoCYASnN36NE=; b=AAAA",
		       d, s);
	return out;
}

static struct verify *start(struct script *s)
{
	struct verify_options o = verify_defaults(NOW);
	struct verify *v = verify_new(&o, &s->r);

	assert_non_null(v);
	return v;
}

static void rest_of_message(struct verify *v)
{
	static const char *const lines[] = { "From: Aki <aki@a.example>",
					     "To: bo@b.example",
					     "Subject:\r\n  Two   words",
					     "Received: from x by y; z" };

	for (size_t i = 0; i < TEST_COUNT(lines); i++)
		assert_true(verify_header_raw(v, str_of(lines[i])));
	verify_end_of_headers(v);
	verify_body(v, STR("H"));
	verify_body(v, STR("i\r"));
	verify_body(v, STR("\n\r\n"));
	verify_end(v);
}

static void rows_in_the_order_of_the_message(void **state)
{
	struct script s = script_of(ed25519_zone, TEST_COUNT(ed25519_zone));
	struct verify *v = start(&s);
	char b[512];

	(void)state;
	assert_true(verify_header_raw(v, str_of(made(b, "a.example", "slow"))));
	assert_true(verify_header_raw(v, str_of(good)));
	assert_true(verify_header_raw(v, STR("DKIM-Signature: v=2")));
	assert_true(verify_header_raw(v, str_of(made(b, "a.example", "gone"))));
	assert_true(verify_header_raw(v, str_of(made(b, "a.example", "k1"))));
	rest_of_message(v);
	assert_true(verify_run(v));

	const struct verdict *d = verify_verdict(v);
	static const struct {
		enum dkim_result result;
		const char *selector, *reason;
	} want[] = {
		{ DKIM_TEMPERROR, "slow", "key lookup failed" },
		{ DKIM_PASS, "k1", NULL },
		{ DKIM_NEUTRAL, "", "unsupported version in v=" },
		{ DKIM_PERMERROR, "gone", "no key for signature" },
		{ DKIM_FAIL, "k1", "signature did not verify" },
	};

	assert_int_equal(d->n_dkim, TEST_COUNT(want));
	for (size_t i = 0; i < TEST_COUNT(want); i++) {
		const struct verdict_dkim *r = &d->dkim_rows[i];

		assert_int_equal(r->result, want[i].result);
		assert_str(r->selector, str_of(want[i].selector));
		if (want[i].reason)
			assert_string_equal(r->reason, want[i].reason);
		else
			assert_null(r->reason);
	}
	assert_int_equal(d->dkim, DKIM_PASS);
	assert_str(d->dkim_rows[1].domain, STR("a.example"));
	assert_str(d->dkim_rows[1].identity, STR("@a.example"));
	assert_str(d->dkim_rows[1].algorithm, STR("ed25519-sha256"));
	assert_str(d->dkim_rows[1].b_head, STR("BR9Bz5ul"));
	assert_int_equal(d->dkim_rows[1].key_bits, 256);
	assert_int_equal(s.sent, 3);
	verify_free(v);
}

/* The verdict is the same in whatever order the answers come. */
static void answers_in_any_order(void **state)
{
	(void)state;
	for (unsigned order = 0; order < 6; order++) {
		struct script s = script_of(ed25519_zone,
					    TEST_COUNT(ed25519_zone));
		struct verify *v;
		char b[512];

		s.hold = true;
		v = start(&s);
		(void)verify_header_raw(v,
					str_of(made(b, "a.example", "slow")));
		(void)verify_header_raw(v, str_of(good));
		(void)verify_header_raw(v,
					str_of(made(b, "a.example", "gone")));
		rest_of_message(v);
		assert_int_equal(s.n_held, 3);
		assert_false(verify_run(v));
		script_release(&s, order % 3);
		assert_false(verify_run(v));
		script_release(&s, order / 3);
		assert_false(verify_run(v));
		script_release(&s, 0);
		assert_int_equal(verify_open_questions(v), 0);
		assert_true(verify_run(v));

		const struct verdict *d = verify_verdict(v);

		assert_int_equal(d->dkim_rows[0].result, DKIM_TEMPERROR);
		assert_int_equal(d->dkim_rows[1].result, DKIM_PASS);
		assert_int_equal(d->dkim_rows[2].result, DKIM_PERMERROR);
		verify_free(v);
	}
}

static void count_answer(void *arg)
{
	++*(int *)arg;
}

static void the_deadline(void **state)
{
	struct script s = script_of(ed25519_zone, TEST_COUNT(ed25519_zone));
	struct verify *v;
	char b[512];
	int answers = 0;

	(void)state;
	s.hold = true;
	v = start(&s);
	verify_on_answer(v, count_answer, &answers);
	(void)verify_header_raw(v, str_of(good));
	(void)verify_header_raw(v, str_of(made(b, "a.example", "gone")));
	rest_of_message(v);
	script_release(&s, 1);
	assert_int_equal(answers, 1);
	assert_false(verify_run(v));
	verify_give_up(v);
	assert_int_equal(s.cancelled, 1);
	assert_true(verify_run(v));

	const struct verdict *d = verify_verdict(v);

	assert_int_equal(d->dkim, DKIM_TEMPERROR);
	assert_int_equal(d->dkim_rows[0].result, DKIM_TEMPERROR);
	assert_string_equal(d->dkim_rows[0].reason, "no answer in time");
	assert_int_equal(d->dkim_rows[1].result, DKIM_PERMERROR);
	verify_free(v);

	/* in the middle of a message */
	s.n_held = 0;
	v = start(&s);
	(void)verify_header_raw(v, str_of(good));
	verify_end_of_headers(v);
	verify_give_up(v);
	verify_body(v, STR("late"));
	verify_end(v);
	assert_int_equal(verify_verdict(v)->dkim, DKIM_TEMPERROR);
	verify_free(v);
}

/* The daemon's own fields are judged where they are. */
static void fields_of_another(void **state)
{
	static const char *const lines[] = { good, "From: Aki <aki@a.example>",
					     "To: bo@b.example",
					     "Subject:\r\n  Two   words" };

	(void)state;
	for (int too_large = 0; too_large < 2; too_large++) {
		struct script s = script_of(ed25519_zone,
					    TEST_COUNT(ed25519_zone));
		struct arena *arena = arena_new(4096);
		struct header h = header_of(arena, 0, 0);
		struct verify *v = start(&s);

		for (size_t i = 0; i < TEST_COUNT(lines); i++)
			assert_true(header_add_raw(&h, str_of(lines[i])));
		h.too_large = too_large;
		verify_header_of(v, &h);
		verify_end_of_headers(v);
		verify_body(v, STR("Hi\r\n\r\n"));
		verify_end(v);
		assert_true(verify_run(v));
		assert_int_equal(verify_verdict(v)->dkim,
				 too_large ? DKIM_POLICY : DKIM_PASS);
		assert_int_equal(verify_verdict(v)->header_too_large,
				 too_large);
		verify_free(v);
		arena_free(arena);
	}
}

static void nothing_signed(void **state)
{
	struct script s = script_of(NULL, 0);
	struct verify *v = start(&s);

	(void)state;
	assert_true(verify_wants_body(v));
	rest_of_message(v);
	assert_false(verify_wants_body(v));
	assert_true(verify_run(v));
	assert_int_equal(verify_verdict(v)->dkim, DKIM_NONE);
	assert_int_equal(verify_verdict(v)->n_dkim, 0);
	assert_int_equal(s.sent, 0);
	verify_free(v);
}

/* 12 strangers' signatures above the author's own: ten are evaluated and the
 * author's is among them; 21 fields: one row stands for the last. */
static void too_many_signatures(void **state)
{
	struct script s = script_of(ed25519_zone, TEST_COUNT(ed25519_zone));
	struct verify *v = start(&s);
	size_t evaluated = 0;
	char b[512], d[32];

	(void)state;
	for (int i = 0; i < 12; i++) {
		(void)snprintf(d, sizeof d, "d%d.test", i);
		(void)verify_header_raw(v, str_of(made(b, d, "s")));
	}
	for (int i = 0; i < 7; i++)
		(void)verify_header_raw(v, STR("DKIM-Signature: junk"));
	(void)verify_header_raw(v, str_of(good));
	(void)verify_header_raw(v, str_of(good));
	rest_of_message(v);
	assert_true(verify_run(v));

	const struct verdict *r = verify_verdict(v);

	assert_int_equal(s.sent, LIMIT_SIGNATURES);
	assert_int_equal(r->n_dkim, LIMIT_SIGNATURES_SEEN + 1);
	assert_int_equal(r->unseen, 1);
	for (size_t i = 0; i < r->n_dkim; i++)
		evaluated += r->dkim_rows[i].evaluated;
	assert_int_equal(evaluated, LIMIT_SIGNATURES);
	assert_int_equal(r->dkim_rows[8].result, DKIM_PERMERROR);
	assert_int_equal(r->dkim_rows[9].result, DKIM_POLICY);
	assert_string_equal(r->dkim_rows[9].reason, "too many signatures");
	assert_int_equal(r->dkim_rows[12].result, DKIM_NEUTRAL);
	assert_int_equal(r->dkim_rows[19].result, DKIM_PASS);
	assert_int_equal(r->dkim_rows[20].result, DKIM_POLICY);
	assert_null(r->dkim_rows[20].field);
	assert_int_equal(r->dkim, DKIM_PASS);
	verify_free(v);
}

static void header_too_large(void **state)
{
	struct script s = script_of(ed25519_zone, TEST_COUNT(ed25519_zone));
	struct verify_options o = verify_defaults(NOW);
	struct verify *v;

	(void)state;
	o.max_header_fields = 2;
	for (int with = 0; with < 2; with++) {
		v = verify_new(&o, &s.r);
		(void)verify_header_raw(v, with ? str_of(good) : STR("A: b"));
		assert_true(verify_header(v, STR("From"), STR(" a@a.example")));
		assert_false(verify_header(v, STR("To"), STR(" b@a.example")));
		verify_end(v);
		assert_true(verify_run(v));
		assert_true(verify_verdict(v)->header_too_large);
		assert_int_equal(verify_verdict(v)->dkim, DKIM_POLICY);
		assert_int_equal(verify_verdict(v)->n_dkim, 1);
		assert_string_equal(verify_verdict(v)->dkim_rows[0].reason,
				    "header too large to verify");
		verify_free(v);
	}
	assert_int_equal(s.sent, 0);
}

/* Names that are none never leave this place, in whatever tag they stand. */
static void nothing_of_strangers_is_repeated(void **state)
{
	static const char *const fields[] = {
		"DKIM-Signature: v=1; d=ex ample.org; s=a\"b",
		"DKIM-Signature: v=1; a=rsa(; d=x.org(.example.com; s=x; "
		"b=<>; bh=AA==; h=from",
		"DKIM-Signature: v=1; a=ed25519-sha256; d=a.example; s=k1; "
		"i==0D=0AX@a.example; h=from; bh=AAAA; b=AAAA",
	};
	struct script s = script_of(NULL, 0);
	struct verify *v = start(&s);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(fields); i++)
		(void)verify_header_raw(v, str_of(fields[i]));
	rest_of_message(v);
	assert_true(verify_run(v));

	const struct verdict *d = verify_verdict(v);

	assert_str(d->dkim_rows[0].domain, STR(""));
	assert_str(d->dkim_rows[0].selector, STR(""));
	assert_str(d->dkim_rows[0].identity, STR(""));
	assert_str(d->dkim_rows[1].domain, STR(""));
	assert_str(d->dkim_rows[1].algorithm, STR(""));
	assert_str(d->dkim_rows[1].b, STR(""));
	assert_str(d->dkim_rows[2].identity, STR("@a.example"));
	verify_free(v);
}

static void unique_heads_of_b(void **state)
{
	struct verdict_dkim rows[] = {
		{ .b = STR("abcdefghij") },    { .b = STR("abcdefghik") },
		{ .b = STR("abcdefghik") },    { .b = STR("abc") },
		{ .b = STR("zbcdefghijklm") },
	};
	static const char *const want[] = { "abcdefghij", "abcdefghik",
					    "abcdefghik", "abc", "zbcdefgh" };

	(void)state;
	verdict_number(rows, TEST_COUNT(rows));
	for (size_t i = 0; i < TEST_COUNT(rows); i++)
		assert_str(rows[i].b_head, str_of(want[i]));
}

static void out_of_memory(void **state)
{
	static char big[1 << 20];
	struct script s = script_of(ed25519_zone, TEST_COUNT(ed25519_zone));
	struct verify_options o = verify_defaults(NOW);
	struct verify *v;

	(void)state;
	memset(big, 'x', sizeof big);
	o.max_header_bytes = (size_t)1 << 30;
	v = verify_new(&o, &s.r);
	for (int i = 0; i < 32; i++)
		(void)verify_header(v, STR("X"), (str){ big, sizeof big });
	verify_end(v);
	assert_true(verify_run(v));
	assert_true(verify_verdict(v)->out_of_memory);
	assert_int_equal(verify_verdict(v)->dkim, DKIM_TEMPERROR);
	verify_free(v);
}

/* Wherever memory ends, the verdict says so and nothing leaks. */
static void memory_ends_anywhere(void **state)
{
	struct script s = script_of(ed25519_zone, TEST_COUNT(ed25519_zone));
	struct verify_options o = verify_defaults(NOW);
	size_t failed = 0, passed = 0;

	(void)state;
	for (size_t max = 1; max < 40000; max += 41) {
		struct verify *v;

		o.max_memory = max;
		v = verify_new(&o, &s.r);
		(void)verify_header_raw(v, str_of(good));
		(void)verify_header_raw(v, STR("From: Aki <aki@a.example>"));
		(void)verify_header_raw(v, STR("To: bo@b.example"));
		(void)verify_header_raw(v, STR("Subject:\r\n  Two   words"));
		verify_body(v, STR("Hi\r\n"));
		verify_end(v);
		assert_true(verify_run(v));
		if (verify_verdict(v)->out_of_memory) {
			assert_int_equal(verify_verdict(v)->dkim,
					 DKIM_TEMPERROR);
			assert_int_equal(passed, 0);
			failed++;
		} else {
			assert_int_equal(verify_verdict(v)->dkim, DKIM_PASS);
			passed++;
		}
		verify_free(v);
	}
	assert_true(failed > 100 && passed > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_in_the_order_of_the_message),
		cmocka_unit_test(answers_in_any_order),
		cmocka_unit_test(the_deadline),
		cmocka_unit_test(fields_of_another),
		cmocka_unit_test(nothing_signed),
		cmocka_unit_test(too_many_signatures),
		cmocka_unit_test(header_too_large),
		cmocka_unit_test(nothing_of_strangers_is_repeated),
		cmocka_unit_test(unique_heads_of_b),
		cmocka_unit_test(out_of_memory),
		cmocka_unit_test(memory_ends_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
