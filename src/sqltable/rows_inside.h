/* Between rows.c and the databases. */
#ifndef SQLTABLE_ROWS_INSIDE_H
#define SQLTABLE_ROWS_INSIDE_H

#include "sqltable/rows.h"

/* One row: the key and d's columns; absent (p == NULL) is SQL's NULL.  False:
 * *e. */
bool rows_add(struct rows *r, str key, const str *columns, unsigned n,
	      struct err *e);

bool rows_sqlite(const struct dsn *d, const char *query, struct rows *out,
		 struct err *e);
bool rows_pgsql(const struct dsn *d, const char *query, struct rows *out,
		struct err *e);

#endif
