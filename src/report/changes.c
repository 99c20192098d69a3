#include "report/changes.h"

#include "base/limits.h"
#include "base/map.h"
#include "report/values.h"
#include "store/flow.h"
#include "store/packs.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

enum {
	DAY = 86400,
	ENOUGH = 20, /* messages; of fewer a share says nothing */
	SELECTORS_MAX = 1000 /* of a domain; more are a stranger's doing */
};

/* In points of a hundred: a change that is worth a word. */
static const double moved_enough = 1.0;

double changes_share(const struct store_summary *s)
{
	return s->messages ? 100.0 * (double)s->pass / (double)s->messages
			   : 100.0;
}

bool changes_any(const struct changes *c)
{
	return c->moved || c->sources.n || c->selectors.n || c->reporters.n;
}

/* Keeps the list in order; the last falls off. */
static void add(struct change_list *list, struct arena *arena, str name,
		uint64_t messages, uint64_t fail)
{
	size_t have = list->n < CHANGES_LISTED ? list->n : CHANGES_LISTED;
	size_t at = have;

	list->n++;
	while (at && (list->item[at - 1].fail < fail ||
		      (list->item[at - 1].fail == fail &&
		       list->item[at - 1].messages < messages)))
		at--;
	if (at >= CHANGES_LISTED)
		return;
	if (have == CHANGES_LISTED)
		have--;
	memmove(&list->item[at + 1], &list->item[at],
		(have - at) * sizeof *list->item);
	list->item[at] = (struct change){ arena_str(arena, name), messages,
					  fail };
}

struct finding {
	struct arena *arena;
	struct changes *out;
	int64_t since; /* the first day of this week */
	struct map sources; /* of this week */
	struct source *source; /* that of the row, or NULL */
	struct map selectors; /* of the week before; then all */
	struct map_seed seed;
	size_t n_selectors;
	bool this_week;
	char number[3][24];
	str values[3];
};

static void set_day(struct finding *f, size_t i, int64_t v)
{
	f->values[i] = (str){ f->number[i],
			      (size_t)snprintf(f->number[i], 24, "%lld",
					       (long long)v) };
}

/* ---- sums ---- */

static bool take_sum(void *arg, const struct store_summary *s)
{
	struct store_summary *out = arg;
	str domain = out->domain;

	*out = *s;
	out->domain = domain;
	return true;
}

static bool sums(struct store *s, struct changes *out, int64_t until,
		 struct err *e)
{
	struct store_filter f = { .domain = out->domain };
	double now, before;

	f.until = until;
	f.since = until - CHANGES_DAYS + 1;
	if (!store_summaries(s, &f, take_sum, &out->now, e))
		return false;
	f.until = until - CHANGES_DAYS;
	f.since = f.until - CHANGES_DAYS + 1;
	if (!store_summaries(s, &f, take_sum, &out->before, e))
		return false;
	now = changes_share(&out->now);
	before = changes_share(&out->before);
	out->moved = out->now.messages >= ENOUGH &&
		     out->before.messages >= ENOUGH &&
		     (now - before >= moved_enough ||
		      before - now >= moved_enough);
	return true;
}

/* ---- sources, reporters ---- */

static bool take_reporter(void *arg, const str *c)
{
	struct finding *f = arg;

	add(&f->out->reporters, f->arena, c[0], store_number(c[1]), 0);
	return true;
}

struct source {
	str ip;
	uint64_t messages, fail;
	bool before;
};

/* Of this week: made; of all before: found. */
static bool take_source(void *arg, struct pack_row *row, str org)
{
	struct finding *f = arg;
	const struct traffic *t = &row->t;

	(void)org;
	if (row->new_source)
		f->source = map_find(&f->sources, t->source_ip);
	if (!f->this_week) {
		if (f->source)
			f->source->before = true;
		return true;
	}
	if (!f->source) {
		f->source = arena_new_of(f->arena, struct source);
		f->source->ip = arena_str(f->arena, t->source_ip);
		*map_put(&f->sources, f->source->ip) = f->source;
	}
	f->source->messages = store_add(f->source->messages, t->messages);
	if (!t->dkim && !t->spf)
		f->source->fail = store_add(f->source->fail, t->messages);
	return true;
}

/* In one state of the store: sums move between its tables. */
static bool read_sources(struct store *s, struct finding *f, int64_t until,
			 struct err *e)
{
	struct packs_choice c = { .kind = PACKS_ALL,
				  .domain = f->out->domain,
				  .since = f->since,
				  .until = until };
	bool ok;

	if (!store_read_begin(s, e))
		return false;
	f->this_week = true;
	ok = packs_read(s, &c, f->arena, take_source, f, e);
	f->this_week = false;
	c.since = 0;
	c.until = f->since - 1;
	ok = ok && packs_read(s, &c, f->arena, take_source, f, e);
	store_read_end(s);
	return ok;
}

static int by_ip(const void *a, const void *b)
{
	const struct source *const *x = a, *const *y = b;

	return str_cmp((*x)->ip, (*y)->ip);
}

/* A domain's first week is no news: everything would be new. */
static bool find_sources(struct store *s, struct finding *f, int64_t until,
			 struct err *e)
{
	struct source **all;
	size_t i = 0, n = 0;
	void *value;
	str ip;

