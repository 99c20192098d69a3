#include "dkim/squeeze.h"

#include <stdbool.h>

static bool is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

static size_t clean(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && p[i] != '\t' &&
	       !(p[i] == ' ' && (is_wsp(p[i + 1]) || p[i + 1] == '\r')))
		i++;
	return i;
}

static size_t squeeze(const char *p, size_t n, char *to)
{
	char *start = to;

	for (size_t i = 0; i < n; i++) {
		bool wsp = is_wsp(p[i]);

		if (wsp && (is_wsp(p[i + 1]) ||
			    (p[i + 1] == '\r' && p[i + 2] == '\n')))
			continue;
		*to++ = p[i];
		if (wsp)
			to[-1] = ' ';
	}
	return (size_t)(to - start);
}

const struct squeeze squeeze_plain = { "plain", clean, squeeze };
