/* How the mail of one source came out and who reported it; selectors. */
#include "base/map.h"
#include "store/gather.h"

#include <stdlib.h>

struct parting {
	const struct store_view *v;
	struct arena *arena;
	struct map parts;
	bool selectors; /* by them only */
};

static str part_key(const struct parting *p, const struct traffic *t,
		    char text[4 * PACK_TEXT])
{
	const str words[] = { t->selector, t->via, t->disposition };
	size_t n = 0;

	text[n++] = (char)(t->dkim + 2 * t->spf + 4 * (int)t->hints);
	if (p->selectors) /* one word and nothing else */
		text[0] = 0;
	for (size_t i = 0; i < (p->selectors ? 1 : 3); i++) {
		if (words[i].n)
			memcpy(text + n, words[i].p, words[i].n);
		n += words[i].n;
		text[n++] = '\0';
	}
	return (str){ text, n };
}

static struct flow_part *new_part(struct parting *p, str key,
				  const struct traffic *t)
{
	struct flow_part *x = arena_new_of(p->arena, struct flow_part);

	x->selector = arena_str(p->arena, t->selector);
	x->via = p->selectors ? STR("") : arena_str(p->arena, t->via);
	x->disposition = p->selectors ? STR("")
				      : arena_str(p->arena, t->disposition);
	x->dkim = p->selectors || t->dkim;
	x->spf = t->spf;
	x->hints = p->selectors ? 0 : t->hints;
	x->first = x->last = t->day;
	*map_put(&p->parts, arena_str(p->arena, key)) = x;
	return x;
}

static bool take_part(void *arg, struct pack_row *row, str org)
{
	struct parting *p = arg;
	const struct traffic *t = &row->t;
	char text[4 * PACK_TEXT];
	struct flow_part *x = p->selectors ? row->selector->is : NULL;

	(void)org;
	if (p->selectors && !t->selector.n)
		return true;
	if (!x) {
		str key = part_key(p, t, text);

		x = map_find(&p->parts, key);
		if (!x)
			x = new_part(p, key, t);
	}
	if (p->selectors)
		row->selector->is = x;
	x->spf |= t->spf;
	x->messages = x->messages > INT64_MAX - t->messages
			      ? INT64_MAX
			      : x->messages + t->messages;
	if (t->day < x->first)
		x->first = t->day;
	if (t->day > x->last)
		x->last = t->day;
	return true;
}

static int by_messages(const void *a, const void *b)
{
	const struct flow_part *x = *(const struct flow_part *const *)a;
	const struct flow_part *y = *(const struct flow_part *const *)b;
	int d = (x->messages < y->messages) - (x->messages > y->messages);

	if (!d)
		d = str_cmp(x->selector, y->selector);
	if (!d)
		d = str_cmp(x->via, y->via);
	return d ? d : str_cmp(x->disposition, y->disposition);
}

static bool give_parts(const struct parting *p, flow_part_fn *fn, void *arg)
{
	enum { MOST = 1000 };
	struct flow_part **all = arena_array_of(p->arena, struct flow_part *,
						p->parts.n + 1);
	size_t n = 0, at = 0;
	void *value;
	str key;

	while (map_next(&p->parts, &at, &key, &value))
		all[n++] = value;
	qsort(all, n, sizeof *all, by_messages);
	for (size_t i = 0; i < n && i < MOST; i++)
		if (!fn(arg, all[i]))
			return false;
	return true;
}

static struct packs_choice choice_of(const struct store_view *v)
{
	return (struct packs_choice){ .kind = PACKS_ALL,
				      .domain = v->of.domain,
				      .since = v->of.since,
				      .until = v->of.until };
}

static struct parting parting_of(const struct store_view *v,
				 struct arena *arena, bool selectors)
{
	return (struct parting){
		.v = v,
		.arena = arena,
		.parts = map_of(arena, (struct map_seed){ (uintptr_t)arena, 5 },
				false),
		.selectors = selectors,
	};
}

/* Of one address (the view's net). */
bool flow_parts(struct store *s, const struct store_view *v,
		struct arena *arena, flow_part_fn *fn, void *arg, struct err *e)
{
	struct parting p = parting_of(v, arena, false);
	struct packs_choice c = choice_of(v);
	char text[IP_TEXT_MAX];

	c.source_ip = ip_text(v->net.ip, text);
	return packs_read(s, &c, arena, take_part, &p, e) &&
	       give_parts(&p, fn, arg);
}

bool flow_selectors(struct store *s, const struct store_view *v,
		    struct arena *arena, flow_part_fn *fn, void *arg,
		    struct err *e)
{
	struct parting p = parting_of(v, arena, true);
	struct packs_choice c = choice_of(v);

	return packs_read(s, &c, arena, take_part, &p, e) &&
	       give_parts(&p, fn, arg);
}

struct reporting {
	const struct store_view *v;
	struct arena *arena;
	struct map orgs; /* struct flow_reporter */
};

static bool take_reporter(void *arg, struct pack_row *row, str org)
{
	struct reporting *r = arg;
	struct flow_reporter *x;

	if (!flow_is_chosen(r->v, &row->t) ||
	    (r->v->reporter.n && !str_eq(org, r->v->reporter)))
		return true;
	x = map_find(&r->orgs, org);
	if (!x) {
		x = arena_new_of(r->arena, struct flow_reporter);
		x->org = arena_str(r->arena, org);
		*map_put(&r->orgs, x->org) = x;
	}
	flow_add(&x->sum, &row->t);
	return true;
}

static int by_reported(const void *a, const void *b)
{
	const struct flow_reporter *x = *(const struct flow_reporter *const *)a;
	const struct flow_reporter *y = *(const struct flow_reporter *const *)b;

	if (x->sum.messages != y->sum.messages)
		return x->sum.messages < y->sum.messages ? 1 : -1;
	return str_cmp(x->org, y->org);
}

bool flow_source_reporters(struct store *s, const struct store_view *v,
			   uint64_t most, struct arena *arena,
			   flow_reporter_fn *fn, void *arg, struct err *e)
{
	struct reporting r = {
		.v = v,
		.arena = arena,
		.orgs = map_of(arena, (struct map_seed){ (uintptr_t)arena, 6 },
			       false),
	};
	struct packs_choice c = choice_of(v);
	struct flow_reporter **all;
	char text[IP_TEXT_MAX];
	size_t n = 0, at = 0;
	void *value;
	str key;

	c.kind = PACKS_BY_ORG;
	c.source_ip = ip_text(v->net.ip, text);
	if (v->reporter.n)
		c.org = v->reporter;
	if (!packs_read(s, &c, arena, take_reporter, &r, e))
		return false;
	all = arena_array_of(arena, struct flow_reporter *, r.orgs.n + 1);
	while (map_next(&r.orgs, &at, &key, &value))
		all[n++] = value;
	qsort(all, n, sizeof *all, by_reported);
	for (size_t i = 0; i < n && i < most; i++)
		if (!fn(arg, all[i]))
			return false;
	return true;
}
