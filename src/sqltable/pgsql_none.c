/* Built without libpq: PostgreSQL is named, not known. */
#include "sqltable/rows_inside.h"

bool rows_pgsql(const struct dsn *d, const char *query, struct rows *out,
		struct err *e)
{
	(void)query;
	(void)d;
	(void)out;
	return err_set(e, ERR_UNAVAILABLE,
		       "this inkan was built without PostgreSQL: build it with "
		       "libpq, or export the rows into a text file and name it "
		       "with file:");
}
