#include "sqltable/rows_inside.h"

#include <string.h>

static void leave_out(struct rows *r, str key)
{
	size_t n = key.n < sizeof r->left_key - 1 ? key.n
						  : sizeof r->left_key - 1;

	if (r->left_out++ == 0)
		memcpy(r->left_key, key.p, n);
}

/* Only the last field may hold a colon, and none a NUL. */
static bool can_be_told(const str *columns, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (str_find(columns[i], '\0') < columns[i].n ||
		    (i + 1 < n && str_find(columns[i], ':') < columns[i].n))
			return false;
	return true;
}

bool rows_add(struct rows *r, str key, const str *columns, unsigned n,
	      struct err *e)
{
	if (!key.n)
		return true;
	if (str_find(key, '\0') < key.n || !can_be_told(columns, n)) {
		leave_out(r, str_head(key, str_find(key, '\0')));
		return true;
	}
	buf_put(&r->text, key);
	buf_putc(&r->text, '\0');
	for (unsigned i = 0; i < n; i++) {
		if (i > 0)
			buf_putc(&r->text, ':');
		buf_put(&r->text, columns[i]);
	}
	buf_putc(&r->text, '\0');
	r->n++;
	return !r->text.overflow ||
	       err_set(e, ERR_CONFIG, "the table is too large (%zu rows fit)",
		       r->n - 1);
}

bool rows_read(struct arena *arena, const struct dsn *d, size_t max,
	       struct rows *out, struct err *e)
{
	const char *query = dsn_query(arena, d).p;
	bool ok;

	*out = (struct rows){ .text = buf_of(NULL, max) };
	ok = d->backend == DSN_SQLITE ? rows_sqlite(d, query, out, e)
				      : rows_pgsql(d, query, out, e);
	if (!ok)
		rows_free(out);
	return ok;
}

void rows_free(struct rows *r)
{
	buf_free(&r->text);
}
