/* vec: sixteen octets at once, by the compiler's own vectors: no instruction set
 * is named, and what a machine has not is done in smaller steps. */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

enum { VEC = 16 };

typedef signed char vec __attribute__((vector_size(16)));

static inline vec vec_load(const char p[VEC])
{
	vec v;

	memcpy(&v, p, sizeof v);
	return v;
}

static inline unsigned vec_word(uint64_t w)
{
	return w ? (unsigned)__builtin_ctzll(le64toh(w)) / 8 : 8;
}

/* The first octet of a comparison's result that is true; VEC: none. */
static inline unsigned vec_first(vec mask)
{
	uint64_t w[2];

	memcpy(w, &mask, sizeof w);
	return w[0] ? vec_word(w[0]) : 8 + vec_word(w[1]);
}

#endif
