#include "dkim/keycache.h"

#include "base/map.h"

#include <stdint.h>
#include <stdlib.h>

/* p= of RSA-8192 has 1416 octets; longer ones are not worth the memory. */
enum { KEY_TEXT_MAX = 1536 };

struct generation {
	struct arena *arena;
	struct map keys;
};

struct keycache {
	unsigned max; /* of one generation */
	struct generation young, old;
};

static void forget(void *key)
{
	pubkey_free(key);
}

static void start(struct generation *g)
{
	/* p= is chosen by the sender, but to collide two keys one would have to
	 * guess an address of this process. */
	struct map_seed seed = { (uintptr_t)g, (uintptr_t)g->arena };

	g->keys = map_of(g->arena, seed, false);
}

struct keycache *keycache_new(unsigned max)
{
	struct keycache *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->max = max / 2 ? max / 2 : 1;
	c->young.arena = arena_new(4096);
	c->old.arena = arena_new(4096);
	if (!c->young.arena || !c->old.arena) {
		keycache_free(c);
		return NULL;
	}
	start(&c->young);
	start(&c->old);
	return c;
}

void keycache_free(struct keycache *c)
{
	if (!c)
		return;
	arena_free(c->young.arena);
	arena_free(c->old.arena);
	free(c);
}

static void remember(struct keycache *c, str name, struct pubkey *key)
{
	struct generation *g = &c->young;

	if (g->keys.n >= c->max) {
		struct generation old = c->old;

		c->old = c->young;
		arena_reset(old.arena);
		c->young = old;
		start(&c->young);
	}
	if (!arena_enter(g->arena)) { /* no memory: start afresh */
		arena_reset(g->arena);
		start(g);
		return;
	}

	struct arena_slot *slot = arena_defer_slot(g->arena, forget);

	*map_put(&g->keys, arena_str(g->arena, name)) = key;
	arena_defer_set(slot, pubkey_share(key));
	arena_leave(g->arena);
}

struct pubkey *keycache_get(struct keycache *c, enum key_type type, str text,
			    str bytes, const char **why)
{
	struct pubkey *key = c ? map_find(&c->young.keys, text) : NULL;

	if (key && pubkey_type(key) == type)
		return pubkey_share(key);
	key = c ? map_find(&c->old.keys, text) : NULL;
	if (key && pubkey_type(key) == type)
		key = pubkey_share(key);
	else
		key = pubkey_new(type, bytes, why);
	if (key && c && text.n <= KEY_TEXT_MAX)
		remember(c, text, key);
	return key;
}
