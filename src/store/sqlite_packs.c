/* Packs in SQLite. */
#include "store/packs.h"
#include "store/sqlite_inside.h"

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
