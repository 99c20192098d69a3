#include "arc/sealhash.h"

#include "dkim/headerhash.h"

#include <stdint.h>

void sealhash_init(struct sealhash *h, struct arena *arena, struct buf *scratch)
{
	*h = (struct sealhash){ .arena = arena,
				.own = buf_of(arena, SIZE_MAX / 8) };
	h->before = hash_new(arena, HASH_SHA256);
	h->b = scratch ? scratch : &h->own;
}

static void add(struct sealhash *h, struct hash *to, str raw, bool last)
{
	h->b->n = 0;
	canon_header(h->b, CANON_RELAXED, raw);
	if (!last)
		buf_put(h->b, STR("\r\n"));
	hash_add(to, h->b->p, h->b->n);
}

str sealhash_next(struct sealhash *h, str aar, str ams, str seal, str room)
{
	struct hash *own;

	add(h, h->before, aar, false);
	add(h, h->before, ams, false);
	own = hash_copy(h->arena, h->before);
	add(h, own, headerhash_emptied(h->arena, seal, room), true);
	add(h, h->before, seal, false);
	return hash_end(own);
}
