/* zone: the names of all files in one map.  Every ancestor of a name is there
 * too, so an empty non-terminal is found like any other name. */
#include "dns/zone.h"

#include "base/limits.h"
#include "base/map.h"
#include "dns/name.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

enum { ADDED_TTL = 3600 };

struct entry {
	struct entry *next;
	enum dns_type type;
	uint32_t ttl;
	struct dns_rr rr;
};

struct node { /* a name that exists, maybe without records */
	struct entry *first, **last;
	bool fails;
};

struct zone {
	struct resolver resolver;
	struct arena *arena;
	struct map nodes;
};

/* The node of a name, made with all above it that are missing. */
static struct node *make_node(struct zone *z, str name)
{
	struct node *node = map_find(&z->nodes, name), *above;

	if (node)
		return node;
	name = arena_str(z->arena, name);
	for (str up = name; up.n; up = dns_name_parent(up)) {
		void **slot = map_put(&z->nodes, up);

		if (*slot)
			break;
		above = arena_new_of(z->arena, struct node);
		above->last = &above->first;
		*slot = above;
		if (!node)
			node = above;
	}
	return node;
}

static bool same_record(const struct entry *e, str data, uint16_t preference)
{
	return e->rr.preference == preference && str_eq(e->rr.data, data);
}

enum added { ADDED, ADDED_BEFORE, TOO_MANY };

static enum added add(struct zone *z, str name, enum dns_type type,
		      uint32_t ttl, str data, uint16_t preference)
{
	struct node *node = make_node(z, name);
	struct entry *e;
	unsigned n = 0;

	for (e = node->first; e; e = e->next) {
		if (e->type != type)
			continue;
		if (same_record(e, data, preference))
			return ADDED_BEFORE; /* RFC 2181 5 */
		n++;
	}
	if (n == LIMIT_RECORDS)
		return TOO_MANY;
	e = arena_new_of(z->arena, struct entry);
	e->type = type;
	e->ttl = ttl;
	e->rr = (struct dns_rr){ arena_str(z->arena, data), preference };
	*node->last = e;
	node->last = &e->next;
	return ADDED;
}

bool zone_add(struct zone *z, str name, enum dns_type type, uint32_t ttl,
	      const struct dns_rr *rr, struct err *e)
{
	enum added added;

	if (!dns_name_valid(name))
		return err_set(e, ERR_DATA, "\"%.*s\" is not a domain name",
			       STR_ARG(str_head(name, DNS_NAME_MAX)));
	if (!arena_enter(z->arena))
		return err_set(e, ERR_INTERNAL, "out of memory");
	added = add(z, name, type, ttl, rr->data, rr->preference);
	arena_leave(z->arena);
	return added != TOO_MANY ||
	       err_set(e, ERR_DATA, "%.*s has more than %d records of one type",
		       STR_ARG(name), LIMIT_RECORDS);
}

bool zone_add_txt(struct zone *z, str name, str text, struct err *e)
{
	const struct dns_rr rr = { text, 0 };

	return zone_add(z, name, DNS_TXT, ADDED_TTL, &rr, e);
}

bool zone_add_failure(struct zone *z, str name, struct err *e)
{
	if (!arena_enter(z->arena))
		return err_set(e, ERR_INTERNAL, "out of memory");
	make_node(z, name)->fails = true;
	arena_leave(z->arena);
	return true;
}

/* RFC 4592 3.3: the wildcard below the closest encloser, if there is one. */
static const struct node *find(const struct zone *z, str name)
{
	const struct node *node = map_find(&z->nodes, name);
	str up = name;

	while (!node && up.n) {
		char text[DNS_NAME_MAX + 3];
		int n;

		up = dns_name_parent(up);
		if (up.n && !map_find(&z->nodes, up))
			continue;
		n = snprintf(text, sizeof text, up.n ? "*.%.*s" : "*%.*s",
			     STR_ARG(up));
		return map_find(&z->nodes, (str){ text, (size_t)n });
	}
	return node;
}

static const struct entry *first_of(const struct node *node, enum dns_type type)
{
	const struct entry *e = node->first;

	while (e && e->type != type)
		e = e->next;
	return e;
}

static void collect(struct arena *arena, const struct node *node,
		    enum dns_type type, struct dns_answer *answer)
{
	struct dns_rr *rr;
	size_t n = 0;

	for (const struct entry *e = node->first; e; e = e->next)
		n += e->type == type;
	if (n == 0)
		return;
	rr = arena_array_of(arena, struct dns_rr, n);
	for (const struct entry *e = node->first; e; e = e->next) {
		if (e->type != type)
			continue;
		rr[answer->n] = (struct dns_rr){ arena_str(arena, e->rr.data),
						 e->rr.preference };
		if (!answer->n++ || e->ttl < answer->ttl)
			answer->ttl = e->ttl;
	}
	answer->rr = rr;
	answer->status = DNS_OK;
}

static void look_up(const struct zone *z, struct arena *arena,
		    enum dns_type type, str name, struct dns_answer *answer)
{
	uint32_t ttl = UINT32_MAX;

	for (int hops = 0; hops <= LIMIT_CNAMES; hops++) {
		const struct node *node = dns_name_valid(name) ? find(z, name)
							       : NULL;

		answer->status = node && !node->fails ? DNS_NODATA
				 : node               ? DNS_TEMPFAIL
						      : DNS_NXDOMAIN;
		if (answer->status != DNS_NODATA)
			return;
		collect(arena, node, type, answer);
		if (answer->n && ttl < answer->ttl)
			answer->ttl = ttl;
		if (answer->n || type == DNS_CNAME)
			return;

		const struct entry *cname = first_of(node, DNS_CNAME);

		if (!cname)
			return;
		if (cname->ttl < ttl)
			ttl = cname->ttl;
		name = cname->rr.data;
	}
	answer->status = DNS_TEMPFAIL; /* a loop */
}

static void zone_send(struct resolver *r, struct asks *as, unsigned id,
		      enum dns_type type, str name)
{
	struct dns_answer *answer = arena_new_of(asks_arena(as),
						 struct dns_answer);

	look_up((struct zone *)r, asks_arena(as), type, name, answer);
	asks_answer(as, id, answer);
}

static void zone_cancel(struct resolver *r, struct asks *as)
{
	(void)r, (void)as; /* every answer has been given */
}

static void zone_resolver_free(struct resolver *r)
{
	zone_free((struct zone *)r);
}

struct zone *zone_new(void)
{
	struct zone *z = calloc(1, sizeof *z);
	struct map_seed seed;

	if (!z)
		return NULL;
	z->arena = arena_new(4096);
	if (!z->arena || getrandom(&seed, sizeof seed, 0) < 0) {
		zone_free(z);
		return NULL;
	}
	z->nodes = map_of(z->arena, seed, true);
	z->resolver = (struct resolver){ zone_send, zone_cancel,
					 zone_resolver_free };
	return z;
}

struct resolver *zone_resolver(struct zone *z)
{
	return &z->resolver;
}

void zone_free(struct zone *z)
{
	if (!z)
		return;
	arena_free(z->arena);
	free(z);
}
