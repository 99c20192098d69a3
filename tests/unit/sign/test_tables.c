/* KeyTable and SigningTable. */
#include "sign/keytable.h"
#include "sign/signtable.h"
#include "test.h"

static const struct {
	str value, domain, selector, key, problem; /* problem: its beginning */
	bool is_path;
	enum key_algorithm algorithm;
} keys[] = {
	{ STR_INIT("example.org:default:/etc/k/default.private"),
	  STR_INIT("example.org"), STR_INIT("default"),
	  STR_INIT("/etc/k/default.private"), STR_INIT(""), true,
	  KEY_ALGORITHM_ANY },
	{ STR_INIT("%:s:/etc/%/k"), STR_INIT("%"), STR_INIT("s"),
	  STR_INIT("/etc/%/k"), STR_INIT(""), true, KEY_ALGORITHM_ANY },
	{ STR_INIT("example.org:s:./k:ed25519-sha256"), STR_INIT("example.org"),
	  STR_INIT("s"), STR_INIT("./k"), STR_INIT(""), true,
	  KEY_ALGORITHM_ED25519 },
	{ STR_INIT("example.org:s:../k:rsa-sha256"), STR_INIT("example.org"),
	  STR_INIT("s"), STR_INIT("../k"), STR_INIT(""), true,
	  KEY_ALGORITHM_RSA },
	{ STR_INIT("example.org:s:/a:b/k"), STR_INIT("example.org"),
	  STR_INIT("s"), STR_INIT("/a:b/k"), STR_INIT(""), true,
	  KEY_ALGORITHM_ANY },
	{ STR_INIT("example.org:s:MIIE+/=="), STR_INIT("example.org"),
	  STR_INIT("s"), STR_INIT("MIIE+/=="), STR_INIT(""), false,
	  KEY_ALGORITHM_ANY },
	{ STR_INIT("example.org:s:MIIE:ed25519-sha256"),
	  STR_INIT("example.org"), STR_INIT("s"), STR_INIT("MIIE"),
	  STR_INIT(""), false, KEY_ALGORITHM_ED25519 },
	{ STR_INIT("example.org:s:/k:rsa-sha1"), STR_INIT("example.org"),
	  STR_INIT("s"), STR_INIT("/k"), STR_INIT("names an algorithm"), true,
	  KEY_ALGORITHM_UNKNOWN },
	{ STR_INIT("example.org:s"), STR_INIT("example.org"), STR_INIT("s"),
	  STR_INIT(""), STR_INIT("needs three"), false, KEY_ALGORITHM_ANY },
	{ STR_INIT("example.org::/k"), STR_INIT("example.org"), STR_INIT(""),
	  STR_INIT("/k"), STR_INIT("needs three"), true, KEY_ALGORITHM_ANY },
	{ STR_INIT("example.org:s::rsa-sha256"), STR_INIT("example.org"),
	  STR_INIT("s"), STR_INIT(""), STR_INIT("needs three"), false,
	  KEY_ALGORITHM_RSA },
	{ STR_INIT(""), STR_INIT(""), STR_INIT(""), STR_INIT(""),
	  STR_INIT("needs three"), false, KEY_ALGORITHM_ANY },
	{ STR_INIT("exa mple.org:s:/k"), STR_INIT("exa mple.org"),
	  STR_INIT("s"), STR_INIT("/k"), STR_INIT("has something"), true,
	  KEY_ALGORITHM_ANY },
	{ STR_INIT("example.org:s;x:/k"), STR_INIT("example.org"),
	  STR_INIT("s;x"), STR_INIT("/k"), STR_INIT("has something"), true,
	  KEY_ALGORITHM_ANY },
};

static void reads_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(keys); i++) {
		struct table_entry from = { .key = STR("n"),
					    .value = keys[i].value };
		struct key_entry e;
		const char *why = key_entry_parse(&from, &e);

		assert_int_equal(why != NULL, keys[i].problem.n > 0);
		assert_true(!why || str_starts(str_of(why), keys[i].problem));
		assert_str(e.domain, keys[i].domain);
		assert_str(e.selector, keys[i].selector);
		assert_str(e.key, keys[i].key);
		assert_int_equal(e.is_path, keys[i].is_path);
		assert_int_equal(e.algorithm, keys[i].algorithm);
	}
}

