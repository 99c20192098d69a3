#include "dns/cache.h"
#include "test.h"

#include <stdio.h>

static const struct dns_rr records[] = { { STR_INIT("v=spf1 -all"), 0 },
					 { STR_INIT(""), 10 } };
static const struct dns_answer two = { .status = DNS_OK,
				       .ttl = 300,
				       .n = 2,
				       .rr = records };
static const struct dns_answer none = { .status = DNS_NXDOMAIN, .ttl = 60 };

static void keeps_copies(void **state)
{
	struct cache *c = cache_new(65536, (struct map_seed){ 1, 2 });
	struct dns_answer got;

	(void)state;
	assert_non_null(c);
	assert_false(cache_find(c, DNS_TXT, STR("a.example"), 0, &got));
	cache_put(c, DNS_TXT, STR("a.example"), &two, two.ttl, 1000);
	assert_false(cache_find(c, DNS_A, STR("a.example"), 1000, &got));
	assert_true(cache_find(c, DNS_TXT, STR("A.Example"), 1100, &got));
	assert_int_equal(got.status, DNS_OK);
	assert_int_equal(got.ttl, 200);
	assert_int_equal(got.n, 2);
	assert_ptr_not_equal(got.rr[0].data.p, records[0].data.p);
	assert_str(got.rr[0].data, STR("v=spf1 -all"));
	assert_int_equal(got.rr[1].preference, 10);
	cache_put(c, DNS_TXT, STR("a.example"), &none, none.ttl, 1100);
	assert_true(cache_find(c, DNS_TXT, STR("a.example"), 1159, &got));
	assert_int_equal(got.status, DNS_NXDOMAIN);
	assert_int_equal(got.ttl, 1);
	assert_false(cache_find(c, DNS_TXT, STR("a.example"), 1160, &got));
	cache_put(c, DNS_TXT, STR("a.example"), &two, 0, 1160); /* not at all */
	assert_false(cache_find(c, DNS_TXT, STR("a.example"), 1160, &got));
	cache_put(c, DNS_TXT, STR("a.example"), &two, UINT32_MAX, 1160);
	assert_true(cache_find(c, DNS_TXT, STR("a.example"), 87559, &got));
	assert_false(cache_find(c, DNS_TXT, STR("a.example"), 87560, &got));
	cache_free(c);
}

static void the_oldest_goes_first(void **state)
{
	struct cache *c = cache_new(16384, (struct map_seed){ 1, 2 });
	struct dns_answer got;
	unsigned there = 0;
	char name[32];

	(void)state;
	cache_put(c, DNS_TXT, STR("used.example"), &two, 900, 0);
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof name, "n%d.example", i);
		cache_put(c, DNS_TXT, str_of(name), &two, 900, 0);
		assert_true(
			cache_find(c, DNS_TXT, STR("used.example"), 0, &got));
	}
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof name, "n%d.example", i);
		if (cache_find(c, DNS_TXT, str_of(name), 0, &got))
			there++;
		else
			assert_int_equal(there, 0); /* the newest stay */
	}
	assert_true(there > 20 && there < 200);
	cache_free(c);
}

static void what_is_too_large_is_not_kept(void **state)
{
	static char large[2000];
	const struct dns_rr rr = { { large, sizeof large }, 0 };
	const struct dns_answer a = { .status = DNS_OK, .n = 1, .rr = &rr };
	struct cache *c = cache_new(16384, (struct map_seed){ 1, 2 });
	struct dns_answer got;

	(void)state;
	cache_put(c, DNS_TXT, STR("a.example"), &a, 60, 0);
	assert_false(cache_find(c, DNS_TXT, STR("a.example"), 0, &got));
	cache_free(c);
	cache_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_copies),
		cmocka_unit_test(the_oldest_goes_first),
		cmocka_unit_test(what_is_too_large_is_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
