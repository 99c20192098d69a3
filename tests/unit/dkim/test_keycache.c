/* Keys that are kept: found again, bounded, and alive as long as somebody has a
 * share. */
#include "base/base64.h"
#include "dkim/keycache.h"
#include "test.h"

/* Ed25519 keys by number: y coordinates small enough to be canonical. */
static str raw_key(struct arena *a, unsigned n)
{
	unsigned char *p = arena_alloc(a, 32);

	memset(p, 7, 32);
	p[0] = (unsigned char)n;
	p[1] = (unsigned char)(n >> 8);
	return (str){ (char *)p, 32 };
}

static struct pubkey *get(struct arena *a, struct keycache *c, unsigned n)
{
	const char *why;
	str raw = raw_key(a, n);
	struct pubkey *key = keycache_get(c, KEY_ED25519, base64_encode(a, raw),
					  raw, &why);

	assert_non_null(key);
	return key;
}

static void the_same_key_again(void **state)
{
	struct arena *a = arena_new(4096);
	struct keycache *c = keycache_new(8);
	struct pubkey *first = get(a, c, 1), *again = get(a, c, 1);
	struct pubkey *other = get(a, c, 2);

	(void)state;
	assert_ptr_equal(first, again);
	assert_ptr_not_equal(first, other);
	pubkey_free(again);
	pubkey_free(other);
	keycache_free(c);
	assert_int_equal(pubkey_bits(first), 256); /* our share */
	pubkey_free(first);
	arena_free(a);
}

/* What is used stays, what is not is forgotten; any number may come. */
static void bounded(void **state)
{
	struct arena *a = arena_new(4096);
	struct keycache *c = keycache_new(8);
	struct pubkey *used = get(a, c, 0);

	(void)state;
	for (unsigned i = 1; i < 1000; i++) {
		struct pubkey *k = get(a, c, 0);

		assert_ptr_equal(k, used);
		pubkey_free(k);
		pubkey_free(get(a, c, i));
		if (i % 100 == 0)
			arena_reset(a);
	}
	pubkey_free(used);
	keycache_free(c);
	arena_free(a);
}

static void without_a_cache(void **state)
{
	struct arena *a = arena_new(4096);
	const char *why = NULL;
	struct keycache *c = keycache_new(2);

	(void)state;
	pubkey_free(get(a, NULL, 1));
	assert_null(keycache_get(c, KEY_RSA, STR("QUJD"), STR("ABC"), &why));
	assert_string_equal(why, "not an RSA public key");
	keycache_free(c);
	keycache_free(NULL);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_key_again),
		cmocka_unit_test(bounded),
		cmocka_unit_test(without_a_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
