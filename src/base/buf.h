/* buf: growing output with a maximum set at birth.  Going past the maximum is
 * sticky: the bytes that fit stay, `overflow` is set, and every later put does
 * nothing, so a writer checks once at its end.  The memory is the arena's, or
 * the heap's when arena is NULL (then buf_free ends it). */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/arena.h"
#include "base/str.h"

struct buf {
	char *p;
	size_t n, cap, max;
	struct arena *arena;
	bool overflow;
};

static inline struct buf buf_of(struct arena *arena, size_t max)
{
	return (struct buf){ .arena = arena, .max = max };
}

void buf_put(struct buf *b, str s);
void buf_putc_slowly(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void buf_free(struct buf *b); /* heap buffers only; b is empty afterwards */

static inline void buf_putc(struct buf *b, char c)
{
	if (b->n < b->cap && !b->overflow)
		b->p[b->n++] = c;
	else
		buf_putc_slowly(b, c);
}

/* The bytes so far; valid until the next put. */
static inline str buf_str(const struct buf *b)
{
	return (str){ b->p ? b->p : "", b->n };
}

/* Room for n more bytes, or NULL (and overflow set).  The caller writes there
 * and adds what it wrote to b->n. */
char *buf_room(struct buf *b, size_t n);

#endif
