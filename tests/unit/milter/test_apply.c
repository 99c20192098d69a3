#include "milter/client.h"
#include "test.h"

static void applies(void **state)
{
	static const char message[] = "From: a@example.org\nA: 1\nTo: x\n y\n"
				      "A: 2\n\nbody\n";
	static const struct {
		struct milter_change change;
		const char *want;
	} cases[] = {
		{ { .kind = MILTER_CHANGE_INSERT,
		    .name = STR_INIT("I"),
		    .value = STR_INIT(" v\n\tw") },
		  "I: v\r\n\tw\r\nFrom: a@example.org\r\nA: 1\r\nTo: x\r\n "
		  "y\r\nA: 2\r\n\r\nbody\r\n" },
		{ { .kind = MILTER_CHANGE_INSERT,
		    .index = 99,
		    .name = STR_INIT("I"),
		    .value = STR_INIT("v") },
		  "From: a@example.org\r\nA: 1\r\nTo: x\r\n y\r\nA: 2\r\n"
		  "I:v\r\n\r\nbody\r\n" },
		{ { .kind = MILTER_CHANGE_REPLACE,
		    .index = 2,
		    .name = STR_INIT("a"),
		    .value = STR_INIT("") },
		  "From: a@example.org\r\nA: 1\r\nTo: x\r\n y\r\n\r\nbody\r\n" },
		{ { .kind = MILTER_CHANGE_REPLACE,
		    .index = 1,
		    .name = STR_INIT("A"),
		    .value = STR_INIT(" 9") },
		  "From: a@example.org\r\nA: 9\r\nTo: x\r\n y\r\nA: 2\r\n\r\n"
		  "body\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct arena *arena = arena_new(4096);
		struct milter_change change = cases[i].change;
		struct milter_outcome o = { .first = &change };

		assert_str(milter_apply(arena, &o, str_of(message)),
			   str_of(cases[i].want));
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(applies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
