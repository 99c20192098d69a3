#include "dns/zone.h"

#include "base/limits.h"
#include "base/map.h"
#include "dns/name.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

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

static struct node *node_of(struct zone *z, str name)
{
	void **slot = map_put(&z->nodes, name);
	struct node *node = *slot;

	if (node)
		return node;
	/* the map's own key must outlive the caller's name */
	node = arena_new_of(z->arena, struct node);
	node->last = &node->first;
	*slot = node;
	return node;
}

static struct node *make_node(struct zone *z, str name)
{
	struct node *node = map_find(&z->nodes, name);

	if (node)
		return node;
	name = arena_str(z->arena, name);
	node = node_of(z, name);
	for (str up = dns_name_parent(name); up.n; up = dns_name_parent(up)) {
		if (map_find(&z->nodes, up))
			break;
		(void)node_of(z, up);
	}
	return node;
}

void zone_add(struct zone *z, str name, enum dns_type type, uint32_t ttl,
	      str data, uint16_t preference)
{
	struct node *node = make_node(z, name);
	struct entry *e = arena_new_of(z->arena, struct entry);

	e->type = type;
	e->ttl = ttl;
	e->rr = (struct dns_rr){ arena_str(z->arena, data), preference };
	*node->last = e;
	node->last = &e->next;
}

void zone_add_txt(struct zone *z, str name, str text)
{
	zone_add(z, name, DNS_TXT, 3600, text, 0);
}

void zone_add_failure(struct zone *z, str name)
{
	make_node(z, name)->fails = true;
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
	struct dns_rr *rr = arena_array_of(arena, struct dns_rr, LIMIT_RECORDS);

	for (const struct entry *e = first_of(node, type);
	     e && answer->n < LIMIT_RECORDS; e = e->next) {
		if (e->type != type)
			continue;
		rr[answer->n] = (struct dns_rr){ arena_str(arena, e->rr.data),
						 e->rr.preference };
		if (!answer->n++ || e->ttl < answer->ttl)
			answer->ttl = e->ttl;
	}
	answer->rr = rr;
	answer->status = answer->n ? DNS_OK : DNS_NODATA;
}

static void look_up(const struct zone *z, struct arena *arena,
		    enum dns_type type, str name, struct dns_answer *answer)
{
	for (int hops = 0; hops <= LIMIT_CNAMES; hops++) {
		const struct node *node = find(z, name);

		answer->status = node && !node->fails ? DNS_NODATA
				 : node               ? DNS_TEMPFAIL
						      : DNS_NXDOMAIN;
		if (answer->status != DNS_NODATA)
			return;
		collect(arena, node, type, answer);
		if (answer->n || type == DNS_CNAME)
			return;

		const struct entry *cname = first_of(node, DNS_CNAME);

		if (!cname)
			return;
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
