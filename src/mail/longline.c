#include "mail/longline.h"

/* Octets up to and with the next LF, or all. */
static size_t line_part(str s)
{
	const char *lf = memchr(s.p, '\n', s.n);

	return lf ? (size_t)(lf - s.p) + 1 : s.n;
}

/* A part that may be too long, octet by octet; *begin is what was not yet
 * handed on. */
static void break_part(struct longline *l, const char *p, const char *end,
		       const char **begin, void (*out)(void *, str), void *arg)
{
	for (; p < end; p++) {
		if (*p == '\n') {
			l->column = 0;
		} else if (*p == '\r') {
			continue; /* of the line's end, which takes no room */
		} else if (l->column < LONGLINE_MAX) {
			l->column++;
		} else {
			out(arg, (str){ *begin, (size_t)(p - *begin) });
			out(arg, STR("\r\n "));
			*begin = p;
			l->column = 2;
			l->seen = true;
		}
	}
}

void longline_feed(struct longline *l, str chunk, void (*out)(void *, str),
		   void *arg)
{
	const char *begin = chunk.p;

	while (chunk.n) {
		size_t n = line_part(chunk);

		if (l->column + n > LONGLINE_MAX)
			break_part(l, chunk.p, chunk.p + n, &begin, out, arg);
		else
			l->column = chunk.p[n - 1] == '\n' ? 0 : l->column + n;
		chunk = str_skip(chunk, n);
	}
	if (chunk.p != begin)
		out(arg, (str){ begin, (size_t)(chunk.p - begin) });
}
