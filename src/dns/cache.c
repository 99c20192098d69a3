/* A table of chains, and one list of all entries by use.  An entry is one block
 * of memory: the entry, its records, their octets, its name. */
#include "dns/cache.h"

#include <stdlib.h>
#include <string.h>

enum {
	BUCKETS = 4096, /* a power of two */
	SECONDS_MAX = 86400,
	SHARE = 16 /* no entry takes more than this part of all */
};

struct entry {
	struct entry *next; /* of the bucket */
	struct entry *newer, *older;
	uint64_t hash;
	int64_t until;
	size_t size;
	enum dns_type type;
	str name;
	struct dns_answer answer;
	struct dns_rr rr[];
};

struct cache {
	struct map_seed seed;
	size_t max, used;
	struct entry *newest, *oldest;
	struct entry *buckets[BUCKETS];
};

struct cache *cache_new(size_t max, struct map_seed seed)
{
	struct cache *c = calloc(1, sizeof *c);

	if (c) {
		c->seed = seed;
		c->max = max;
	}
	return c;
}

static uint64_t hash_of(const struct cache *c, enum dns_type type, str name)
{
	return map_hash(c->seed, name, true) + (uint64_t)type;
}

static struct entry **place_of(struct cache *c, uint64_t hash,
			       enum dns_type type, str name)
{
	struct entry **at = &c->buckets[hash % BUCKETS];

	while (*at && !((*at)->hash == hash && (*at)->type == type &&
			str_ieq((*at)->name, name)))
		at = &(*at)->next;
	return at;
}

static void unlink_use(struct cache *c, struct entry *e)
{
	*(e->newer ? &e->newer->older : &c->newest) = e->older;
	*(e->older ? &e->older->newer : &c->oldest) = e->newer;
}

static void link_use(struct cache *c, struct entry *e)
{
	e->newer = NULL;
	e->older = c->newest;
	*(e->older ? &e->older->newer : &c->oldest) = e;
	c->newest = e;
}

static void take_out(struct cache *c, struct entry **at)
{
	struct entry *e = *at;

	*at = e->next;
	unlink_use(c, e);
	c->used -= e->size;
	free(e);
}

void cache_free(struct cache *c)
{
	while (c && c->oldest)
		take_out(c, place_of(c, c->oldest->hash, c->oldest->type,
				     c->oldest->name));
	free(c);
}

static size_t size_of(const struct dns_answer *a, str name)
{
	size_t n = sizeof(struct entry) + a->n * sizeof(struct dns_rr) + name.n;

	for (size_t i = 0; i < a->n; i++)
		n += a->rr[i].data.n;
	return n;
}

static str keep(char **room, str s)
{
	char *to = *room;

	if (s.n)
		memcpy(to, s.p, s.n);
	*room += s.n;
	return (str){ to, s.n };
}

static void fill(struct entry *e, const struct dns_answer *a, str name)
{
	char *room = (char *)(e->rr + a->n);

	e->answer = *a;
	e->answer.rr = e->rr;
	for (size_t i = 0; i < a->n; i++) {
		e->rr[i] = a->rr[i];
		e->rr[i].data = keep(&room, a->rr[i].data);
	}
	e->name = keep(&room, name);
}

void cache_put(struct cache *c, enum dns_type type, str name,
	       const struct dns_answer *a, uint32_t seconds, int64_t now)
{
	uint64_t hash = hash_of(c, type, name);
	struct entry **at = place_of(c, hash, type, name), *e;
	size_t size = size_of(a, name);

	if (*at)
		take_out(c, at);
	if (!seconds || size > c->max / SHARE)
		return;
	while (c->used + size > c->max)
		take_out(c, place_of(c, c->oldest->hash, c->oldest->type,
				     c->oldest->name));
	e = malloc(size);
	if (!e)
		return;
	*e = (struct entry){ .hash = hash, .type = type, .size = size };
	e->until = now + (seconds < SECONDS_MAX ? seconds : SECONDS_MAX);
	fill(e, a, name);
	e->next = c->buckets[hash % BUCKETS];
	c->buckets[hash % BUCKETS] = e;
	link_use(c, e);
	c->used += size;
}

bool cache_find(struct cache *c, enum dns_type type, str name, int64_t now,
		struct dns_answer *out)
{
	struct entry **at = place_of(c, hash_of(c, type, name), type, name);
	struct entry *e = *at;

	if (!e)
		return false;
	if (e->until <= now) {
		take_out(c, at);
		return false;
	}
	unlink_use(c, e);
	link_use(c, e);
	*out = e->answer;
	out->ttl = (uint32_t)(e->until - now);
	return true;
}
