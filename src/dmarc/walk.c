#include "dmarc/walk.h"

#include "base/buf.h"
#include "base/limits.h"
#include "dns/name.h"

_Static_assert((int)DMARC_WALK_MAX == (int)LIMIT_TREE_WALK, "one walk");

static str policy_name(struct arena *arena, str name)
{
	static const str prefix = STR_INIT("_dmarc.");

	if (name.n + prefix.n > DNS_NAME_MAX)
		return (str){ NULL, 0 };

	char *p = arena_alloc(arena, name.n + prefix.n);

	memcpy(p, prefix.p, prefix.n);
	memcpy(p + prefix.n, name.p, name.n);
	return (str){ p, name.n + prefix.n };
}

enum dmarc_lookup dmarc_lookup(struct asks *asks, str name, str *text)
{
	str at = policy_name(asks_arena(asks), name);

	if (!at.n)
		return DMARC_LOOKUP_NOTHING;

	const struct dns_answer *a = ask(asks, DNS_TXT, at);
	size_t n = 0;

	if (!a)
		return DMARC_LOOKUP_PENDING;
	if (a->status == DNS_TEMPFAIL)
		return DMARC_LOOKUP_TEMPERROR;
	for (size_t i = 0; i < a->n; i++)
		if (dmarc_is_record(a->rr[i].data)) {
			*text = a->rr[i].data;
			n++;
		}
	return n == 0   ? DMARC_LOOKUP_NOTHING
	       : n == 1 ? DMARC_LOOKUP_RECORD
			: DMARC_LOOKUP_SEVERAL;
}

static str next_name(str name)
{
	return dns_name_labels(name) > DMARC_WALK_MAX
		       ? dns_name_last_labels(name, DMARC_WALK_MAX - 1)
		       : dns_name_parent(name);
}

static void ask_all(struct asks *asks, str start)
{
	str text;

	for (str name = start; name.n; name = next_name(name))
		(void)dmarc_lookup(asks, name, &text);
}

struct dmarc_step dmarc_step_at(struct asks *asks, str name)
{
	struct arena *arena = asks_arena(asks);
	struct dmarc_step s = { .name = name };
	struct dmarc_record *r;
	str text;

	s.outcome = dmarc_lookup(asks, name, &text);
	if (s.outcome == DMARC_LOOKUP_RECORD) {
		r = arena_new_of(arena, struct dmarc_record);
		dmarc_record_parse(arena, text, r);
		s.record = r;
	}
	return s;
}

/* One name.  True: the walk goes on above it. */
static bool step(struct asks *asks, str name, struct dmarc_walk *w)
{
	struct dmarc_step *s = &w->steps[w->n++];

	*s = dmarc_step_at(asks, name);
	w->pending = s->outcome == DMARC_LOOKUP_PENDING;
	w->temperror = s->outcome == DMARC_LOOKUP_TEMPERROR;
	return !w->pending && !w->temperror &&
	       !(s->record && s->record->psd != DMARC_PSD_UNKNOWN);
}

/* The name one label longer than the suffix, on the way from start. */
static str below(str start, str suffix)
{
	return dns_name_last_labels(start, dns_name_labels(suffix) + 1);
}

static const struct dmarc_step *found_at(const struct dmarc_walk *w, str name)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->steps[i].record && str_ieq(w->steps[i].name, name))
			return &w->steps[i];
	return NULL;
}

/* 4.10.2: psd=n is it, psd=y is one above it, else the shortest name with a
 * record, else the start. */
static void choose(struct dmarc_walk *w, str start)
{
	const struct dmarc_step *last = NULL;

	for (size_t i = 0; i < w->n; i++)
		if (w->steps[i].record)
			last = &w->steps[i];
	w->organizational_domain = last ? last->name : start;
	w->of_domain = last;
	if (last && last->record->psd == DMARC_PSD_YES && last != w->steps) {
		w->organizational_domain = below(start, last->name);
		w->of_domain = found_at(w, w->organizational_domain);
		w->of_suffix = last;
	}
}

void dmarc_walk(struct asks *asks, str start, struct dmarc_walk *out)
{
	*out = (struct dmarc_walk){ .pending = false };
	ask_all(asks, start);
	for (str name = start; name.n; name = next_name(name))
		if (!step(asks, name, out))
			break;
	if (!out->pending && !out->temperror)
		choose(out, start);
}