static struct table *made(struct arena *a, enum table_kind kind, bool fold,
			  const char *text)
{
	struct table_spec spec = { .kind = kind,
				   .fold = fold,
				   .name = STR("t"),
				   .text = str_of(text) };
	struct err e;
	struct table *t = table_new(a, &spec, &e);

	assert_non_null(t);
	return t;
}

static void fills_in_percent(void **state)
{
	struct arena *a = arena_new(4096);
	struct table *t = made(a, TABLE_FILE, false,
			       "k %:s:/etc/%/%.key\n"
			       "bad example.org:s\n");
	struct key_entry e;

	(void)state;
	assert_null(keytable_find(t, a, STR("k"), STR("example.net"), &e));
	assert_str(e.domain, STR("example.net"));
	assert_str(e.key, STR("/etc/example.net/example.net.key"));
	/* the sender chooses the domain, never the directory */
	assert_non_null(keytable_find(t, a, STR("k"), STR("../x"), &e));
	assert_non_null(keytable_find(t, a, STR("k"), STR("a/b"), &e));
	assert_non_null(keytable_find(t, a, STR("k"), STR(""), &e));
	assert_non_null(keytable_find(t, a, STR("K"), STR("example.net"), &e));
	assert_non_null(keytable_find(t, a, STR("bad"), STR("a.test"), &e));
	arena_free(a);
}

/* The order in which a table that is no refile: is asked, from opendkim's
 * manual: one entry of each form, all match. */
static void asks_in_order(void **state)
{
	static const char text[] = "* k10\nu@* k9\n.org k8\nu@.org k7\n"
				   ".example.org k4\nu@.example.org k3\n"
				   "a.example.org k2\nU@a.Example.org k1\n"
				   "example.org no\n";
	static const char *const want[] = { "k1", "k2", "k3", "k4",
					    "k7", "k8", "k9", "k10" };
	struct arena *a = arena_new(4096);
	struct signtable_walk w;
	struct sign_entry e;

	(void)state;
	signtable_start(&w, made(a, TABLE_FILE, true, text), a, STR("u"),
			STR("a.example.org"));
	for (size_t i = 0; i < TEST_COUNT(want); i++) {
		assert_true(signtable_next(&w, &e));
		assert_str(e.key_name, str_of(want[i]));
	}
	assert_false(signtable_next(&w, &e));
	assert_false(signtable_next(&w, &e));
	arena_free(a);
}

static void takes_patterns_in_file_order(void **state)
{
	static const char text[] = "*@example.net no\n"
				   "*@Example.org rsa:%\n"
				   "*@example.org ed:@%\n"
				   "u@* %\n";
	struct arena *a = arena_new(4096);
	struct signtable_walk w;
	struct sign_entry e;

	(void)state;
	signtable_start(&w, made(a, TABLE_PATTERNS, true, text), a, STR("u"),
			STR("example.org"));
	assert_true(signtable_next(&w, &e));
	assert_str(e.key_name, STR("rsa"));
	assert_str(e.identity, STR("example.org"));
	assert_true(signtable_next(&w, &e));
	assert_str(e.key_name, STR("ed"));
	assert_str(e.identity, STR("@example.org"));
	assert_true(signtable_next(&w, &e));
	assert_str(e.key_name, STR("example.org"));
	assert_false(signtable_next(&w, &e));
	assert_false(signtable_next(&w, &e));
	/* subdomains are not matched by *@example.org */
	signtable_start(&w, made(a, TABLE_PATTERNS, true, text), a, STR("v"),
			STR("sub.example.org"));
	assert_false(signtable_next(&w, &e));
	arena_free(a);
}

static void finds_recipients(void **state)
{
	struct arena *a = arena_new(4096);
	struct table *t = made(a, TABLE_LIST, true, "a@example.org,.test");
	struct table_entry by;

	(void)state;
	assert_true(address_set_find(t, a, STR("a"), STR("example.org"), &by));
	assert_true(address_set_find(t, a, STR("x"), STR("b.test"), &by));
	assert_false(address_set_find(t, a, STR("b"), STR("example.org"), &by));
	assert_false(address_set_find(t, a, STR("x"), STR("test"), &by));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_keys),
		cmocka_unit_test(fills_in_percent),
		cmocka_unit_test(asks_in_order),
		cmocka_unit_test(takes_patterns_in_file_order),
		cmocka_unit_test(finds_recipients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
