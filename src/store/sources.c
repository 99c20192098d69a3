/* Who sends as us, and what they are to us.  An address that SPF allows is our
 * own.  One whose mail is signed by us only is a forwarder when it uses the
 * selectors of our own hosts, or says so; with selectors of its own it is a
 * service that signs for us.  What never passes is a forwarder when signatures
 * of ours broke on the way, else it is unknown. */
#include "base/map.h"
#include "store/query.h"

#include <stdio.h>
#include <stdlib.h>

const char *store_source_word(enum store_source_kind kind)
{
	static const char *const words[] = { "own", "service", "forwarder",
					     "unknown" };

	return words[kind];
}

struct gathering {
	struct arena *arena;
	struct map own; /* selectors */
	struct store_sources *out;
	size_t cap;
	bool failing;

	/* of the source that is being added up */
	struct store_source now;
	bool own_selector, forwarded, hint_ours;
};

static uint64_t add(uint64_t a, uint64_t b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

static enum store_source_kind kind_of(const struct gathering *g)
{
	if (g->now.spf)
		return STORE_OWN;
	if (g->now.dkim)
		return g->own_selector || g->forwarded || g->hint_ours
			       ? STORE_FORWARDER
			       : STORE_SERVICE;
	return g->now.broken || g->forwarded ? STORE_FORWARDER : STORE_UNKNOWN;
}

static void finish(struct gathering *g)
{
	struct store_sources *o = g->out;

	if (!g->now.source_ip.p)
		return;
	g->now.kind = kind_of(g);
	if (g->failing && g->now.pass == g->now.messages)
		return;
	if (o->n == g->cap) {
		size_t cap = g->cap ? g->cap * 2 : 64;

		o->source = arena_grow(g->arena, o->source,
				       g->cap * sizeof *o->source,
				       cap * sizeof *o->source);
		g->cap = cap;
	}
	o->source[o->n++] = g->now;
}

/* source_ip, dkim, spf, hints, selector, via, messages; by source_ip */
static bool take_row(void *arg, const str *c)
{
	struct gathering *g = arg;
	bool dkim = store_number(c[1]) > 0, spf = store_number(c[2]) > 0;
	uint64_t hints = store_number(c[3]), n = store_number(c[6]);
	struct store_source *s = &g->now;

	if (!str_eq(s->source_ip, c[0])) {
		finish(g);
		*s = (struct store_source){
			.source_ip = arena_str(g->arena, c[0]),
			.name = STR(""),
		};
		g->own_selector = g->forwarded = g->hint_ours = false;
	}
	s->messages = add(s->messages, n);
	s->pass = add(s->pass, dkim || spf ? n : 0);
	s->dkim = add(s->dkim, dkim ? n : 0);
	s->spf = add(s->spf, spf ? n : 0);
	if (!dkim && !spf && hints & STORE_HINT_BROKEN)
		s->broken = add(s->broken, n);
	else if (!dkim && !spf)
		s->unsigned_mail = add(s->unsigned_mail, n);
	g->own_selector |= c[4].n && map_find(&g->own, c[4]);
	g->forwarded |= (hints & STORE_HINT_FORWARDED) != 0;
	g->hint_ours |= (hints & STORE_HINT_SPF_OURS) != 0 && dkim;
	if (c[5].n && !s->name.n)
		s->name = arena_str(g->arena, c[5]);
	return true;
}

static bool take_selector(void *arg, const str *c)
{
	struct gathering *g = arg;

	*map_put(&g->own, arena_str(g->arena, c[0])) = g;
	return true;
}

static int by_failing(const void *a, const void *b)
{
	const struct store_source *x = a, *y = b;
	uint64_t fx = x->messages - x->pass, fy = y->messages - y->pass;

	if (fx != fy)
		return fx < fy ? 1 : -1;
	if (x->messages != y->messages)
		return x->messages < y->messages ? 1 : -1;
	return str_cmp(x->source_ip, y->source_ip);
}

#define WHERE_DAYS                       \
	" AND day >= CAST($2 AS BIGINT)" \
	" AND day <= CAST($3 AS BIGINT)"
#define SELECTORS "SELECT DISTINCT selector FROM traffic"
#define SELECTED " AND dkim > 0 AND spf > 0 AND selector <> ''"
#define ROWS                                                 \
	"SELECT source_ip, dkim, spf, hints, selector, via," \
	" sum(messages) FROM traffic"
#define GROUPED                                                \
	" GROUP BY source_ip, dkim, spf, hints, selector, via" \
	" ORDER BY source_ip, sum(messages) DESC"
#define ONE " WHERE domain = $1"
#define ALL " WHERE $1 = ''"

bool store_sources(struct store *s, const struct store_filter *f,
		   struct arena *arena, struct store_sources *out,
		   struct err *e)
{
	static const char *const selectors[] = {
		SELECTORS ONE WHERE_DAYS SELECTED,
		SELECTORS ALL WHERE_DAYS SELECTED
	};
	static const char *const rows[] = { ROWS ONE WHERE_DAYS GROUPED,
					    ROWS ALL WHERE_DAYS GROUPED };
	char since[24], until[24];
	str p[] = { f->domain.p ? f->domain : STR(""), STR(""), STR("") };
	struct gathering g = {
		.arena = arena,
		.own = map_of(arena, (struct map_seed){ (uintptr_t)arena, 1 },
			      false),
		.out = out,
		.failing = f->failing,
	};

	*out = (struct store_sources){ NULL, 0 };
	(void)snprintf(since, sizeof since, "%lld", (long long)f->since);
	(void)snprintf(until, sizeof until, "%lld", (long long)f->until);
	p[1] = str_of(since);
	p[2] = str_of(until);
	if (!store_query(s, selectors[!f->domain.n], p, 3, take_selector, &g,
			 e) ||
	    !store_query(s, rows[!f->domain.n], p, 3, take_row, &g, e))
		return false;
	finish(&g);
	if (out->n)
		qsort(out->source, out->n, sizeof *out->source, by_failing);
	return true;
}
