/* The file of a rotation; and tables rewritten: twice is once. */
#include "rotate/tables.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct rotation rotation = {
	.domain = STR_INIT("example.org"),
	.keys = { { .old = { STR_INIT("a"), STR_INIT("s1"), STR_INIT("/a") },
		    .new = { STR_INIT("b"), STR_INIT("s2"),
			     STR_INIT("/b") } } },
	.n_keys = 1,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	str text = { size ? (const char *)data : "", size }, once;
	struct rotation r;
	struct err e;

	if (size < 16384) {
		(void)rotate_parse(a, text, &r, &e);
		once = tables_rename_keys(a, text, &rotation);
		if (!str_eq(tables_rename_keys(a, once, &rotation), once))
			abort();
		once = tables_remove_keys(a, text, &rotation);
		if (!str_eq(tables_remove_keys(a, once, &rotation), once))
			abort();
		(void)tables_add_keys(a, text, &rotation);
	}
	arena_free(a);
	return 0;
}
