/* rows: an SQL table read whole.  Its text is KEY NUL VALUE NUL for each row,
 * as a table of kind TABLE_ROWS takes it; VALUE is the columns with ":" between,
 * so that its fields are those of a line "NAME DOMAIN:SELECTOR:KEY".
 *
 * Blocking, with limits: five seconds to connect, thirty for the statement. */
#ifndef SQLTABLE_ROWS_H
#define SQLTABLE_ROWS_H

#include "base/buf.h"
#include "sqltable/dsn.h"

struct rows {
	struct buf text;
	size_t n;
	size_t left_out; /* rows whose fields cannot be told apart */
	char left_key[64]; /* of the first of them */
};

/* The text is the heap's (rows_free), max octets at most.  False: *e, and there
 * is nothing to free. */
bool rows_read(struct arena *arena, const struct dsn *d, size_t max,
	       struct rows *out, struct err *e);
void rows_free(struct rows *r);

#endif
