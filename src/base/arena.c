#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct block {
	struct block *next;
	size_t used, size;
	alignas(max_align_t) unsigned char data[];
};

struct arena_slot {
	struct arena_slot *next;
	void (*fn)(void *);
	void *what;
};

struct arena {
	struct block *head; /* newest first; the oldest is kept on reset */
	struct arena_slot *deferred;
	size_t limit, used;
	bool bounded; /* a boundary is open */
	jmp_buf boundary;
};

static size_t aligned(size_t size)
{
	return (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

_Noreturn void arena_out_of_memory(struct arena *a)
{
	if (!a->bounded) {
		fputs("inkan: out of memory\n", stderr);
		abort();
	}
	a->bounded = false;
	longjmp(a->boundary, 1);
}

static struct block *block_new(size_t size)
{
	struct block *b = calloc(1, sizeof *b + size);

	if (b)
		b->size = size;
	return b;
}

struct arena *arena_new(size_t first_block)
{
	struct block *b = block_new(first_block +
				    aligned(sizeof(struct arena)));

	if (!b)
		return NULL;

	struct arena *a = (struct arena *)b->data;

	b->used = aligned(sizeof *a);
	a->head = b;
	return a;
}

void arena_limit(struct arena *a, size_t bytes)
{
	a->limit = bytes;
}

/* Adds a block in front that holds at least need bytes. */
static void add_block(struct arena *a, size_t need)
{
	size_t want = a->head->size < SIZE_MAX / 4 ? a->head->size * 2 : need;
	struct block *b;

	if (want > (size_t)1 << 20) /* large arenas grow steadily */
		want = (size_t)1 << 20;
	b = block_new(want > need ? want : need);
	if (!b)
		arena_out_of_memory(a);
	b->next = a->head;
	a->head = b;
}

void *arena_alloc(struct arena *a, size_t size)
{
	size_t need = aligned(size);

	if (size > SIZE_MAX / 4 ||
	    (a->limit && (a->used > a->limit || need > a->limit - a->used)))
		arena_out_of_memory(a);
	if (a->head->size - a->head->used < need)
		add_block(a, need);

	void *p = a->head->data + a->head->used;

	a->head->used += need;
	a->used += need;
	return p;
}

void *arena_alloc_array(struct arena *a, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / 4 / size)
		arena_out_of_memory(a);
	return arena_alloc(a, count * size);
}

void *arena_grow(struct arena *a, void *p, size_t old, size_t size)
{
	struct block *b = a->head;
	size_t had = aligned(old), need = aligned(size);

	if (p && need >= had && need < SIZE_MAX / 4 &&
	    (unsigned char *)p + had == b->data + b->used &&
	    need - had <= b->size - b->used &&
	    (!a->limit || need - had <= a->limit - a->used)) {
		b->used += need - had;
		a->used += need - had;
		return p;
	}

	void *q = arena_alloc(a, size);

	if (p && old)
		memcpy(q, p, old < size ? old : size);
	return q;
}

str arena_str(struct arena *a, str s)
{
	return (str){ arena_cstr(a, s), s.n };
}

char *arena_cstr(struct arena *a, str s)
{
	char *p = arena_alloc(a, s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	return p;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}

struct arena_slot *arena_defer_slot(struct arena *a, void (*fn)(void *))
{
	struct arena_slot *d = arena_new_of(a, struct arena_slot);

	d->fn = fn;
	d->next = a->deferred;
	a->deferred = d;
	return d;
}

void arena_defer_set(struct arena_slot *slot, void *what)
{
	slot->what = what;
}

void arena_defer(struct arena *a, void (*fn)(void *), void *what)
{
	arena_defer_set(arena_defer_slot(a, fn), what);
}

jmp_buf *arena_boundary(struct arena *a)
{
	a->bounded = true;
	return &a->boundary;
}

void arena_leave(struct arena *a)
{
	a->bounded = false;
}

void arena_suspend(struct arena *a, struct arena_outer *outer)
{
	memcpy(&outer->boundary, &a->boundary, sizeof a->boundary);
	outer->bounded = a->bounded;
	a->bounded = false;
}

void arena_resume(struct arena *a, const struct arena_outer *outer)
{
	memcpy(&a->boundary, &outer->boundary, sizeof a->boundary);
	a->bounded = outer->bounded;
}

static void run_deferred(struct arena *a)
{
	while (a->deferred) {
		struct arena_slot *d = a->deferred;

		a->deferred = d->next;
		if (d->what)
			d->fn(d->what);
	}
}

static struct block *free_all_but_first(struct arena *a)
{
	struct block *b = a->head;

	while (b->next) {
		struct block *next = b->next;

		free(b);
		b = next;
	}
	return b;
}

/* The first block also holds the struct arena itself: keep that part. */
void arena_reset(struct arena *a)
{
	size_t keep = aligned(sizeof *a);

	run_deferred(a);

	struct block *b = free_all_but_first(a);

	memset(b->data + keep, 0, b->used - keep);
	b->used = keep;
	a->head = b;
	a->used = 0;
	a->bounded = false;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	run_deferred(a);
	free(free_all_but_first(a));
}
