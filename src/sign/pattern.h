/* pattern: the keys of a refile: table.  opendkim makes a POSIX extended
 * regular expression of each: "*" becomes ".*", "." and "+" are quoted, the
 * rest stays as it is, "^" and "$" stand around it.  Most patterns hold nothing
 * but "*" and plain text; those are matched here without the C library. */
#ifndef SIGN_PATTERN_H
#define SIGN_PATTERN_H

#include "base/arena.h"

#include <regex.h>

enum pattern_kind {
	PATTERN_LITERAL, /* no "*" */
	PATTERN_GLOB, /* "*" and plain text */
	PATTERN_REGEX /* anything that a regular expression knows */
};

enum pattern_kind pattern_kind(str pattern);

/* Of a glob: the plain text before the first "*" and behind the last one. */
str pattern_prefix(str glob);
str pattern_suffix(str glob);

/* Does all of s match?  fold: without ASCII case. */
bool pattern_glob_match(str glob, str s, bool fold);

/* Of a PATTERN_REGEX.  NULL: it cannot be compiled, why is filled.  Freed with
 * the arena. */
const regex_t *pattern_compile(struct arena *arena, str pattern, bool fold,
			       char why[128]);
/* s is at most LIMIT_PATTERN_BYTES long, longer ones never match. */
bool pattern_regex_match(const regex_t *re, str s);

#endif
