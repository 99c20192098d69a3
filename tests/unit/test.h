/* What every unit test includes: cmocka and two checks for str. */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define TEST_COUNT(a) (sizeof(a) / sizeof *(a))

static inline void assert_str_at(str got, str want, const char *file, int line)
{
	if (str_eq(got, want))
		return;
	fprintf(stderr, "%s:%d\n got  \"%.*s\"\n want \"%.*s\"\n", file, line,
		STR_ARG(got), STR_ARG(want));
	_fail(file, line);
}

#define assert_str(got, want) assert_str_at((got), (want), __FILE__, __LINE__)

#endif
