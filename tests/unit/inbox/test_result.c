/* What is written of a score is what is read again; what is none is not. */
#include "base/limits.h"
#include "inbox/result.h"
#include "test.h"

static struct result example(void)
{
	struct result r = {
		.score = { .total = 725, .points = { 300, 175, 150, 100, 0 } },
		.now = 1795510800,
		.ip = { .family = IP_V4, .b = { 192, 0, 2, 1 } },
		.helo = STR("mx.example.org"),
		.mail_from = STR("a@example.org"),
		.from = STR("A \"<a@example.org>\" \x1b\xff"),
		.subject = STR("</script>"),
		.own = true,
		.header = STR("From: a\nX: \x01\n"),
	};

	for (int i = 0; i < SCORE_ROWS; i++)
		r.score.rows[i] = (struct score_row){ SCORE_OK, 0,
						      "it is there", STR(""),
						      STR("") };
	r.score.rows[SCORE_DKIM] = (struct score_row){
		SCORE_FAIL, 200, "the message is not signed", STR("d=\xff"),
		STR("A: 1\nB: 2\n")
	};
	return r;
}

static const char *shout(const char *sentence)
{
	(void)sentence;
	return "WORDS";
}

static bool has(str text, const char *part)
{
	for (; text.n; text = str_skip(text, 1))
		if (str_starts(text, str_of(part)))
			return true;
	return false;
}

static void round_trip(void **state)
{
	struct arena *a = arena_new(4096);
	struct buf b = buf_of(a, 1 << 20), again = buf_of(a, 1 << 20);
	struct result r = example(), got;

	(void)state;
	result_json(&b, &r, result_as_is, true);
	assert_true(result_parse(a, buf_str(&b), &got));
	assert_int_equal(got.score.total, 725);
	assert_int_equal(got.score.points[SCORE_TRANSPORT], 175);
	assert_int_equal(got.score.rows[SCORE_DKIM].lost, 200);
	assert_int_equal(got.score.rows[SCORE_DKIM].status, SCORE_FAIL);
	assert_string_equal(got.score.rows[SCORE_DKIM].seen,
			    "the message is not signed");
	assert_str(got.score.rows[SCORE_DKIM].evidence, STR("A: 1\nB: 2\n"));
	assert_int_equal(got.score.rows[SCORE_MX].status, SCORE_OK);
	assert_true(ip_equal(got.ip, r.ip) && got.own && got.now == r.now);
	assert_str(got.subject, r.subject);
	result_json(&again, &got, result_as_is, true);
	assert_str(buf_str(&again), buf_str(&b));
	/* sentences of another language, less of it */
	again.n = 0;
	result_json(&again, &r, shout, false);
	assert_true(has(buf_str(&again), "\"seen\":\"WORDS\""));
	assert_false(has(buf_str(&again), "evidence"));
	assert_true(result_parse(a, buf_str(&again), &got));
	assert_int_equal(got.header.n, 0);
	arena_free(a);
}

static void odd_ones(void **state)
{
	static const struct {
		const char *json;
		bool ok;
	} cases[] = {
		{ "", false },
		{ "{}", false },
		{ "[1]", false },
		{ "{\"categories\":{}}", false },
		{ "{\"categories\":[]", false },
		{ "{\"categories\":[]}", true },
		{ "{\"score\":1e300,\"ip\":5,\"categories\":[7,{\"name\":1,"
		  "\"points\":\"x\",\"findings\":[{\"code\":\"auth.dkim\","
		  "\"lost\":-9e99,\"status\":\"?\"},{\"code\":\"auth.spf\","
		  "\"lost\":1e99}]}]}",
		  true },
	};
	struct arena *a = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct result r;

		assert_int_equal(result_parse(a, str_of(cases[i].json), &r),
				 cases[i].ok);
		if (!cases[i].ok)
			continue;
		assert_in_range(r.score.total, 0, 1000);
		assert_int_equal(r.score.rows[SCORE_DKIM].lost, 0);
		assert_in_range(r.score.rows[SCORE_SPF].lost, 0, 100);
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(odd_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
