/* The store in one file, by SQLite.  Write-ahead log with synchronous=FULL: what
 * was committed survives kill -9 and a power cut.  Writers take turns. */
#include "store/rollup.h"
#include "store/sqlite_inside.h"

#include <stdio.h>
#include <stdlib.h>

/* The cap is STORE_MESSAGES_MAX. */
static const char *const sql[STATEMENTS] = {
	[PUT_REPORT] = "INSERT INTO report VALUES "
		       "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[PUT_BLOCK] = "INSERT INTO record_block VALUES (?,?,?,?,?)",
	[PUT_DAY] = "INSERT INTO traffic_day VALUES (?,?,?,?,?,?) "
		    "ON CONFLICT (domain, day, dkim, spf, disposition) "
		    "DO UPDATE SET messages ="
		    " min(messages + excluded.messages, 4000000000000000000)",
	[PUT_PIECE] = "INSERT INTO pack_new VALUES (?,?,?,?,?,?,?,?)",
	[PUT_CHUNK] = "INSERT INTO pack VALUES (?,?,?,?,?,?,?,?)",
	[PUT_ORIGINAL] = "INSERT INTO original VALUES (?,?,?,?,?)",
	[PUT_TLS] = "INSERT INTO tls VALUES (?,?,?,?,?,?,?,?,?,?,?)",
	[PUT_FAILURE] =
		"INSERT INTO failure VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[PUT_POLICY] = "INSERT INTO verdict_policy VALUES "
		       "(?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
	[PUT_VERDICT] = "INSERT INTO verdict VALUES "
			"(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
			"ON CONFLICT DO NOTHING",
	[PUT_OWN_DAY] = "INSERT INTO verdict_day VALUES (?,?,?,?,?,?) "
			"ON CONFLICT (domain, day, dkim, spf, disposition) "
			"DO UPDATE SET messages = messages + excluded.messages",
	[OLDEST_DAY] = "SELECT day FROM verdict_day WHERE day < ? "
		       "ORDER BY day LIMIT 1",
	[DAY_MESSAGES] = "SELECT sum(messages) FROM verdict_day WHERE day = ?",
	[DROP_VERDICTS] = "DELETE FROM verdict WHERE domain IN (SELECT domain "
			  "FROM verdict_day WHERE day = ?1) AND day = ?1",
	[DROP_POLICIES] = "DELETE FROM verdict_policy WHERE day = ?",
	[DROP_SUMS] = "DELETE FROM verdict_day WHERE day = ?",
	[NEXT_NUMBER] = "SELECT coalesce(max(report), 0) + 1 FROM report "
			"WHERE domain = ?",
	[FIND_IDENT] = "SELECT 1 FROM report WHERE domain = ? AND ident = ?",
	[FIND_NAMED] =
		"SELECT 1 FROM report WHERE domain = ? AND report_id = ? AND "
		"org = ? AND kind = ? LIMIT 1",
	[SAVE] = "SAVEPOINT report",
	[RELEASE] = "RELEASE report",
	[BACK] = "ROLLBACK TO report",
};

bool sqlite_failed(struct sqlite *q, const char *doing, struct err *e)
{
	int code = q->db ? sqlite3_errcode(q->db) : SQLITE_NOMEM;

	switch (code) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(e, ERR_UNAVAILABLE,
			       "store %s is busy: another program writes to "
			       "it; try again",
			       q->path);
	case SQLITE_FULL:
		return err_set(e, ERR_CREATE,
			       "store %s cannot grow: the disk is full; make "
			       "room%s",
			       q->path,
			       q->store.recording
				       ? ""
				       : " and import again, nothing "
					 "counts twice");
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return err_set(e, ERR_DATA,
			       "store %s is damaged or no database of inkan "
			       "(%s): move it away, or name another",
			       q->path, sqlite3_errmsg(q->db));
	case SQLITE_INTERRUPT:
		return err_set(e, ERR_UNAVAILABLE,
			       "store %s: that took too long; choose fewer "
			       "days",
			       q->path);
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return err_set(e, ERR_PERMISSION,
			       "store %s must not be written by this user",
			       q->path);
	default:
		return err_set(e, ERR_UNAVAILABLE, "store %s: cannot %s: %s",
			       q->path, doing,
			       q->db ? sqlite3_errmsg(q->db) : "no memory");
	}
}

bool sqlite_run(struct sqlite *q, const char *text, struct err *e)
{
	return sqlite3_exec(q->db, text, NULL, NULL, NULL) == SQLITE_OK ||
	       sqlite_failed(q, "set it up", e);
}

/* A prepared statement, made when it is first needed. */
static sqlite3_stmt *statement(struct sqlite *q, enum statement which)
{
	if (!q->stmt[which] &&
	    sqlite3_prepare_v3(q->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT,
			       &q->stmt[which], NULL) != SQLITE_OK)
		return NULL;
	return q->stmt[which];
}

struct binding sqlite_bind(struct sqlite *q, enum statement which)
{
	sqlite3_stmt *stmt = statement(q, which);

	return (struct binding){ stmt, 0, stmt != NULL };
}

void bind_text(struct binding *b, str s)
{
	b->ok = b->ok &&
		sqlite3_bind_text(b->stmt, ++b->at, s.n || !s.p ? s.p : "",
				  (int)s.n, SQLITE_STATIC) == SQLITE_OK;
}

void bind_some(struct binding *b, str s)
{
	bind_text(b, s.p ? s : STR(""));
}

void bind_int(struct binding *b, int64_t v)
{
	b->ok = b->ok && sqlite3_bind_int64(b->stmt, ++b->at, v) == SQLITE_OK;
}

