/* Packs in PostgreSQL: merged by one program at a time, while others go on putting
 * reports: what comes meanwhile is not seen, not merged and not deleted. */
#include "store/packs.h"
#include "store/pgsql_inside.h"

bool pgsql_settle_begin(struct store *s, bool *mine, struct err *e)
{
	/* a program that is cut off holds up no other one's merging for long */
	static const char sql[] =
		"BEGIN ISOLATION LEVEL REPEATABLE READ;"
		"SET LOCAL idle_in_transaction_session_timeout = '60s';"
		"SELECT pg_try_advisory_xact_lock(1768846192)::int";
	struct pgsql *q = pgsql_of(s);
	uint64_t n = 0;

	q->chunks.n = 0;
	q->chunks.overflow = false;
	if (!pgsql_number(q, sql, &n, e)) {
		pgsql_rollback(s);
		return false;
	}
	*mine = n > 0;
	return true;
}

bool pgsql_settle_end(struct store *s, bool ok, struct err *e)
{
	if (ok && pgsql_run(pgsql_of(s), "COMMIT", "write", e))
		return true;
	pgsql_rollback(s);
	return !ok;
}

bool pgsql_put_chunk(struct store *s, const struct packs_chunk *c,
		     struct err *e)
{
	struct pgsql *q = pgsql_of(s);
	struct buf *b = &q->chunks;

	copy_text(b, c->domain);
	copy_number(b, c->kind);
	copy_column(b, c->org);
	copy_number(b, (uint64_t)c->day);
	copy_number(b, c->n);
	copy_column(b, c->first);
	copy_column(b, c->last);
	copy_column(b, c->text);
	buf_putc(b, '\n');
	return b->n < FLUSH_AT || pgsql_end_chunks(s, e);
}

bool pgsql_end_chunks(struct store *s, struct err *e)
{
	struct pgsql *q = pgsql_of(s);

	return copy_send(q, "COPY pack FROM STDIN", &q->chunks, e);
}
