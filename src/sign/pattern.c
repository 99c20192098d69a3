#include "sign/pattern.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/limits.h"

enum pattern_kind pattern_kind(str pattern)
{
	enum pattern_kind kind = PATTERN_LITERAL;

	for (size_t i = 0; i < pattern.n; i++) {
		if (pattern.p[i] == '*')
			kind = PATTERN_GLOB;
		else if (memchr("()[]{}?|^$\\", pattern.p[i], 11))
			return PATTERN_REGEX;
	}
	return kind;
}

str pattern_prefix(str glob)
{
	return str_head(glob, str_find(glob, '*'));
}

str pattern_suffix(str glob)
{
	return str_skip(glob, str_rfind(glob, '*') + 1);
}

static bool same(char a, char b, bool fold)
{
	return a == b || (fold && ascii_lower(a) == ascii_lower(b));
}

/* On a mismatch the last "*" takes one byte more: no recursion, and at most
 * glob.n * s.n steps. */
bool pattern_glob_match(str glob, str s, bool fold)
{
	size_t g = 0, i = 0, star = SIZE_MAX, from = 0;

	while (i < s.n) {
		if (g < glob.n && glob.p[g] == '*') {
			star = g++;
			from = i;
		} else if (g < glob.n && same(glob.p[g], s.p[i], fold)) {
			g++;
			i++;
		} else if (star != SIZE_MAX) {
			g = star + 1;
			i = ++from;
		} else {
			return false;
		}
	}
	while (g < glob.n && glob.p[g] == '*')
		g++;
	return g == glob.n;
}

static void free_regex(void *re)
{
	regfree(re);
}

static str translated(struct arena *arena, str pattern)
{
	struct buf b = buf_of(arena, 2 * pattern.n + 4);

	buf_putc(&b, '^');
	for (size_t i = 0; i < pattern.n; i++) {
		char c = pattern.p[i];

		if (c == '*')
			buf_putc(&b, '.');
		else if (c == '.' || c == '+')
			buf_putc(&b, '\\');
		buf_putc(&b, c);
	}
	buf_put(&b, (str){ "$", 2 }); /* and a NUL */
	return buf_str(&b);
}

const regex_t *pattern_compile(struct arena *arena, str pattern, bool fold,
			       char why[128])
{
	regex_t *re = arena_new_of(arena, regex_t);
	str text = translated(arena, pattern);
	int flags = REG_EXTENDED | REG_NOSUB | (fold ? REG_ICASE : 0);
	int status = regcomp(re, text.p, flags);

	if (status != 0) {
		(void)regerror(status, re, why, 128);
		return NULL;
	}
	arena_defer(arena, free_regex, re);
	return re;
}

bool pattern_regex_match(const regex_t *re, str s)
{
	char text[LIMIT_PATTERN_BYTES + 1];

	if (s.n > LIMIT_PATTERN_BYTES || str_find(s, '\0') < s.n)
		return false;
	if (s.n)
		memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return regexec(re, text, 0, NULL, 0) == 0;
}
