/* Own verdicts in PostgreSQL.  A batch goes by COPY into temporary tables of its
 * transaction and is merged in the order of its keys; a row that is there
 * already is left out, and out of the sums.  Each day has a table of its own, a
 * partition that is attached by whoever first writes of it and dropped whole. */
#include "base/utf8.h"
#include "store/pgsql_inside.h"
#include "store/query.h"

#include <stdio.h>

static const char stage_sql[] =
	"BEGIN;"
	"CREATE TEMP TABLE stage_verdict (LIKE verdict) ON COMMIT DROP;"
	"CREATE TEMP TABLE stage_policy (LIKE verdict_policy) ON COMMIT DROP";

static const char merge_sql[] =
	"INSERT INTO verdict_policy SELECT DISTINCT * FROM stage_policy"
	" ORDER BY domain, day, policy ON CONFLICT DO NOTHING;"
	"WITH n AS (INSERT INTO verdict SELECT * FROM stage_verdict"
	" ORDER BY domain, day, writer, n ON CONFLICT DO NOTHING"
	" RETURNING domain, day, dkim, spf, disposition), sums AS ("
	"INSERT INTO verdict_day AS t SELECT domain, day, dkim, spf,"
	" disposition, count(*) FROM n GROUP BY 1, 2, 3, 4, 5"
	" ORDER BY 1, 2, 3, 4, 5"
	" ON CONFLICT (domain, day, dkim, spf, disposition)"
	" DO UPDATE SET messages = t.messages + excluded.messages)"
	" SELECT count(*) FROM n; COMMIT";

/* ---- a table for each day ---- */

/* One program at a time makes or drops them, and none waits long for readers. */
static const char lock_sql[] = "BEGIN; SET LOCAL lock_timeout = '10s';"
			       "SELECT pg_advisory_xact_lock(1768846191)";

static bool there(struct pgsql *q, int64_t day, bool *yes, struct err *e)
{
	char sql[160];
	uint64_t n;

	(void)snprintf(sql, sizeof sql,
		       "SELECT count(*) FROM pg_inherits WHERE inhrelid = "
		       "to_regclass('verdict_%lld')",
		       (long long)day);
	if (!pgsql_number(q, sql, &n, e))
		return false;
	*yes = n > 0;
	return true;
}

static bool make(struct pgsql *q, int64_t day, struct err *e)
{
	char sql[320];
	bool yes;

	(void)snprintf(sql, sizeof sql,
		       "CREATE TABLE verdict_%lld (LIKE verdict INCLUDING ALL);"
		       "ALTER TABLE verdict ATTACH PARTITION verdict_%lld"
		       " FOR VALUES FROM (%lld) TO (%lld)",
		       (long long)day, (long long)day, (long long)day,
		       (long long)day + 1);
	if (!pgsql_run(q, lock_sql, "make a day's table", e))
		return false;
	if (there(q, day, &yes, e) &&
	    (yes || pgsql_run(q, sql, "make a day's table", e)) &&
	    pgsql_run(q, "COMMIT", "make a day's table", e))
		return true;
	pgsql_rollback(&q->store);
	return false;
}

static bool ensure(struct pgsql *q, int64_t day, struct err *e)
{
	bool yes = q->days[0] == day || q->days[1] == day;

	if (yes)
		return true;
	if (!there(q, day, &yes, e) || (!yes && !make(q, day, e)))
		return false;
	q->days[1] = q->days[0];
	q->days[0] = day;
	return true;
}

static bool ensure_all(struct pgsql *q, const struct own *rows, size_t n,
		       struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (!ensure(q, rows[i].day, e))
			return false;
	return true;
}

/* ---- rows ---- */

/* One value that the server cannot take would cost the whole batch. */
static bool is_text(str s)
{
	for (size_t i = 0; i < s.n;) {
		size_t n = (unsigned char)s.p[i] < 0x80
				   ? s.p[i] != '\0'
				   : utf8_at(str_skip(s, i));

		if (!n)
			return false;
		i += n;
	}
	return true;
}

static void text(struct buf *b, str s)
{
	copy_column(b, is_text(s) ? s : STR("?"));
}

static void maybe(struct buf *b, str s)
{
	copy_maybe(b, is_text(s) ? s : STR("?"));
}

static void put_row(struct buf *b, const struct store_writer *w,
		    const struct own *o)
{
	const struct store_verdict *v = o->v;

	copy_text(b, v->domain);
	copy_number(b, (uint64_t)o->day);
	copy_number(b, w->id);
	copy_number(b, v->n);
	copy_number(b, (uint64_t)v->time);
	text(b, w->node);
	copy_number(b, (uint64_t)o->policy);
	text(b, v->source_ip);
	text(b, v->header_from);
	maybe(b, v->envelope_from);
	maybe(b, v->envelope_to);
	text(b, v->result);
	text(b, v->disposition);
	copy_number(b, v->dkim);
	copy_number(b, v->spf);
	maybe(b, v->reasons);
	text(b, v->auth);
	text(b, v->action);
	buf_putc(b, '\n');
}

