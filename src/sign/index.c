#include "sign/index.h"

enum { PER_BUCKET = 4 };

static size_t buckets(const struct index *x)
{
	return (size_t)1 << (32 - x->shift);
}

void index_init(struct index *x, struct arena *arena, size_t n)
{
	*x = (struct index){ .shift = 31 };
	while (x->shift > 4 && buckets(x) * PER_BUCKET < n)
		x->shift--;
	if (!n)
		return;
	x->slots = arena_array_of(arena, struct index_slot, n);
	x->start = arena_array_of(arena, uint32_t, buckets(x) + 1);
}

void index_count(struct index *x, uint32_t hash)
{
	x->start[(hash >> x->shift) + 1]++;
	x->n++;
}

/* start[b] becomes where bucket b begins; placing moves it to its end. */
void index_sum(struct index *x)
{
	for (size_t b = 0; x->n && b < buckets(x); b++)
		x->start[b + 1] += x->start[b];
}

void index_place(struct index *x, uint32_t hash, uint32_t at)
{
	uint32_t *next = &x->start[hash >> x->shift];

	x->slots[(*next)++] = (struct index_slot){ hash, at };
}

/* Every start now holds the bucket's end, which is the next one's start. */
void index_end(struct index *x)
{
	if (!x->n)
		return;
	memmove(x->start + 1, x->start, buckets(x) * sizeof *x->start);
	x->start[0] = 0;
}
