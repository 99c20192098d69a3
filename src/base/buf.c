#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST = 64 };

static bool grow(struct buf *b, size_t want)
{
	size_t cap = b->cap ? b->cap : FIRST;
	char *p;

	while (cap < want)
		cap = cap > b->max / 2 ? b->max : cap * 2;
	if (b->arena) {
		p = arena_grow(b->arena, b->p, b->cap, cap);
	} else {
		p = realloc(b->p, cap);
		if (!p)
			return false;
	}
	b->p = p;
	b->cap = cap;
	return true;
}

char *buf_room(struct buf *b, size_t n)
{
	if (b->overflow)
		return NULL;
	if (n > b->max - b->n || (n > b->cap - b->n && !grow(b, b->n + n))) {
		b->overflow = true;
		return NULL;
	}
	return b->p + b->n;
}

void buf_put(struct buf *b, str s)
{
	char *to = s.n ? buf_room(b, s.n) : NULL;

	if (!to)
		return;
	memcpy(to, s.p, s.n);
	b->n += s.n;
}

void buf_putc_slowly(struct buf *b, char c)
{
	buf_put(b, (str){ &c, 1 });
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);

	/* vsnprintf ends with a NUL that does not count */
	char *to = n > 0 ? buf_room(b, (size_t)n + 1) : NULL;

	if (to) {
		(void)vsnprintf(to, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
}

void buf_free(struct buf *b)
{
	if (!b->arena)
		free(b->p);
	*b = buf_of(b->arena, b->max);
}
