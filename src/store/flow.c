#include "store/flow.h"

#include "base/map.h"
#include "store/gather.h"
#include "store/question.h"

#include <stdlib.h>

struct making {
	struct gather g;
	const struct store_view *v;
	struct flow *out;
	struct map days; /* struct flow_day */
	struct flow_day *today; /* the one that had the last row */
};

static bool is_one(const struct store_view *v)
{
	return v->net.ip.family != IP_NONE &&
	       v->net.bits == (v->net.ip.family == IP_V4 ? 32 : 128);
}

static bool has_choice(const struct store_view *v)
{
	return v->reporter.n || v->disposition.n || v->selector.n;
}

static bool in_net(const struct store_view *v, str source_ip)
{
	struct ip ip;

	return v->net.ip.family == IP_NONE ||
	       (ip_parse(source_ip, &ip) && ip_in_prefix(ip, v->net));
}

bool flow_is_chosen(const struct store_view *v, const struct traffic *t)
{
	return !(v->of.failing && (t->dkim || t->spf)) &&
	       (!v->disposition.n || str_eq(t->disposition, v->disposition)) &&
	       (!v->selector.n || str_eq(t->selector, v->selector));
}

static struct flow_day *day_of(struct making *m, int64_t day)
{
	str key = { (const char *)&day, sizeof day };
	struct flow_day *d = m->today;

	if (d && d->day == day)
		return d;
	d = map_find(&m->days, key);
	if (!d) {
		d = arena_new_of(m->g.arena, struct flow_day);
		d->day = day;
		*map_put(&m->days,
			 (str){ (const char *)&d->day, sizeof d->day }) = d;
	}
	m->today = d;
	return d;
}

/* A row of what the view is of: all mail's, or its reporter's. */
static bool choose_row(void *arg, struct gather_source *of,
		       const struct pack_row *row)
{
	struct making *m = arg;

	if (row->new_source)
		of->is_wanted = in_net(m->v, row->t.source_ip);
	if (!of->is_wanted || !flow_is_chosen(m->v, &row->t))
		return true;
	of->is_chosen = true;
	flow_add(&of->chosen, &row->t);
	flow_add(&day_of(m, row->t.day)->sum, &row->t);
	flow_add(&m->out->sum, &row->t);
	return true;
}

static bool choose_reported(void *arg, struct pack_row *row, str org)
{
	struct making *m = arg;

	(void)org;
	if (row->new_source)
		m->g.now = gather_find(&m->g, row->t.source_ip);
	/* both kinds of sums are of the same rows */
	return !m->g.now || choose_row(m, m->g.now, row);
}

static bool keep_source(void *arg, const struct gather_source *x,
			struct store_source *out)
{
	const struct making *m = arg;

	if (!has_choice(m->v))
		return in_net(m->v, x->s.source_ip) &&
		       !(m->v->of.failing && x->s.messages == x->s.pass);
	out->messages = x->chosen.messages;
	out->pass = x->chosen.pass;
	out->dkim = x->chosen.dkim;
	out->spf = x->chosen.spf;
	return x->is_chosen;
}

static int by_day(const void *a, const void *b)
{
	const struct flow_day *x = a, *y = b;

	return (x->day > y->day) - (x->day < y->day);
}

static void put_days(struct making *m)
{
	struct flow *o = m->out;
	size_t at = 0;
	void *value;
	str key;

	o->day = arena_array_of(m->g.arena, struct flow_day, m->days.n + 1);
	while (map_next(&m->days, &at, &key, &value))
		o->day[o->n_days++] = *(const struct flow_day *)value;
	qsort(o->day, o->n_days, sizeof *o->day, by_day);
}

bool flow_make(struct store *s, const struct store_view *v, struct arena *arena,
	       struct flow *out, struct err *e)
{
	struct making m = {
		.g = gather_new(s, arena),
		.v = v,
		.out = out,
		.days = map_of(arena, (struct map_seed){ (uintptr_t)arena, 3 },
			       false),
	};
	struct packs_choice reported = { .kind = PACKS_BY_ORG,
					 .domain = v->of.domain,
					 .since = v->of.since,
					 .until = v->of.until,
					 .org = v->reporter };

	char text[IP_TEXT_MAX];

	if (is_one(v))
		reported.source_ip = ip_text(v->net.ip, text);
	*out = (struct flow){ .n_days = 0 };
	m.g.arg = &m;
	m.g.row = v->reporter.n ? NULL : choose_row;
	if (!gather_all(&m.g, &v->of, reported.source_ip, e) ||
	    (v->reporter.n &&
	     !packs_read(s, &reported, arena, choose_reported, &m, e)))
		return false;
	put_days(&m);
	gather_end(&m.g, keep_source, &m, &out->sources);
	return true;
}