void bind_blob(struct binding *b, str s)
{
	b->ok = b->ok && sqlite3_bind_blob(b->stmt, ++b->at, s.p, (int)s.n,
					   SQLITE_STATIC) == SQLITE_OK;
}

bool sqlite_simple(struct sqlite *q, enum statement which, struct err *e)
{
	struct binding b = sqlite_bind(q, which);

	return sqlite_step(q, &b, NULL, NULL, e);
}

bool sqlite_step(struct sqlite *q, struct binding *b, bool *row, int64_t *value,
		 struct err *e)
{
	int rc = b->ok ? sqlite3_step(b->stmt) : SQLITE_ERROR;
	bool ok = rc == SQLITE_DONE || rc == SQLITE_ROW ||
		  sqlite_failed(q, "write", e);

	if (row)
		*row = rc == SQLITE_ROW;
	if (value && rc == SQLITE_ROW)
		*value = sqlite3_column_int64(b->stmt, 0);
	if (b->stmt)
		(void)sqlite3_reset(b->stmt);
	return ok;
}

bool sqlite_begin(struct store *s, struct err *e)
{
	struct sqlite *q = sqlite_of(s);

	q->added = (struct store_counts){ 0 };
	rollup_reset(q->batch);
	return sqlite3_exec(q->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) ==
		       SQLITE_OK ||
	       sqlite_failed(q, "begin", e);
}

static bool commit(struct store *s, struct store_counts *added, struct err *e)
{
	struct sqlite *q = sqlite_of(s);

	if (!sqlite_flush_days(q, e))
		return false;
	if (sqlite3_exec(q->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		return sqlite_failed(q, "commit", e);
	added->reports += q->added.reports;
	added->records += q->added.records;
	added->duplicates += q->added.duplicates;
	added->reused += q->added.reused;
	return true;
}

void sqlite_rollback(struct store *s)
{
	(void)sqlite3_exec(sqlite_of(s)->db, "ROLLBACK", NULL, NULL, NULL);
}

static bool give_row(sqlite3_stmt *stmt, store_row_fn *fn, void *arg)
{
	enum { COLUMNS = 32 };
	str columns[COLUMNS];
	int n = sqlite3_column_count(stmt);

	for (int i = 0; i < n && i < COLUMNS; i++) {
		const char *p = (const char *)sqlite3_column_text(stmt, i);

		columns[i] = (str){ p, (size_t)sqlite3_column_bytes(stmt, i) };
	}
	return fn(arg, columns);
}

static bool query(struct store *s, const char *text, const str *params,
		  size_t n, store_row_fn *fn, void *arg, struct err *e)
{
	struct sqlite *q = sqlite_of(s);
	sqlite3_stmt *stmt = NULL;
	bool ok = sqlite3_prepare_v2(q->db, text, -1, &stmt, NULL) ==
			  SQLITE_OK ||
		  sqlite_failed(q, "read", e);
	int rc = SQLITE_ROW;

	for (size_t i = 0; ok && i < n; i++) {
		char name[32];

		(void)snprintf(name, sizeof name, "$%zu", i + 1);

		int at = sqlite3_bind_parameter_index(stmt, name);

		if (at &&
		    sqlite3_bind_text(stmt, at, params[i].p, (int)params[i].n,
				      SQLITE_STATIC) != SQLITE_OK)
			ok = sqlite_failed(q, "read", e);
	}
	while (ok && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
		ok = give_row(stmt, fn, arg);
	if (ok && rc != SQLITE_DONE)
		ok = sqlite_failed(q, "read", e);
	(void)sqlite3_finalize(stmt);
	return ok;
}

/* Looked at now and then while a question is answered. */
static int is_late(void *arg)
{
	const struct sqlite *q = arg;
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec > q->deadline;
}

static bool read_begin(struct store *s, struct err *e)
{
	enum { STEPS = 100000 };
	struct sqlite *q = sqlite_of(s);
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	q->deadline = t.tv_sec + STORE_READ_MS / 1000;
	if (!sqlite_run(q, "PRAGMA query_only=ON; BEGIN", e))
		return false;
	sqlite3_progress_handler(q->db, STEPS, is_late, q);
	return true;
}

static void read_end(struct store *s)
{
	struct sqlite *q = sqlite_of(s);

	sqlite3_progress_handler(q->db, 0, NULL, NULL);
	sqlite_rollback(s);
	(void)sqlite3_exec(q->db, "PRAGMA query_only=OFF", NULL, NULL, NULL);
}

void sqlite_close(struct store *s)
{
	struct sqlite *q = sqlite_of(s);

	for (int i = 0; i < STATEMENTS; i++)
		(void)sqlite3_finalize(q->stmt[i]);
	(void)sqlite3_close(q->db);
	rollup_free(q->batch);
	free(q->path);
	free(q);
}

const struct store_ops sqlite_ops = {
	.begin = sqlite_begin,
	.commit = commit,
	.rollback = sqlite_rollback,
	.is_known = sqlite_is_known,
	.report_begin = sqlite_report_begin,
	.put_block = sqlite_put_block,
	.put_days = sqlite_put_days,
	.put_piece = sqlite_put_piece,
	.put_original = sqlite_put_original,
	.put_tls = sqlite_put_tls,
	.put_failure = sqlite_put_failure,
	.report_end = sqlite_report_end,
	.report_cancel = sqlite_report_cancel,
	.query = query,
	.put_verdicts = sqlite_put_verdicts,
	.prune_verdicts = sqlite_prune_verdicts,
	.settle_begin = sqlite_settle_begin,
	.settle_end = sqlite_settle_end,
	.put_chunk = sqlite_put_chunk,
	.end_chunks = sqlite_end_chunks,
	.small_begin = sqlite_begin,
	.read_begin = read_begin,
	.read_end = read_end,
	.close = sqlite_close,
};