static void put_policy(struct buf *b, const struct own *o)
{
	const struct store_policy *p = &o->v->policy;

	copy_text(b, o->v->domain);
	copy_number(b, (uint64_t)o->day);
	copy_number(b, (uint64_t)o->policy);
	text(b, p->p);
	text(b, p->sp);
	text(b, p->np);
	text(b, p->adkim);
	text(b, p->aspf);
	text(b, p->testing);
	text(b, p->fo);
	text(b, p->discovery);
	text(b, p->rua);
	buf_putc(b, '\n');
}

static bool send_rows(struct pgsql *q, const struct store_writer *w,
		      const struct own *rows, size_t n, struct err *e)
{
	static const char sql[] = "COPY stage_verdict FROM STDIN";
	struct buf b = buf_of(NULL, FLUSH_AT + ROW_MAX);
	bool ok = true;

	for (size_t i = 0; ok && i < n; i++) {
		put_row(&b, w, &rows[i]);
		ok = b.n < FLUSH_AT || copy_send(q, sql, &b, e);
	}
	ok = ok && copy_send(q, sql, &b, e);
	buf_free(&b);
	return ok;
}

static bool send_policies(struct pgsql *q, const struct own *rows, size_t n,
			  struct err *e)
{
	static const char sql[] = "COPY stage_policy FROM STDIN";
	struct buf b = buf_of(NULL, FLUSH_AT + ROW_MAX);
	bool ok = true;

	for (size_t i = 0; ok && i < n; i++) {
		const struct own *o = &rows[i];

		if (i && o->day == o[-1].day && o->policy == o[-1].policy &&
		    str_eq(o->v->domain, o[-1].v->domain))
			continue;
		put_policy(&b, o);
		ok = b.n < FLUSH_AT || copy_send(q, sql, &b, e);
	}
	ok = ok && copy_send(q, sql, &b, e);
	buf_free(&b);
	return ok;
}

bool pgsql_put_verdicts(struct store *s, const struct store_writer *w,
			const struct own *rows, size_t n, uint64_t *added,
			struct err *e)
{
	struct pgsql *q = pgsql_of(s);
	PGresult *r = NULL;

	if (!ensure_all(q, rows, n, e) || !pgsql_run(q, stage_sql, "begin", e))
		return false;
	if (send_policies(q, rows, n, e) && send_rows(q, w, rows, n, e))
		r = pgsql_merge(q, merge_sql, e);
	if (!r) {
		q->days[0] = q->days[1] = 0; /* may be gone */
		pgsql_rollback(s);
		return false;
	}
	*added = pgsql_value(r, 0);
	PQclear(r);
	return true;
}

/* ---- the end of old days ---- */

struct dropping {
	struct buf sql;
	int64_t before;
};

static bool add_drop(void *arg, const str *c)
{
	struct dropping *d = arg;
	uint64_t day = store_number(str_skip(c[0], sizeof "verdict_" - 1));

	if ((int64_t)day < d->before)
		buf_printf(&d->sql, "DROP TABLE verdict_%llu;",
			   (unsigned long long)day);
	return true;
}

static bool drop(struct pgsql *q, int64_t before, struct err *e)
{
	static const char which[] =
		"SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid ="
		" i.inhrelid WHERE i.inhparent = to_regclass('verdict')";
	struct dropping d = { buf_of(NULL, FLUSH_AT), before };
	bool ok = store_query(&q->store, which, NULL, 0, add_drop, &d, e);

	buf_putc(&d.sql, '\0');
	ok = ok &&
	     (d.sql.n == 1 || pgsql_run(q, d.sql.p, "drop old verdicts", e));
	buf_free(&d.sql);
	return ok;
}

bool pgsql_prune_verdicts(struct store *s, int64_t before, uint64_t *removed,
			  struct err *e)
{
	struct pgsql *q = pgsql_of(s);
	char sums[256], policies[80];

	(void)snprintf(sums, sizeof sums,
		       "WITH o AS (DELETE FROM verdict_day WHERE day < %lld"
		       " RETURNING messages) SELECT coalesce(sum(messages), 0)"
		       " FROM o",
		       (long long)before);
	(void)snprintf(policies, sizeof policies,
		       "DELETE FROM verdict_policy WHERE day < %lld",
		       (long long)before);
	if (!pgsql_run(q, lock_sql, "drop old verdicts", e))
		return false;
	if (pgsql_number(q, sums, removed, e) &&
	    pgsql_run(q, policies, "drop old verdicts", e) &&
	    drop(q, before, e) &&
	    pgsql_run(q, "COMMIT", "drop old verdicts", e))
		return true;
	*removed = 0;
	pgsql_rollback(s);
	return false;
}
