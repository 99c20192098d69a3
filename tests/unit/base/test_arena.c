#include "base/arena.h"
#include "test.h"

static void bump(void *n)
{
	++*(int *)n;
}

static void memory_is_zeroed_and_reused(void **state)
{
	struct arena *a = arena_new(128);

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (size_t size = 1; size < 3000; size *= 3) {
			unsigned char *p = arena_alloc(a, size);

			for (size_t i = 0; i < size; i++)
				assert_int_equal(p[i], 0);
			memset(p, 0xff, size);
		}
		arena_reset(a);
		assert_int_equal(arena_used(a), 0);
	}
	arena_free(a);
	arena_free(NULL);
}

static void limit_comes_back_to_the_boundary(void **state)
{
	struct arena *a = arena_new(64);
	volatile int deferred = 0;

	(void)state;
	arena_limit(a, 4096);
	if (arena_enter(a)) {
		arena_defer(a, bump, (void *)(uintptr_t)&deferred);
		for (;;)
			(void)arena_alloc(a, 100);
	}
	assert_true(arena_used(a) <= 4096);
	arena_reset(a);
	assert_int_equal(deferred, 1);
	if (!arena_enter(a))
		fail();
	assert_non_null(arena_alloc(a, 4000));
	arena_leave(a);
	arena_free(a);
}

static void arrays_do_not_overflow(void **state)
{
	struct arena *a = arena_new(64);
	volatile bool back = false;

	(void)state;
	if (arena_enter(a))
		(void)arena_alloc_array(a, SIZE_MAX / 2, 16);
	else
		back = true;
	assert_true(back);
	arena_free(a);
}

static void grows_in_place_at_the_end(void **state)
{
	struct arena *a = arena_new(1024);
	char *p = arena_alloc(a, 16);

	(void)state;
	memcpy(p, "0123456789", 10);
	assert_ptr_equal(arena_grow(a, p, 16, 64), p);
	(void)arena_alloc(a, 1);
	char *q = arena_grow(a, p, 64, 4096);
	assert_ptr_not_equal(q, p);
	assert_memory_equal(q, "0123456789", 10);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_and_reused),
		cmocka_unit_test(limit_comes_back_to_the_boundary),
		cmocka_unit_test(arrays_do_not_overflow),
		cmocka_unit_test(grows_in_place_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
