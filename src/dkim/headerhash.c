#include "dkim/headerhash.h"

#include "base/ascii.h"

#include <stdint.h>

/* A name of h= and the instances it has left, the lowest first.  Field numbers
 * count from 1; 0 is none. */
struct chain {
	str name;
	uint32_t first, last;
};

struct index {
	struct chain *table; /* open addressing; name.n == 0: free */
	size_t mask;
	uint32_t *above; /* by field number: the next instance up */
};

/* FNV-1a over the lower-case name.  Crafted collisions cost at most names x
 * fields comparisons, both limited. */
static uint32_t hash_name(str name)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < name.n; i++) {
		h ^= (unsigned char)ascii_lower(name.p[i]);
		h *= 16777619u;
	}
	return h ^ h >> 15;
}

static struct chain *chain_of(struct index *x, str name)
{
	size_t i = hash_name(name) & x->mask;

	while (x->table[i].name.n && !str_ieq(x->table[i].name, name))
		i = (i + 1) & x->mask;
	return &x->table[i];
}

static struct index index_of(struct arena *arena, const struct headerhash *hh,
			     const struct header *header)
{
	struct index x = { .mask = 15 };

	while (x.mask < 2 * hh->n_names)
		x.mask = x.mask * 2 + 1;
	x.table = arena_array_of(arena, struct chain, x.mask + 1);
	x.above = arena_array_of(arena, uint32_t, header->n + 1);
	for (size_t i = 0; i < hh->n_names; i++)
		if (hh->names[i].n)
			chain_of(&x, hh->names[i])->name = hh->names[i];
	for (size_t n = header->n; n; n--) {
		const struct field *f = &header->fields[n - 1];
		struct chain *c = chain_of(&x, f->name);

		if (!c->name.n || f == hh->own)
			continue;
		if (c->last)
			x.above[c->last] = (uint32_t)n;
		else
			c->first = (uint32_t)n;
		c->last = (uint32_t)n;
	}
	return x;
}

static const struct field *next_instance(struct index *x,
					 const struct header *header, str name)
{
	struct chain *c = chain_of(x, name);
	uint32_t n = c->first;

	if (!n)
		return NULL;
	c->first = x->above[n];
	return &header->fields[n - 1];
}

static void add(struct hash *h, struct buf *b)
{
	str s = buf_str(b);

	hash_add(h, s.p, s.n);
	b->n = 0;
}

str headerhash_emptied(struct arena *arena, str raw, str room)
{
	size_t before = room.p ? (size_t)(room.p - raw.p) : raw.n;
	char *emptied = arena_alloc(arena, raw.n + 1);
	size_t after = raw.n - before - room.n;

	memcpy(emptied, raw.p, before);
	if (after)
		memcpy(emptied + before, raw.p + before + room.n, after);
	return (str){ emptied, before + after };
}

str headerhash_digest(struct arena *arena, const struct headerhash *hh,
		      const struct header *header, str own_raw, str own_room)
{
	enum { ENOUGH = 2048 };
	struct hash *h = hash_new(arena, hh->algorithm);
	struct index x = index_of(arena, hh, header);
	struct buf own = buf_of(arena, SIZE_MAX / 8);
	struct buf *b = hh->scratch ? hh->scratch : &own;

	b->n = 0;
	for (size_t i = 0; i < hh->n_names; i++) {
		const struct field *f = next_instance(&x, header, hh->names[i]);

		if (!f)
			continue;
		canon_header(b, hh->canon, f->raw);
		buf_put(b, STR("\r\n"));
		if (b->n > ENOUGH)
			add(h, b);
	}
	/* RFC 6376 3.7: the field with b= emptied, without CRLF at the end */
	canon_header(b, hh->canon,
		     headerhash_emptied(arena, own_raw, own_room));
	add(h, b);
	return hash_end(h);
}
