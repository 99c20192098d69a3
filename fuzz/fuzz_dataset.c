/* A table: the first line is looked up in the rest, which is read as each kind.
 * Patterns must give what trying all of them in turn gives. */
#include "conf/dataset.h"
#include "sign/pattern.h"
#include "sqltable/dsn.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool slow_match(struct arena *a, str key, str s, bool fold)
{
	char why[128];
	const regex_t *re;

	switch (pattern_kind(key)) {
	case PATTERN_LITERAL:
		return fold ? str_ieq(key, s) : str_eq(key, s);
	case PATTERN_GLOB:
		return pattern_glob_match(key, s, fold);
	case PATTERN_REGEX:
		break;
	}
	re = pattern_compile(a, key, fold, why);
	return re && pattern_regex_match(re, s);
}

static void check(struct arena *a, const struct table *t, str key, bool fold)
{
	struct table_entry e, found = { .at = TABLE_START }, later;
	size_t at = 0, n = 0, i = 0;

	while (table_next(t, &at, &e)) {
		bool slow = table_kind(t) == TABLE_PATTERNS
				    ? slow_match(a, e.key, key, fold)
			    : fold ? str_ieq(e.key, key)
				   : str_eq(e.key, key);

		n++;
		if (!slow)
			continue;
		if (!table_find_next(t, key, found.at, &found) ||
		    found.at != e.at || !str_eq(found.value, e.value))
			abort();
	}
	if (n != table_count(t) || table_find_next(t, key, found.at, &found))
		abort();
	while (table_next_double(t, &i, &e, &later))
		if (e.at >= later.at ||
		    table_line(t, e.at) > table_line(t, later.at))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	str rest = { (const char *)data, size }, key;
	struct err e;
	str path;
	enum table_kind kind;
	struct dsn dsn;

	if (size > 4096 || !str_split(&rest, '\n', &key) || !rest.p ||
	    memchr(rest.p, '\\', rest.n)) { /* regcomp is not under test */
		arena_free(a);
		return 0;
	}
	(void)dataset_parse(key, &kind, &path, &e);
	if (dsn_parse(a, key, &dsn, &e) &&
	    (!dsn.n_columns || !dsn_query(a, &dsn).n || !dsn_label(a, &dsn).n))
		abort();
	for (int i = 0; i < 8; i++) {
		struct table_spec spec = { .kind = (enum table_kind)(i / 2),
					   .fold = i % 2,
					   .name = STR("t"),
					   .text = rest };
		struct table *t = table_new(a, &spec, &e);

		if (t)
			check(a, t, key, spec.fold);
	}
	arena_free(a);
	return 0;
}
