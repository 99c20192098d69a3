/* dsn: the name of an SQL table as opendkim's data sets have it:
 *
 *	dsn:BACKEND://[USER[:PASSWORD]@][PORT+]HOST/DATABASE/table=T
 *		?keycol=K?datacol=A,B,C[?filter=CONDITION]
 *
 * "=XX" stands for the octet of that hexadecimal number, anywhere.  Of SQLite
 * HOST/DATABASE is the path of the file; "localhost" in front of it is nothing.
 */
#ifndef SQLTABLE_DSN_H
#define SQLTABLE_DSN_H

#include "base/arena.h"
#include "base/err.h"

enum dsn_backend { DSN_SQLITE, DSN_PGSQL };

enum { DSN_COLUMNS = 8 };

/* All texts end with NUL behind their last octet; absent: p == NULL. */
struct dsn {
	enum dsn_backend backend;
	str user, password, host, port;
	str database; /* of SQLite: the path */
	str table, key, filter;
	str columns[DSN_COLUMNS];
	unsigned n_columns; /* 1 at least */
};

/* text with or without its "dsn:"; everything is copied.  False: *e, which
 * never holds the password. */
bool dsn_parse(struct arena *arena, str text, struct dsn *out, struct err *e);

/* For messages: without user and password. */
str dsn_label(struct arena *arena, const struct dsn *d);

/* SELECT key, columns FROM table [WHERE filter] in a stable order. */
str dsn_query(struct arena *arena, const struct dsn *d);

#endif
