#include "base/map.h"

#include "base/ascii.h"

#include <endian.h>

struct map_slot {
	str key; /* p == NULL: free */
	uint64_t hash;
	void *value;
};

static uint64_t rotl(uint64_t v, int by)
{
	return v << by | v >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[0] = rotl(v[0], 32);
	v[2] += v[3];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[2] = rotl(v[2], 32);
}

static uint64_t word_at(const char *p, size_t n, bool fold)
{
	uint64_t w = 0;

	if (n == sizeof w && !fold) {
		memcpy(&w, p, sizeof w);
		return le64toh(w);
	}
	for (size_t i = 0; i < n; i++) {
		char c = fold ? ascii_lower(p[i]) : p[i];

		w |= (uint64_t)(unsigned char)c << 8 * i;
	}
	return w;
}

/* SipHash-2-4 (Aumasson, Bernstein 2012) */
uint64_t map_hash(struct map_seed seed, str key, bool fold)
{
	uint64_t v[4] = { seed.a ^ 0x736f6d6570736575u,
			  seed.b ^ 0x646f72616e646f6du,
			  seed.a ^ 0x6c7967656e657261u,
			  seed.b ^ 0x7465646279746573u };

	for (size_t i = 0; i <= key.n; i += 8) {
		bool last = key.n - i < 8;
		uint64_t w = word_at(key.p + i, last ? key.n - i : 8, fold);

		if (last)
			w |= (uint64_t)key.n << 56;
		v[3] ^= w;
		sip_round(v);
		sip_round(v);
		v[0] ^= w;
	}
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct map map_of(struct arena *arena, struct map_seed seed, bool fold)
{
	return (struct map){ .arena = arena, .seed = seed, .fold = fold };
}

static struct map_slot *slot_of(const struct map *m, str key, uint64_t hash)
{
	for (size_t i = hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
		struct map_slot *s = &m->slots[i];

		if (!s->key.p)
			return s;
		if (s->hash == hash &&
		    (m->fold ? str_ieq(s->key, key) : str_eq(s->key, key)))
			return s;
	}
}

static void resize(struct map *m, size_t cap)
{
	struct map old = *m;

	m->slots = arena_array_of(m->arena, struct map_slot, cap);
	m->cap = cap;
	for (size_t i = 0; i < old.cap; i++) {
		struct map_slot *s = &old.slots[i];

		if (s->key.p)
			*slot_of(m, s->key, s->hash) = *s;
	}
}

/* At most two thirds of the slots are taken, so every search ends. */
void map_reserve(struct map *m, size_t keys)
{
	size_t cap = m->cap ? m->cap : 8;

	while (cap / 3 * 2 < keys)
		cap *= 2;
	if (cap > m->cap)
		resize(m, cap);
}

void **map_put(struct map *m, str key)
{
	uint64_t hash = map_hash(m->seed, key, m->fold);

	map_reserve(m, m->n + 1);

	struct map_slot *s = slot_of(m, key, hash);

	if (!s->key.p) {
		s->key = (str){ key.p ? key.p : "", key.n };
		s->hash = hash;
		m->n++;
	}
	return &s->value;
}

void *map_find(const struct map *m, str key)
{
	if (!m->n)
		return NULL;

	struct map_slot *s = slot_of(m, key, map_hash(m->seed, key, m->fold));

	return s->key.p ? s->value : NULL;
}

bool map_next(const struct map *m, size_t *i, str *key, void **value)
{
	for (; *i < m->cap; (*i)++) {
		struct map_slot *s = &m->slots[*i];

		if (!s->key.p)
			continue;
		*key = s->key;
		*value = s->value;
		(*i)++;
		return true;
	}
	return false;
}
