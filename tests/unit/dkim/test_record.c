/* RFC 6376 3.6.1 key records: what is read, what is passed over, what is
 * broken. */
#include "dkim/record.h"
#include "test.h"

#define P "p=A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="

static const struct {
	const char *text;
	enum dkim_record_status status;
	/* s1 sha1, s2 sha256, e email, t testing, x exact, r revoked, k ed25519 */
	const char *flags;
} cases[] = {
	{ "v=DKIM1; k=ed25519; " P, DKIM_RECORD_OK, "s1 s2 e k" },
	{ P, DKIM_RECORD_OK, "s1 s2 e" },
	{ P ";", DKIM_RECORD_OK, "s1 s2 e" },
	{ "k = rsa ; " P, DKIM_RECORD_OK, "s1 s2 e" },
	{ " v = DKIM1 ; " P, DKIM_RECORD_OK, "s1 s2 e" },
	{ "V=DKIM1; " P, DKIM_RECORD_OK, "s1 s2 e" },
	{ "v=DKIM1; p=", DKIM_RECORD_OK, "s1 s2 e r" },
	{ "v=DKIM1; p= ;", DKIM_RECORD_OK, "s1 s2 e r" },
	{ "v=DKIM1; p=QU JD\tQUJD", DKIM_RECORD_OK, "s1 s2 e" },
	{ "v=DKIM1; h=sha256; " P, DKIM_RECORD_OK, "s2 e" },
	{ "v=DKIM1; h=sha1; " P, DKIM_RECORD_OK, "s1 e" },
	{ "v=DKIM1; h=sha1 : sha256 : sha3; " P, DKIM_RECORD_OK, "s1 s2 e" },
	{ "v=DKIM1; h=foo; " P, DKIM_RECORD_OK, "e" },
	{ "v=DKIM1; h=; " P, DKIM_RECORD_OK, "e" },
	{ "v=DKIM1; s=email; " P, DKIM_RECORD_OK, "s1 s2 e" },
	{ "v=DKIM1; s=tlsrpt; " P, DKIM_RECORD_OK, "s1 s2" },
	{ "v=DKIM1; s=tlsrpt:*; " P, DKIM_RECORD_OK, "s1 s2 e" },
	{ "v=DKIM1; s=; " P, DKIM_RECORD_OK, "s1 s2" },
	{ "v=DKIM1; t=y; " P, DKIM_RECORD_OK, "s1 s2 e t" },
	{ "v=DKIM1; t=s; " P, DKIM_RECORD_OK, "s1 s2 e x" },
	{ "v=DKIM1; t=y : s : z; " P, DKIM_RECORD_OK, "s1 s2 e t x" },
	{ "v=DKIM1; t=Y; " P, DKIM_RECORD_OK, "s1 s2 e" },
	{ "v=DKIM1; g=; " P, DKIM_RECORD_OK, "s1 s2 e" },
	{ "v=DKIM1; n=a note, with spaces; " P, DKIM_RECORD_OK, "s1 s2 e" },
	{ "v=DKIM1; zz=1; " P, DKIM_RECORD_OK, "s1 s2 e" },

	{ "v=DKIM1.0; " P, DKIM_RECORD_BAD, "" },
	{ "v=dkim1; " P, DKIM_RECORD_BAD, "" },
	{ P "; v=DKIM1", DKIM_RECORD_BAD, "" },
	{ "v=DKIM1; k=rsa", DKIM_RECORD_BAD, "" },
	{ "v=DKIM1; k=dsa; " P, DKIM_RECORD_BAD, "" },
	{ "v=DKIM1; k=RSA; " P, DKIM_RECORD_BAD, "" },
	{ "v=DKIM1; p=!!!", DKIM_RECORD_BAD, "" },
	{ "v=DKIM1; p=QUJ", DKIM_RECORD_BAD, "" },
	{ "v=DKIM1; p=ab_d-", DKIM_RECORD_BAD, "" },
	{ "v=DKIM1; " P "; " P, DKIM_RECORD_BAD, "" },
	{ "v=DKIM1;; " P, DKIM_RECORD_BAD, "" },
	{ "v=DKIM1\\; k=rsa\\; " P, DKIM_RECORD_BAD, "" },
	{ "junk; " P, DKIM_RECORD_BAD, "" },

	{ "", DKIM_RECORD_FOREIGN, "" },
	{ "v=spf1 -all", DKIM_RECORD_FOREIGN, "" },
	{ "v=spf1 include:p=x.example -all", DKIM_RECORD_FOREIGN, "" },
	{ "v=DMARC1; p=none", DKIM_RECORD_FOREIGN, "" },
	{ "some-proof-of-ownership=abc", DKIM_RECORD_FOREIGN, "" },
	{ "parked", DKIM_RECORD_FOREIGN, "" },
	{ "k=rsa", DKIM_RECORD_FOREIGN, "" },
};

static const char *flags_of(const struct dkim_record *r, char out[64])
{
	(void)snprintf(out, 64, "%s%s%s%s%s%s%s", r->sha1 ? " s1" : "",
		       r->sha256 ? " s2" : "", r->email ? " e" : "",
		       r->testing ? " t" : "", r->exact_identity ? " x" : "",
		       r->revoked ? " r" : "",
		       r->type == KEY_ED25519 ? " k" : "");
	return out[0] ? out + 1 : out;
}

static void table(void **state)
{
	char flags[64];

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct arena *a = arena_new(4096);
		struct dkim_record r;
		const char *why = NULL;
		enum dkim_record_status status = dkim_record_parse(
			a, str_of(cases[i].text), &r, &why);

		if (status != cases[i].status)
			print_error("row %zu: %s\n", i, cases[i].text);
		assert_int_equal(status, cases[i].status);
		if (status == DKIM_RECORD_OK)
			assert_string_equal(flags_of(&r, flags),
					    cases[i].flags);
		if (status == DKIM_RECORD_BAD)
			assert_non_null(why);
		arena_free(a);
	}
}

static void what_lint_needs(void **state)
{
	struct arena *a = arena_new(4096);
	struct dkim_record r;
	const char *why;

	(void)state;
	(void)dkim_record_parse(a, STR("k=rsa; g=*; n=x y; p=QU JD"), &r, &why);
	assert_false(r.has_version);
	assert_true(r.has_granularity);
	assert_str(r.notes, STR("x y"));
	assert_str(r.key_text, STR("QUJD"));
	assert_str(r.key, STR("ABC"));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(what_lint_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
