/* cache: answers for as long as they hold (RFC 2308), within a bound of memory:
 * what was not used for longest goes first.  For one thread. */
#ifndef DNS_CACHE_H
#define DNS_CACHE_H

#include "base/map.h"
#include "dns/asks.h"

struct cache;

/* max: octets of all entries.  NULL: no memory. */
struct cache *cache_new(size_t max, struct map_seed seed);
void cache_free(struct cache *c); /* NULL is fine */

/* Keeps a copy until now + seconds (a day at most); nothing happens when there
 * is no memory for it or it is too large.  now: seconds, of any clock that only
 * goes forward. */
void cache_put(struct cache *c, enum dns_type type, str name,
	       const struct dns_answer *a, uint32_t seconds, int64_t now);

/* NULL: not known.  *out is good until the next cache_put; its ttl is what is
 * left. */
bool cache_find(struct cache *c, enum dns_type type, str name, int64_t now,
		struct dns_answer *out);

#endif
