#include "base/fields.h"

static str *field(void *of, size_t offset)
{
	return (str *)(void *)((char *)of + offset);
}

size_t fields_size(const void *of, const size_t *offsets, size_t n)
{
	size_t size = 0;

	for (size_t i = 0; i < n; i++)
		size += ((const str *)(const void *)((const char *)of +
						     offsets[i]))
				->n;
	return size;
}

char *fields_move(void *of, const size_t *offsets, size_t n, char *to)
{
	for (size_t i = 0; i < n; i++) {
		str *s = field(of, offsets[i]);

		if (s->n)
			memcpy(to, s->p, s->n);
		if (s->p)
			s->p = to;
		to += s->n;
	}
	return to;
}
