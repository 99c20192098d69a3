/* digits: numbers in texts of the store (pack.h, block.h), in digits of five
 * bits, the lowest first: the last one 0x30 and up, those before it 0x60 and up.
 * They are printable, and a database takes the text as it is. */
#ifndef STORE_DIGITS_H
#define STORE_DIGITS_H

#include "base/buf.h"
#include "base/cur.h"

enum { DIGITS_LAST = 0x30, DIGITS_MORE = 0x60, DIGITS_BITS = 5 };

void digits_put(struct buf *b, uint64_t n);
bool digits_take_long(struct cur *c, uint64_t *n);

/* Most numbers have one digit. */
static inline bool digits_take(struct cur *c, uint64_t *n)
{
	unsigned d = c->p < c->end
			     ? (unsigned char)*c->p - (unsigned)DIGITS_LAST
			     : 32;

	if (d > 31)
		return digits_take_long(c, n);
	c->p++;
	*n = d;
	return true;
}

#endif
