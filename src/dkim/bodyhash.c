#include "dkim/bodyhash.h"

#include <assert.h>

struct want {
	struct want *next;
	struct hash *hash;
	unsigned id;
	enum hash_algorithm algorithm;
	int64_t length; /* -1: all */
	str digest;
};

struct pass { /* one canonicalization */
	struct canon_body canon;
	struct want *wants;
	uint64_t total;
};

struct bodyhash {
	struct arena *arena;
	struct pass *passes[2]; /* by enum canon; NULL when nobody wants it */
	unsigned n;
	bool ended;
};

struct bodyhash *bodyhash_new(struct arena *arena)
{
	struct bodyhash *b = arena_new_of(arena, struct bodyhash);

	b->arena = arena;
	return b;
}

static size_t part(const struct want *w, uint64_t total, size_t n)
{
	if (w->length < 0)
		return n;

	uint64_t left = (uint64_t)w->length > total
				? (uint64_t)w->length - total
				: 0;

	return left < n ? (size_t)left : n;
}

static void put(void *arg, const char *p, size_t n)
{
	struct pass *pass = arg;

	for (struct want *w = pass->wants; w; w = w->next)
		hash_add(w->hash, p, part(w, pass->total, n));
	pass->total += n;
}

static struct pass *pass_of(struct bodyhash *b, enum canon canon)
{
	if (!b->passes[canon]) {
		struct pass *pass = arena_new_of(b->arena, struct pass);

		canon_body_init(&pass->canon, canon, put, pass);
		b->passes[canon] = pass;
	}
	return b->passes[canon];
}

unsigned bodyhash_want(struct bodyhash *b, enum canon canon,
		       enum hash_algorithm algorithm, int64_t length)
{
	struct pass *pass = pass_of(b, canon);

	assert(pass->total == 0 && !b->ended);
	for (struct want *w = pass->wants; w; w = w->next)
		if (w->algorithm == algorithm && w->length == length)
			return w->id;

	struct want *w = arena_new_of(b->arena, struct want);

	w->hash = hash_new(b->arena, algorithm);
	w->id = b->n++;
	w->algorithm = algorithm;
	w->length = length;
	w->next = pass->wants;
	pass->wants = w;
	return w->id;
}

void bodyhash_feed(struct bodyhash *b, str chunk)
{
	for (int i = 0; i < 2; i++)
		if (b->passes[i])
			canon_body_feed(&b->passes[i]->canon, chunk);
}

void bodyhash_end(struct bodyhash *b)
{
	assert(!b->ended);
	b->ended = true;
	for (int i = 0; i < 2; i++) {
		struct pass *pass = b->passes[i];

		if (!pass)
			continue;
		canon_body_end(&pass->canon);
		for (struct want *w = pass->wants; w; w = w->next)
			w->digest = hash_end(w->hash);
	}
}

static const struct want *want_of(const struct bodyhash *b, unsigned id,
				  uint64_t *total)
{
	for (int i = 0; i < 2; i++) {
		const struct pass *pass = b->passes[i];

		for (const struct want *w = pass ? pass->wants : NULL; w;
		     w = w->next)
			if (w->id == id) {
				*total = pass->total;
				return w;
			}
	}
	return NULL;
}

str bodyhash_digest(const struct bodyhash *b, unsigned id)
{
	uint64_t total;
	const struct want *w = want_of(b, id, &total);

	assert(w && b->ended);
	return w->digest;
}

uint64_t bodyhash_length(const struct bodyhash *b, unsigned id)
{
	uint64_t total = 0;
	const struct want *w = want_of(b, id, &total);

	assert(w && b->ended);
	return total;
}

/* l= needs to know whether the body is longer, so one octet more is read. */
bool bodyhash_full(const struct bodyhash *b)
{
	if (!b->n)
		return true;
	for (int i = 0; i < 2; i++) {
		const struct pass *pass = b->passes[i];

		for (const struct want *w = pass ? pass->wants : NULL; w;
		     w = w->next)
			if (w->length < 0 || pass->total <= (uint64_t)w->length)
				return false;
	}
	return true;
}
