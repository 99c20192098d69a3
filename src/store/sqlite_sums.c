/* Sums in SQLite: traffic, by its rows and by day, and packs. */
#include "store/packs.h"
#include "store/sqlite_inside.h"

static bool put_day(struct sqlite *q, const struct traffic *t, struct err *e)
{
	struct binding b = sqlite_bind(q, PUT_DAY);

	bind_text(&b, q->store.head.domain);
	bind_int(&b, t->day);
	bind_int(&b, t->dkim);
	bind_int(&b, t->spf);
	bind_text(&b, t->disposition);
	bind_int(&b, (int64_t)t->messages);
	return sqlite_step(q, &b, NULL, NULL, e);
}

bool sqlite_put_days(struct sqlite *q, struct err *e)
{
	bool ok = true;

	for (size_t i = 0; ok && i < q->n_days; i++)
		ok = put_day(q, &q->day[i], e);
	q->n_days = 0;
	return ok;
}

/* The four dispositions that there are, as what lives on. */
static str known(str disposition)
{
	static const str all[] = { STR_INIT("none"), STR_INIT("pass"),
				   STR_INIT("quarantine"), STR_INIT("reject") };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (str_eq(disposition, all[i]))
			return all[i];
	return (str){ NULL, 0 };
}

/* A report has hundreds of rows for each sum of its day: these are added up
 * here first. */
static bool add_day(struct sqlite *q, const struct traffic *t, struct err *e)
{
	enum { PLACES = sizeof q->day / sizeof *q->day };
	str disposition = known(t->disposition);
	struct traffic *d = q->day;

	if (!disposition.p)
		return put_day(q, t, e);
	for (; d < q->day + q->n_days; d++)
		if (d->day == t->day && d->dkim == t->dkim &&
		    d->spf == t->spf && d->disposition.p == disposition.p) {
			d->messages = store_add(d->messages, t->messages);
			return true;
		}
	if (q->n_days == PLACES && !sqlite_put_days(q, e))
		return false;
	q->day[q->n_days] = *t;
	q->day[q->n_days++].disposition = disposition;
	return true;
}

bool sqlite_put_traffic(struct store *s, const struct traffic *t, struct err *e)
{
	struct sqlite *q = sqlite_of(s);
	struct binding b = sqlite_bind(q, PUT_TRAFFIC);

	bind_text(&b, s->head.domain);
	bind_int(&b, t->day);
	bind_text(&b, t->source_ip);
	bind_int(&b, t->dkim);
	bind_int(&b, t->spf);
	bind_text(&b, t->disposition);
	bind_int(&b, (int64_t)t->hints);
	bind_some(&b, t->selector);
	bind_some(&b, t->via);
	bind_int(&b, (int64_t)t->messages);
	return sqlite_step(q, &b, NULL, NULL, e) && add_day(q, t, e);
}

bool sqlite_put_piece(struct store *s, str text, uint64_t n, uint64_t rows,
		      struct err *e)
{
	struct sqlite *q = sqlite_of(s);
	struct binding b = sqlite_bind(q, PUT_PIECE);

	bind_text(&b, s->head.domain);
	bind_int(&b, q->number);
	bind_int(&b, (int64_t)n);
	bind_some(&b, s->head.org);
	bind_int(&b, s->head.begin);
	bind_int(&b, s->head.end);
	bind_int(&b, (int64_t)rows);
	bind_text(&b, text);
	return sqlite_step(q, &b, NULL, NULL, e);
}

bool sqlite_settle_begin(struct store *s, bool *mine, struct err *e)
{
	*mine = true;
	return sqlite_begin(s, e);
}

bool sqlite_settle_end(struct store *s, bool ok, struct err *e)
{
	if (ok && sqlite_run(sqlite_of(s), "COMMIT", e))
		return true;
	sqlite_rollback(s);
	return !ok;
}

bool sqlite_put_chunk(struct store *s, const struct packs_chunk *c,
		      struct err *e)
{
	struct sqlite *q = sqlite_of(s);
	struct binding b = sqlite_bind(q, PUT_CHUNK);

	bind_text(&b, c->domain);
	bind_int(&b, c->kind);
	bind_some(&b, c->org);
	bind_int(&b, c->day);
	bind_int(&b, (int64_t)c->n);
	bind_text(&b, c->first);
	bind_text(&b, c->last);
	bind_text(&b, c->text);
	return sqlite_step(q, &b, NULL, NULL, e);
}

bool sqlite_end_chunks(struct store *s, struct err *e)
{
	(void)s, (void)e;
	return true;
}
