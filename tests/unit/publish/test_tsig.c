/* TSIG keys as name servers write them. */
#include "publish/tsig.h"
#include "test.h"

#define SECRET "zdiTsIOzlDQ6ReaYMHkw7HH9gcCcdu+m5z6d0ManB90="

static const struct {
	const char *text, *name, *algorithm;
} good[] = {
	{ "key \"k\" {\n\talgorithm hmac-sha256;\n\tsecret \"" SECRET
	  "\";\n};\n",
	  "k.", "hmac-sha256." },
	{ "key k{algorithm HMAC-SHA512;secret " SECRET ";};", "k.",
	  "HMAC-SHA512." },
	{ "/"
	  "/ one\n# two\nkey \"k.example.\" { secret \"" SECRET
	  "\"; algorithm \"hmac-sha1\"; };",
	  "k.example.", "hmac-sha1." },
	{ "# hmac-sha256:other:AAAAAAAAAAAAAAAA\nkey:\n  - id: k\n    "
	  "algorithm: hmac-sha256\n    secret: " SECRET "\n",
	  "k.", "hmac-sha256." },
	{ "hmac-sha256:k:" SECRET, "k.", "hmac-sha256." },
	{ "\r\nhmac-sha256:k_1.example:" SECRET "\r\n", "k_1.example.",
	  "hmac-sha256." },
	/* the first key counts */
	{ "key a { algorithm hmac-sha256; secret \"" SECRET
	  "\"; }; key b { algorithm hmac-sha1; secret \"AAAA\"; };",
	  "a.", "hmac-sha256." },
};

static const struct {
	const char *text, *words;
} bad[] = {
	{ "", "no TSIG key" },
	{ "# key k { algorithm hmac-sha256; secret \"" SECRET "\"; };",
	  "no TSIG key" },
	{ "key k { algorithm hmac-sha256; };", "no TSIG key" },
	{ "key", "no TSIG key" },
	{ "key k { secret " SECRET "; };", "no TSIG key" },
	{ "hmac-md5:k:" SECRET, "hmac-sha256" },
	{ "hmac-sha384:k:" SECRET, "hmac-sha256" },
	{ "hmac-sha256:k k:" SECRET, "no TSIG key" },
	{ "hmac-sha256:a..b:" SECRET, "no domain name" },
	{ "hmac-sha256:k:!!!!", "base64" },
	{ "hmac-sha256:k:AAAAAAAAA=", "base64" },
	{ "hmac-sha256:k:AAAA", "too short" },
};

static void keys_are_read(void **state)
{
	struct arena *a = arena_new(4096);
	struct tsig_key key;
	struct err e;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(good); i++) {
		if (!tsig_parse(a, str_of(good[i].text), &key, &e))
			fail_msg("row %zu: %s", i, e.text);
		assert_string_equal(key.name, good[i].name);
		assert_string_equal(key.algorithm, good[i].algorithm);
		assert_string_equal(key.secret, SECRET);
	}
	arena_free(a);
}

static void others_are_refused(void **state)
{
	struct arena *a = arena_new(4096);
	struct tsig_key key;

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(bad); i++) {
		struct err e = { 0 };

		if (tsig_parse(a, str_of(bad[i].text), &key, &e))
			fail_msg("row %zu is taken", i);
		if (!strstr(e.text, bad[i].words) || strstr(e.text, SECRET))
			fail_msg("row %zu says: %s", i, e.text);
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_read),
		cmocka_unit_test(others_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
