/* Sums of a batch, kept in memory until it ends: reports of one day have the same
 * sources, and rows go to the tables in the order of their keys. */
#include "store/rollup.h"
#include "store/sqlite_inside.h"

/* Sums of one domain's day, in whose order the rows are. */
enum { SUMS = 16 };

struct day {
	struct traffic sums[SUMS];
	size_t n;
};

static bool put_day(struct sqlite *q, const struct traffic *t, struct err *e)
{
	struct binding b = sqlite_bind(q, PUT_DAY);

	bind_text(&b, t->domain);
	bind_int(&b, t->day);
	bind_int(&b, t->dkim);
	bind_int(&b, t->spf);
	bind_text(&b, t->disposition);
	bind_int(&b, (int64_t)t->messages);
	return sqlite_step(q, &b, NULL, NULL, e);
}

static bool end_day(struct sqlite *q, struct day *d, struct err *e)
{
	for (size_t i = 0; i < d->n; i++)
		if (!put_day(q, &d->sums[i], e))
			return false;
	d->n = 0;
	return true;
}

static bool add(struct day *d, const struct traffic *t)
{
	for (size_t i = 0; i < d->n; i++) {
		struct traffic *s = &d->sums[i];

		if (s->dkim != t->dkim || s->spf != t->spf ||
		    !str_eq(s->disposition, t->disposition))
			continue;
		s->messages = store_add(s->messages, t->messages);
		return true;
	}
	if (d->n == SUMS)
		return false;
	d->sums[d->n++] = *t;
	return true;
}

static bool put_days(struct sqlite *q, const struct traffic *t, size_t n,
		     struct err *e)
{
	struct day d = { .n = 0 };

	for (size_t i = 0; i < n; i++) {
		if (i &&
		    (t[i].day != t[i - 1].day ||
		     !str_eq(t[i].domain, t[i - 1].domain)) &&
		    !end_day(q, &d, e))
			return false;
		if (!add(&d, &t[i]) && (!end_day(q, &d, e) || !add(&d, &t[i])))
			return false;
	}
	return end_day(q, &d, e);
}

static bool put(struct sqlite *q, const struct traffic *t, size_t n,
		struct err *e)
{
	q->traffic.rows = t;
	q->traffic.n = n;
	return !n || (sqlite_simple(q, PUT_TRAFFIC, e) && put_days(q, t, n, e));
}

bool sqlite_flush_traffic(struct sqlite *q, struct err *e)
{
	size_t n;
	const struct traffic *t = rollup_sorted(q->batch, &n);
	bool ok = put(q, t, n, e);

	rollup_reset(q->batch);
	return ok;
}

bool sqlite_put_traffic(struct store *s, const struct traffic *t, size_t n,
			bool settled, struct err *e)
{
	struct sqlite *q = sqlite_of(s);

	if (!settled)
		return put(q, t, n, e);
	for (size_t i = 0; i < n; i++)
		if (!rollup_add(q->batch, &t[i]) &&
		    (!sqlite_flush_traffic(q, e) ||
		     (!rollup_add(q->batch, &t[i]) &&
		      !err_set(e, ERR_INTERNAL, "out of memory"))))
			return false;
	return true;
}
