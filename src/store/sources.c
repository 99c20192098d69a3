/* Who sends as us, and what they are to us.  An address that SPF allows is our
 * own.  One whose mail is signed by us only is a forwarder when it uses the
 * selectors of our own hosts, or says so; with selectors of its own it is a
 * service that signs for us.  What never passes is a forwarder when signatures
 * of ours broke on the way, else it is unknown. */
#include "store/gather.h"

#include <stdlib.h>

const char *store_source_word(enum store_source_kind kind)
{
	static const char *const words[] = { "own", "service", "forwarder",
					     "unknown" };

	return words[kind];
}

struct gather_pair {
	struct gather_source *source;
	const struct gather_word *selector;
};

static uint64_t add(uint64_t a, uint64_t b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

void flow_add(struct flow_sum *to, const struct traffic *t)
{
	uint64_t n = t->messages;

	to->messages = add(to->messages, n);
	to->pass = add(to->pass, t->dkim || t->spf ? n : 0);
	to->dkim = add(to->dkim, t->dkim ? n : 0);
	to->spf = add(to->spf, t->spf ? n : 0);
	if (str_eq(t->disposition, STR("quarantine")))
		to->quarantine = add(to->quarantine, n);
	if (str_eq(t->disposition, STR("reject")))
		to->reject = add(to->reject, n);
}

struct gather gather_new(struct store *s, struct arena *arena)
{
	return (struct gather){
		.s = s,
		.arena = arena,
		.words = map_of(arena, (struct map_seed){ (uintptr_t)arena, 1 },
				false),
		.sources = map_of(
			arena, (struct map_seed){ (uintptr_t)arena, 2 }, false),
	};
}

struct gather_source *gather_find(const struct gather *g, str source_ip)
{
	return map_find(&g->sources, source_ip);
}

static struct gather_source *source_of(struct gather *g, str source_ip)
{
	struct gather_source *x = gather_find(g, source_ip);

	if (x)
		return x;
	x = arena_new_of(g->arena, struct gather_source);
	x->s.source_ip = arena_str(g->arena, source_ip);
	x->s.name = STR("");
	*map_put(&g->sources, x->s.source_ip) = x;
	return x;
}

static struct gather_word *word_of(struct gather *g, struct pack_word *w)
{
	struct gather_word *x;

	if (w->is)
		return w->is;
	x = map_find(&g->words, w->text);
	if (!x) {
		x = arena_new_of(g->arena, struct gather_word);
		x->text = arena_str(g->arena, w->text);
		x->id = g->words.n;
		*map_put(&g->words, x->text) = x;
	}
	w->is = x;
	return x;
}

static void add_pair(struct gather *g, struct gather_source *of,
		     const struct gather_word *selector)
{
	const struct gather_pair *last = NULL;

	if (selector->id < 64) {
		of->selectors |= UINT64_C(1) << selector->id;
		return;
	}
	if (g->n_pairs)
		last = &g->pair[g->n_pairs - 1];
	if (last && last->source == of && last->selector == selector)
		return;
	if (g->n_pairs == g->cap_pairs) {
		size_t cap = g->cap_pairs ? g->cap_pairs * 2 : 256;

		g->pair = arena_grow(g->arena, g->pair,
				     g->cap_pairs * sizeof *g->pair,
				     cap * sizeof *g->pair);
		g->cap_pairs = cap;
	}
	g->pair[g->n_pairs++] = (struct gather_pair){ of, selector };
}

/* With more names than places the rarest ones give way (Misra and Gries): the
 * one that most of the mail has stays. */
static void add_via(struct gather_source *of, const struct gather_word *word,
		    uint64_t messages)
{
	uint64_t least = messages;
	size_t n = 0;

	for (size_t i = 0; i < of->n_via; i++) {
		if (of->via[i].word == word) {
			of->via[i].messages = add(of->via[i].messages,
						  messages);
			return;
		}
		if (of->via[i].messages < least)
			least = of->via[i].messages;
	}
	if (of->n_via < GATHER_VIA) {
		of->via[of->n_via++] = (struct gather_via){ word, messages };
		return;
	}
	for (size_t i = 0; i < of->n_via; i++)
		if (of->via[i].messages > least) {
			of->via[n] = of->via[i];
			of->via[n++].messages -= least;
		}
	of->n_via = n;
	if (messages > least)
		of->via[of->n_via++] = (struct gather_via){ word,
							    messages - least };
}

static void add_row(struct gather *g, struct gather_source *of,
		    const struct pack_row *row)
{
	const struct traffic *t = &row->t;
	struct store_source *s = &of->s;
	bool pass = t->dkim || t->spf;
	uint64_t n = t->messages;

	s->messages = add(s->messages, n);
	if (pass)
		s->pass = add(s->pass, n);
	else if (t->hints & STORE_HINT_BROKEN)
		s->broken = add(s->broken, n);
	else
		s->unsigned_mail = add(s->unsigned_mail, n);
	if (t->dkim)
		s->dkim = add(s->dkim, n);
	if (t->spf)
		s->spf = add(s->spf, n);
	of->forwarded |= (t->hints & STORE_HINT_FORWARDED) != 0;
	of->hint_ours |= (t->hints & STORE_HINT_SPF_OURS) != 0 && t->dkim;
	if (t->selector.n) {
		struct gather_word *selector = word_of(g, row->selector);

		selector->own |= t->dkim && t->spf;
		add_pair(g, of, selector);
	}
	if (t->via.n)
		add_via(of, word_of(g, row->via), n);
}

static bool take_row(void *arg, struct pack_row *row, str org)
{
	struct gather *g = arg;

	(void)org;
	if (row->new_source)
		g->now = source_of(g, row->t.source_ip);
	add_row(g, g->now, row);
	return !g->row || g->row(g->arg, g->now, row);
}

/* Which selectors are those of our own hosts, of all mail. */
static bool take_own(void *arg, struct pack_row *row, str org)
{
	(void)org;
	if (row->t.selector.n && row->t.dkim && row->t.spf)
		word_of(arg, row->selector)->own = true;
	return true;
}

/* Other sources tell only what the selectors of one that signs are. */
static bool is_unclear(const struct gather *g, str source_ip)
{
	const struct gather_source *x = gather_find(g, source_ip);

	return x && x->s.dkim && !x->s.spf && !x->forwarded && !x->hint_ours;
}

bool gather_all(struct gather *g, const struct store_filter *f, str source_ip,
		struct err *e)
{
	struct packs_choice c = { .kind = PACKS_ALL,
				  .domain = f->domain,
				  .since = f->since,
				  .until = f->until,
				  .source_ip = source_ip };

	if (!packs_read(g->s, &c, g->arena, take_row, g, e))
		return false;
	if (!source_ip.p || !is_unclear(g, source_ip))
		return true;
	c.source_ip = (str){ NULL, 0 };
	return packs_read(g->s, &c, g->arena, take_own, g, e);
}

/* ---- what they are ---- */

static enum store_source_kind kind_of(const struct gather_source *x)
{
	if (x->s.spf)
		return STORE_OWN;
	if (x->s.dkim)
		return x->own_selector || x->forwarded || x->hint_ours
			       ? STORE_FORWARDER
			       : STORE_SERVICE;
	return x->s.broken || x->forwarded ? STORE_FORWARDER : STORE_UNKNOWN;
}

static uint64_t own_selectors(const struct gather *g)
{
	uint64_t mask = 0;
	size_t at = 0;
	void *value;
	str key;

	while (map_next(&g->words, &at, &key, &value)) {
		const struct gather_word *w = value;

		if (w->own && w->id < 64)
			mask |= UINT64_C(1) << w->id;
	}
	return mask;
}

static str name_of(const struct gather_source *x)
{
	const struct gather_via *best = NULL;

	for (const struct gather_via *v = x->via; v < x->via + x->n_via; v++)
		if (!best || v->messages > best->messages ||
		    (v->messages == best->messages &&
		     str_cmp(v->word->text, best->word->text) < 0))
			best = v;
	return best ? best->word->text : STR("");
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

void gather_end(struct gather *g, gather_keep_fn *keep, void *arg,
		struct store_sources *out)
{
	uint64_t own = own_selectors(g);
	size_t at = 0;
	void *value;
	str key;

	for (size_t i = 0; i < g->n_pairs; i++)
		g->pair[i].source->own_selector |= g->pair[i].selector->own;
	out->n = 0;
	out->source = arena_array_of(g->arena, struct store_source,
				     g->sources.n + 1);
	while (map_next(&g->sources, &at, &key, &value)) {
		struct gather_source *x = value;

		x->own_selector |= (x->selectors & own) != 0;
		x->s.kind = kind_of(x);
		x->s.name = name_of(x);
		out->source[out->n] = x->s;
		if (!keep || keep(arg, x, &out->source[out->n]))
			out->n++;
	}
	if (out->n)
		qsort(out->source, out->n, sizeof *out->source, by_failing);
}

static bool keep_failing(void *arg, const struct gather_source *x,
			 struct store_source *out)
{
	(void)arg, (void)out;
	return x->s.pass < x->s.messages;
}

bool store_sources(struct store *s, const struct store_filter *f,
		   struct arena *arena, struct store_sources *out,
		   struct err *e)
{
	struct gather g = gather_new(s, arena);

	*out = (struct store_sources){ NULL, 0 };
	if (!gather_all(&g, f, (str){ NULL, 0 }, e))
		return false;
	gather_end(&g, f->failing ? keep_failing : NULL, NULL, out);
	return true;
}
