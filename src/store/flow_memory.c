#include "store/flow_memory.h"

#include <stdlib.h>

/* Places; and sources in one of them, of about a hundred octets each. */
enum { PLACES = 8, SOURCES = 200000, ARENA = 65536 };

struct place {
	struct arena *arena;
	str domain;
	int64_t since, until;
	uint64_t reports; /* that the store had; 0: nothing is here */
	struct store_sources sources;
};

struct flow_memory {
	struct place place[PLACES];
	size_t next; /* to be taken */
};

struct flow_memory *flow_memory_new(void)
{
	struct flow_memory *m = calloc(1, sizeof *m);

	for (size_t i = 0; m && i < PLACES; i++) {
		m->place[i].arena = arena_new(ARENA);
		if (!m->place[i].arena) {
			flow_memory_free(m);
			return NULL;
		}
	}
	return m;
}

void flow_memory_free(struct flow_memory *m)
{
	for (size_t i = 0; m && i < PLACES; i++)
		arena_free(m->place[i].arena);
	free(m);
}

static bool take_count(void *arg, const str *c)
{
	*(uint64_t *)arg = store_number(c[0]);
	return true;
}

/* Reports are only ever added: their number tells whether there are new ones. */
static bool count_reports(struct store *s, uint64_t *n, struct err *e)
{
	return store_query(s, "SELECT count(*) FROM report", NULL, 0,
			   take_count, n, e);
}

static void copy(struct arena *arena, const struct store_sources *from,
		 struct store_sources *to)
{
	to->n = from->n;
	to->source = arena_array_of(arena, struct store_source, from->n + 1);
	for (size_t i = 0; i < from->n; i++) {
		to->source[i] = from->source[i];
		to->source[i].source_ip = arena_str(arena,
						    from->source[i].source_ip);
		to->source[i].name = arena_str(arena, from->source[i].name);
	}
}

static void keep(struct flow_memory *m, const struct store_filter *f,
		 uint64_t reports, const struct store_sources *sources)
{
	struct place *p = &m->place[m->next];

	if (sources->n > SOURCES)
		return;
	m->next = (m->next + 1) % PLACES;
	p->reports = 0;
	arena_reset(p->arena);
	if (!arena_enter(p->arena))
		return;
	p->domain = arena_str(p->arena, f->domain);
	copy(p->arena, sources, &p->sources);
	arena_leave(p->arena);
	p->since = f->since;
	p->until = f->until;
	p->reports = reports;
}

bool flow_remember(struct flow_memory *memory, struct store *s,
		   const struct store_filter *f, struct arena *arena,
		   struct store_sources *out, struct err *e)
{
	struct store_filter all = *f;
	uint64_t reports = 0;

	all.failing = false;
	if (!memory)
		return store_sources(s, &all, arena, out, e);
	if (!count_reports(s, &reports, e))
		return false;
	for (size_t i = 0; i < PLACES; i++) {
		const struct place *p = &memory->place[i];

		if (p->reports && p->reports == reports &&
		    p->since == f->since && p->until == f->until &&
		    str_eq(p->domain, f->domain)) {
			copy(arena, &p->sources, out);
			return true;
		}
	}
	if (!store_sources(s, &all, arena, out, e))
		return false;
	keep(memory, f, reports, out);
	return true;
}
