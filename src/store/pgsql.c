/* The store on PostgreSQL, for several writers on several machines.  No session
 * state outlives a transaction: poolers that give a connection to another between
 * transactions will do. */
#include "store/pgsql_inside.h"

#include <stdio.h>
#include <stdlib.h>

/* The server hangs up, or has. */
static bool is_gone(const struct pgsql *q)
{
	static const str classes[] = { STR_INIT("08"), STR_INIT("57P"),
				       STR_INIT("25P03") };

	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
		if (str_starts(str_of(q->state), classes[i]))
			return true;
	return PQstatus(q->conn) != CONNECTION_OK;
}

ExecStatusType pgsql_end(struct pgsql *q, PGresult *r)
{
	ExecStatusType status = PQresultStatus(r);
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		(void)snprintf(q->state, sizeof q->state, "%s",
			       state ? state : "");
	PQclear(r);
	return status;
}

bool pgsql_failed(struct pgsql *q, const char *doing, struct err *e)
{
	str why = str_first_line(str_of(PQerrorMessage(q->conn)));
	bool gone = is_gone(q);

	q->state[0] = '\0';
	return err_set(
		e, ERR_UNAVAILABLE,
		!gone ? "PostgreSQL: cannot %s: %.*s"
		: q->store.recording
			? "PostgreSQL cannot be reached: cannot %s: %.*s"
			: "PostgreSQL cannot be reached: cannot %s: %.*s "
			  "(nothing counts twice: import again)",
		doing, STR_ARG(str_head(why, 300)));
}

bool pgsql_run(struct pgsql *q, const char *sql, const char *doing,
	       struct err *e)
{
	ExecStatusType status = pgsql_end(q, PQexec(q->conn, sql));

	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
	       pgsql_failed(q, doing, e);
}

uint64_t pgsql_value(const PGresult *r, int column)
{
	return strtoull(PQgetvalue(r, 0, column), NULL, 10);
}

bool pgsql_number(struct pgsql *q, const char *sql, uint64_t *out,
		  struct err *e)
{
	PGresult *r = PQexec(q->conn, sql);
	bool ok = PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) == 1;

	if (ok)
		*out = pgsql_value(r, 0);
	(void)pgsql_end(q, r);
	return ok || pgsql_failed(q, "write", e);
}

PGresult *pgsql_merge(struct pgsql *q, const char *sql, struct err *e)
{
	PGresult *rows = NULL, *r;
	bool ok = PQsendQuery(q->conn, sql) == 1;

	while (ok && (r = PQgetResult(q->conn))) {
		if (PQresultStatus(r) == PGRES_TUPLES_OK) {
			PQclear(rows);
			rows = r;
		} else if (pgsql_end(q, r) != PGRES_COMMAND_OK) {
			ok = false; /* the last of them */
		}
	}
	if (ok && rows)
		return rows;
	PQclear(rows);
	(void)pgsql_failed(q, "write", e);
	while ((r = PQgetResult(q->conn)))
		PQclear(r);
	return NULL;
}

void pgsql_rollback(struct store *s)
{
	struct err e;

	(void)pgsql_run(pgsql_of(s), "ROLLBACK", "roll back", &e);
}

static bool give_row(const PGresult *r, store_row_fn *fn, void *arg)
{
	enum { COLUMNS = 32 };
	str columns[COLUMNS];
	int n = PQnfields(r);

	for (int i = 0; i < n && i < COLUMNS; i++) {
		const char *p = PQgetisnull(r, 0, i) ? NULL
						     : PQgetvalue(r, 0, i);

		columns[i] = (str){ p, (size_t)PQgetlength(r, 0, i) };
	}
	return fn(arg, columns);
}

/* Row by row; the connection is read to its end whatever happens. */
bool pgsql_query(struct store *s, const char *sql, const str *params, size_t n,
		 store_row_fn *fn, void *arg, struct err *e)
{
	enum { PARAMETERS = 16 };
	struct pgsql *q = pgsql_of(s);
	const char *values[PARAMETERS] = { NULL };
	struct buf texts[PARAMETERS];
	bool ok = n <= PARAMETERS, told = false;
	PGresult *r;

	for (size_t i = 0; i < n && i < PARAMETERS; i++) {
		texts[i] = buf_of(NULL, ROW_MAX);
		buf_put(&texts[i], params[i]);
		buf_putc(&texts[i], '\0');
		values[i] = buf_str(&texts[i]).p;
	}
	ok = ok &&
	     PQsendQueryParams(q->conn, sql, (int)n, NULL, values, NULL, NULL,
			       0) == 1 &&
	     PQsetSingleRowMode(q->conn) == 1;
	for (size_t i = 0; i < n && i < PARAMETERS; i++)
		buf_free(&texts[i]);
	if (!ok)
		return pgsql_failed(q, "read", e);
	while ((r = PQgetResult(q->conn))) {
		ExecStatusType status = PQresultStatus(r);

		if (ok && status == PGRES_SINGLE_TUPLE) {
			ok = give_row(r, fn, arg);
			told = !ok;
		} else if (ok && status != PGRES_TUPLES_OK &&
			   status != PGRES_COMMAND_OK) {
			(void)pgsql_end(q, r);
			ok = pgsql_failed(q, "read", e);
			told = true;
			continue;
		}
		PQclear(r);
	}
	return ok || told ? ok : pgsql_failed(q, "read", e);
}

static bool small_begin(struct store *s, struct err *e)
{
	return pgsql_run(pgsql_of(s), "BEGIN", "begin", e);
}

/* The settings end with the transaction: nothing is left for pgbouncer's next.
 * Compiling a question takes longer than answering it. */
static bool read_begin(struct store *s, struct err *e)
{
	char text[160];

	(void)snprintf(text, sizeof text,
		       "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
		       " SET LOCAL jit = off;"
		       " SET LOCAL statement_timeout = %d",
		       STORE_READ_MS);
	return pgsql_run(pgsql_of(s), text, "read", e);
}

void pgsql_close(struct store *s)
{
	struct pgsql *q = pgsql_of(s);

	PQfinish(q->conn);
	for (int i = 0; i < STAGES; i++)
		buf_free(&q->stage[i]);
	buf_free(&q->chunks);
	free(q);
}

const struct store_ops pgsql_ops = {
	.begin = pgsql_begin,
	.commit = pgsql_commit,
	.rollback = pgsql_rollback,
	.is_known = pgsql_is_known,
	.report_begin = pgsql_report_begin,
	.put_block = pgsql_put_block,
	.put_days = pgsql_put_days,
	.put_piece = pgsql_put_piece,
	.put_original = pgsql_put_original,
	.put_tls = pgsql_put_tls,
	.put_failure = pgsql_put_failure,
	.report_end = pgsql_report_end,
	.report_cancel = pgsql_report_cancel,
	.query = pgsql_query,
	.put_verdicts = pgsql_put_verdicts,
	.prune_verdicts = pgsql_prune_verdicts,
	.settle_begin = pgsql_settle_begin,
	.settle_end = pgsql_settle_end,
	.put_chunk = pgsql_put_chunk,
	.end_chunks = pgsql_end_chunks,
	.small_begin = small_begin,
	.read_begin = read_begin,
	.read_end = pgsql_rollback,
	.close = pgsql_close,
};