	if (!f->out->before.messages)
		return true;
	f->sources = map_of(f->arena,
			    (struct map_seed){ (uintptr_t)f->arena, 8 }, false);
	if (!read_sources(s, f, until, e))
		return false;
	all = arena_array_of(f->arena, struct source *, f->sources.n + 1);
	while (map_next(&f->sources, &i, &ip, &value))
		all[n++] = value;
	qsort(all, n, sizeof(struct source *), by_ip);
	for (i = 0; i < n; i++)
		if (!all[i]->before)
			add(&f->out->sources, f->arena, all[i]->ip,
			    all[i]->messages, all[i]->fail);
	return true;
}

static bool find_reporters(struct store *s, struct finding *f, struct err *e)
{
	static const char sql[] =
		"SELECT org, sum(messages) FROM report WHERE domain = $1"
		" AND kind = 0 AND begin_time >= CAST($2 AS BIGINT)"
		" GROUP BY org HAVING max(begin_time) < CAST($3 AS BIGINT)"
		" ORDER BY org";

	set_day(f, 1, (f->since - CHANGES_DAYS) * DAY);
	set_day(f, 2, f->since * DAY);
	return store_query(s, sql, f->values, 3, take_reporter, f, e);
}

/* ---- selectors ---- */

struct selector {
	uint64_t messages;
	bool before;
};

static void count_selector(struct finding *f, str name, uint64_t messages)
{
	struct selector *x = map_find(&f->selectors, name);

	if (!x) {
		if (f->n_selectors >= SELECTORS_MAX)
			return;
		f->n_selectors++;
		x = arena_new_of(f->arena, struct selector);
		*map_put(&f->selectors, arena_str(f->arena, name)) = x;
	}
	if (f->this_week)
		x->messages += messages;
	else
		x->before = true;
}

static str text_of(const json_t *object, const char *name)
{
	const json_t *v = json_object_get(object, name);

	return json_is_string(v)
		       ? (str){ json_string_value(v), json_string_length(v) }
		       : STR("");
}

static void take_result(struct finding *f, const json_t *x, uint64_t messages)
{
	str domain = text_of(x, "domain"), selector = text_of(x, "selector");
	char name[2 * LIMIT_REPORT_NAME + 16];

	if (!str_eq(text_of(x, "method"), STR("dkim")) || !selector.n ||
	    str_eq(text_of(x, "result"), STR("pass")) ||
	    !value_same_owner(domain, f->out->domain))
		return;
	count_selector(
		f,
		(str){ name,
		       (size_t)snprintf(
			       name, sizeof name, "%.*s._domainkey.%.*s",
			       STR_ARG(str_head(selector, LIMIT_REPORT_NAME)),
			       STR_ARG(domain)) },
		messages);
}

/* Of rows that no signature of ours passed on. */
static bool take_record(void *arg, const struct flow_row *r)
{
	struct finding *f = arg;
	json_t *auth;

	if (r->dkim || !r->auth.n)
		return true;
	auth = json_loadb(r->auth.p, r->auth.n, 0, NULL);
	for (size_t i = 0; i < json_array_size(auth); i++)
		take_result(f, json_array_get(auth, i), r->messages);
	json_decref(auth);
	return true;
}

static bool read_week(struct store *s, struct finding *f, int64_t first,
		      struct err *e)
{
	return flow_records_begun(s, f->out->domain, first * DAY,
				  (first + CHANGES_DAYS) * DAY, f->arena,
				  take_record, f, e);
}

static int by_name(const void *a, const void *b)
{
	return str_cmp(*(const str *)a, *(const str *)b);
}

static bool find_selectors(struct store *s, struct finding *f, struct err *e)
{
	size_t i = 0, n = 0;
	void *value;
	str name, *names;

	f->selectors = map_of(f->arena, f->seed, true);
	if (!read_week(s, f, f->since - CHANGES_DAYS, e))
		return false;
	f->this_week = true;
	if (!read_week(s, f, f->since, e))
		return false;
	names = arena_array_of(f->arena, str, f->n_selectors + 1);
	while (map_next(&f->selectors, &i, &name, &value))
		names[n++] = name;
	qsort(names, n, sizeof *names, by_name);
	for (i = 0; i < n; i++) {
		const struct selector *x = map_find(&f->selectors, names[i]);

		if (!x->before)
			add(&f->out->selectors, f->arena, names[i], x->messages,
			    x->messages);
	}
	return true;
}

bool changes_find(struct store *s, str domain, int64_t until,
		  struct arena *arena, struct changes *out, struct err *e)
{
	struct finding f = {
		.arena = arena,
		.out = out,
		.since = until - CHANGES_DAYS + 1,
		/* names of a domain's own reports, at most SELECTORS_MAX */
		.seed = { 1, 2 },
	};

	*out = (struct changes){ .domain = arena_str(arena, domain) };
	out->before.domain = out->now.domain = out->domain;
	f.values[0] = out->domain;
	return sums(s, out, until, e) && find_sources(s, &f, until, e) &&
	       find_reporters(s, &f, e) && find_selectors(s, &f, e);
}
