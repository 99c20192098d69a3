#include "sqltable/rows_inside.h"

#include <libpq-fe.h>

/* What the server says, in one line; libpq never puts the password there. */
static bool failed(PGconn *conn, const struct dsn *d, struct err *e)
{
	str why = str_first_line(str_of(PQerrorMessage(conn)));

	return err_set(e, ERR_UNAVAILABLE, "PostgreSQL, database %.*s: %.*s",
		       STR_ARG(str_head(d->database, 80)),
		       STR_ARG(str_head(why, 300)));
}

static str column(const PGresult *r, int i)
{
	if (PQgetisnull(r, 0, i))
		return (str){ NULL, 0 };
	return (str){ PQgetvalue(r, 0, i), (size_t)PQgetlength(r, 0, i) };
}

static bool add(const PGresult *r, const struct dsn *d, struct rows *out,
		struct err *e)
{
	str columns[DSN_COLUMNS];

	for (unsigned i = 0; i < d->n_columns; i++)
		columns[i] = column(r, (int)i + 1);
	return rows_add(out, column(r, 0), columns, d->n_columns, e);
}

/* Row by row: a million are never there at once. */
static bool ask(PGconn *conn, const struct dsn *d, const char *query,
		struct rows *out, struct err *e)
{
	bool ok = true;
	PGresult *r;

	if (!PQsendQueryParams(conn, query, 0, NULL, NULL, NULL, NULL, 0) ||
	    !PQsetSingleRowMode(conn))
		return failed(conn, d, e);
	while ((r = PQgetResult(conn))) {
		ExecStatusType status = PQresultStatus(r);

		if (ok && status == PGRES_SINGLE_TUPLE)
			ok = add(r, d, out, e);
		else if (ok && status != PGRES_TUPLES_OK)
			ok = failed(conn, d, e);
		PQclear(r);
		if (!ok)
			return false; /* the connection ends here */
	}
	return true;
}

bool rows_pgsql(const struct dsn *d, const char *query, struct rows *out,
		struct err *e)
{
	static const char *const names[] = { "dbname",   "host",
					     "port",     "user",
					     "password", "connect_timeout",
					     "options",  "application_name",
					     NULL };
	/* dbname first: libpq would read a URL there, but never "" */
	const char *const values[] = {
		d->database.p,
		d->host.p,
		d->port.p,
		d->user.p,
		d->password.p,
		"5",
		"-c statement_timeout=30000 -c default_transaction_read_only=on",
		"inkan",
		NULL
	};
	PGconn *conn = PQconnectdbParams(names, values, 0);
	bool ok = PQstatus(conn) == CONNECTION_OK ? ask(conn, d, query, out, e)
						  : failed(conn, d, e);

	PQfinish(conn);
	return ok;
}
