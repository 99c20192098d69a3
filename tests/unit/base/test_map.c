#include "base/map.h"
#include "test.h"

/* SipHash-2-4 reference vectors: key 00..0f, input 00..(n-1) */
static void hashes_as_published(void **state)
{
	static const uint64_t want[] = { 0x726fdb47dd0e0e31, 0x74f839c593dc67fd,
					 0x0d6c8009d9a94f5a };
	struct map_seed seed = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
	static const char in[] = "\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16";

	(void)state;
	for (size_t n = 0; n < TEST_COUNT(want); n++)
		assert_true(map_hash(seed, (str){ in, n }, false) == want[n]);
	assert_true(map_hash(seed, (str){ in, 15 }, false) ==
		    0xa129ca6149be45e5);
}

static void finds_what_was_put(void **state)
{
	struct arena *a = arena_new(1024);
	struct map m = map_of(a, (struct map_seed){ 1, 2 }, true);
	int values[2000];
	size_t seen = 0, i = 0;
	str key;
	void *value;

	(void)state;
	assert_null(map_find(&m, STR("none")));
	for (int k = 0; k < 2000; k++) {
		char text[16];
		int n = snprintf(text, sizeof text, "Key%d", k);

		*map_put(&m,
			 arena_str(a, (str){ text, (size_t)n })) = &values[k];
	}
	assert_ptr_equal(map_find(&m, STR("kEY1999")), &values[1999]);
	assert_null(map_find(&m, STR("key2000")));
	*map_put(&m, STR("KEY7")) = &values[8];
	assert_int_equal(m.n, 2000);
	while (map_next(&m, &i, &key, &value))
		seen++;
	assert_int_equal(seen, 2000);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_as_published),
		cmocka_unit_test(finds_what_was_put),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
