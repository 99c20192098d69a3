/* str: a slice of bytes someone else owns.  Never NUL-terminated, may hold
 * any byte.  Passed by value; an absent value has p == NULL.  Case is ASCII
 * case only: nothing here looks at the locale. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct str {
	const char *p;
	size_t n;
} str;

/* clang-format off */
#define STR_INIT(lit) { "" lit, sizeof(lit) - 1 } /* in static tables */
/* clang-format on */
#define STR(lit) ((str)STR_INIT(lit))
#define STR_ARG(s) (int)(s).n, (s).n ? (s).p : "" /* for "%.*s" */

static inline str str_of(const char *cstring) /* NULL gives an absent str */
{
	return (str){ cstring, cstring ? strlen(cstring) : 0 };
}

static inline bool str_eq(str a, str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* What is left after the first n bytes; n past the end leaves nothing. */
static inline str str_skip(str s, size_t n)
{
	return n >= s.n ? (str){ s.p + s.n, 0 } : (str){ s.p + n, s.n - n };
}

/* The first n bytes, or all when there are fewer. */
static inline str str_head(str s, size_t n)
{
	return n >= s.n ? s : (str){ s.p, n };
}

bool str_ieq(str a, str b);
int str_cmp(str a, str b); /* bytes as unsigned; a prefix sorts first */
bool str_starts(str s, str prefix);
bool str_istarts(str s, str prefix);
bool str_iends(str s, str suffix);

/* Index of the first (or last) byte c, or s.n when there is none. */
size_t str_find(str s, char c);
size_t str_rfind(str s, char c);

/* Without SP, HTAB, CR and LF at both ends. */
str str_trim(str s);

/* What stands before the first LF, trimmed. */
str str_first_line(str s);

/* Takes what stands before the next sep off *rest and returns it; without sep
 * takes all.  False once *rest is absent (p == NULL).  "a,,b" gives a, empty,
 * b; an empty input gives one empty element. */
bool str_split(str *rest, char sep, str *element);

#endif
