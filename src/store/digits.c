#include "store/digits.h"

void digits_put(struct buf *b, uint64_t n)
{
	char digits[16];
	size_t i = 0;

	while (n >> DIGITS_BITS) {
		digits[i++] = (char)(DIGITS_MORE + (n & 31));
		n >>= DIGITS_BITS;
	}
	digits[i++] = (char)(DIGITS_LAST + n);
	buf_put(b, (str){ digits, i });
}

bool digits_take_long(struct cur *c, uint64_t *n)
{
	unsigned shift = 0;

	for (*n = 0; c->p < c->end && shift < 64; shift += DIGITS_BITS) {
		unsigned d = (unsigned char)*c->p++;

		if (d >= DIGITS_LAST && d < DIGITS_LAST + 32) {
			*n |= (uint64_t)(d - DIGITS_LAST) << shift;
			return true;
		}
		if (d < DIGITS_MORE || d >= DIGITS_MORE + 32)
			return false;
		*n |= (uint64_t)(d - DIGITS_MORE) << shift;
	}
	return false;
}
