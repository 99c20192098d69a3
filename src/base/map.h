/* map: str keys to pointers, in an arena.  Open addressing over SipHash-2-4
 * with a secret seed, so that strangers cannot make keys collide.  Keys are
 * borrowed: they must live as long as the map.  Not for concurrent writing;
 * reading a finished map from many threads is fine. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/arena.h"

#include <stdint.h>

struct map_seed {
	uint64_t a, b;
};

struct map_slot;

struct map {
	struct arena *arena;
	struct map_seed seed;
	struct map_slot *slots;
	size_t n, cap;
	bool fold; /* keys are compared without ASCII case */
};

uint64_t map_hash(struct map_seed seed, str key, bool fold);

struct map map_of(struct arena *arena, struct map_seed seed, bool fold);
void map_reserve(struct map *m, size_t keys); /* room for so many, at once */
/* The value slot of key, made (NULL) when it is not there. */
void **map_put(struct map *m, str key);
void *map_find(const struct map *m, str key); /* NULL when there is none */

/* Walks all entries in no order: start with *i = 0; false at the end. */
bool map_next(const struct map *m, size_t *i, str *key, void **value);

#endif
