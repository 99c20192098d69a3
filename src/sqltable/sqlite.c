#include "sqltable/rows_inside.h"

#include <sqlite3.h>

enum { WAIT_MS = 2000 };

static str column(sqlite3_stmt *st, int i)
{
	const void *p = sqlite3_column_text(st, i);

	return (str){ p, p ? (size_t)sqlite3_column_bytes(st, i) : 0 };
}

static bool failed(sqlite3 *db, const struct dsn *d, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "SQLite %.*s: %s",
		       STR_ARG(d->database), sqlite3_errmsg(db));
}

static bool read_all(sqlite3_stmt *st, const struct dsn *d, struct rows *out,
		     int *status, struct err *e)
{
	str columns[DSN_COLUMNS];

	while ((*status = sqlite3_step(st)) == SQLITE_ROW) {
		str key = column(st, 0);

		for (unsigned i = 0; i < d->n_columns; i++)
			columns[i] = column(st, (int)i + 1);
		if (!rows_add(out, key, columns, d->n_columns, e))
			return false;
	}
	return true;
}

static bool ask(sqlite3 *db, const struct dsn *d, const char *query,
		struct rows *out, struct err *e)
{
	sqlite3_stmt *st = NULL;
	const char *tail = NULL;
	int status;
	bool ok;

	(void)sqlite3_busy_timeout(db, WAIT_MS);
	if (sqlite3_prepare_v2(db, query, -1, &st, &tail) != SQLITE_OK)
		return failed(db, d, e);
	if (tail && *tail) {
		(void)sqlite3_finalize(st);
		return err_set(e, ERR_CONFIG,
			       "dsn: filter= holds more than one condition");
	}
	ok = read_all(st, d, out, &status, e);
	if (ok && status != SQLITE_DONE)
		ok = failed(db, d, e);
	(void)sqlite3_finalize(st);
	return ok;
}

bool rows_sqlite(const struct dsn *d, const char *query, struct rows *out,
		 struct err *e)
{
	sqlite3 *db = NULL;
	bool ok;

	if (sqlite3_open_v2(d->database.p, &db, SQLITE_OPEN_READONLY, NULL) ==
	    SQLITE_OK)
		ok = ask(db, d, query, out, e);
	else if (db)
		ok = failed(db, d, e);
	else
		ok = err_set(e, ERR_INTERNAL, "out of memory");
	(void)sqlite3_close(db);
	return ok;
}
