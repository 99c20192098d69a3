/* Sums by day of a batch, kept in memory until it ends: reports of one day add to
 * the same few rows. */
#include "store/rollup.h"
#include "store/sqlite_inside.h"

static bool put_day(struct sqlite *q, const struct traffic *t, struct err *e)
{
	struct binding b = sqlite_bind(q, PUT_DAY);

	bind_text(&b, t->domain);
	bind_int(&b, t->day);
	bind_int(&b, t->dkim);
	bind_int(&b, t->spf);
	bind_some(&b, t->disposition);
	bind_int(&b, (int64_t)t->messages);
	return sqlite_step(q, &b, NULL, NULL, e);
}

bool sqlite_flush_days(struct sqlite *q, struct err *e)
{
	size_t n;
	const struct traffic *t = rollup_sorted(q->batch, &n);
	bool ok = true;

	for (size_t i = 0; ok && i < n; i++)
		ok = put_day(q, &t[i], e);
	rollup_reset(q->batch);
	return ok;
}

bool sqlite_put_days(struct store *s, const struct traffic *t, size_t n,
		     struct err *e)
{
	struct sqlite *q = sqlite_of(s);

	for (size_t i = 0; i < n; i++)
		if (!rollup_add(q->batch, &t[i]) &&
		    (!sqlite_flush_days(q, e) ||
		     (!rollup_add(q->batch, &t[i]) &&
		      !err_set(e, ERR_INTERNAL, "out of memory"))))
			return false;
	return true;
}
