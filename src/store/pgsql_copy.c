/* Rows in the text of COPY, and their way to the server. */
#include "store/pgsql_inside.h"

void copy_text(struct buf *b, str s)
{
	size_t start = 0;

	for (size_t i = 0; i < s.n; i++) {
		const char *as = s.p[i] == '\t'   ? "\\t"
				 : s.p[i] == '\n' ? "\\n"
				 : s.p[i] == '\r' ? "\\r"
				 : s.p[i] == '\\' ? "\\\\"
						  : NULL;

		if (!as)
			continue;
		buf_put(b, (str){ s.p + start, i - start });
		buf_put(b, str_of(as));
		start = i + 1;
	}
	buf_put(b, (str){ s.p + start, s.n - start });
}

void copy_column(struct buf *b, str s)
{
	buf_putc(b, '\t');
	copy_text(b, s);
}

void copy_maybe(struct buf *b, str s)
{
	buf_putc(b, '\t');
	if (s.p)
		copy_text(b, s);
	else
		buf_put(b, STR("\\N"));
}

void copy_number(struct buf *b, uint64_t n)
{
	char digits[24];
	size_t at = sizeof digits;

	digits[--at] = (char)('0' + n % 10);
	while (n /= 10)
		digits[--at] = (char)('0' + n % 10);
	digits[--at] = '\t';
	buf_put(b, (str){ digits + at, sizeof digits - at });
}

bool copy_send(struct pgsql *q, const char *sql, struct buf *b, struct err *e)
{
	PGresult *r;
	bool ok;

	if (!b->n)
		return true;
	if (b->overflow)
		return err_set(e, ERR_INTERNAL, "out of memory");
	ok = pgsql_end(q, PQexec(q->conn, sql)) == PGRES_COPY_IN &&
	     PQputCopyData(q->conn, b->p, (int)b->n) == 1 &&
	     PQputCopyEnd(q->conn, NULL) == 1;
	b->n = 0;
	if (!ok)
		return pgsql_failed(q, "write", e);
	while ((r = PQgetResult(q->conn)))
		ok = pgsql_end(q, r) == PGRES_COMMAND_OK && ok;
	return ok || pgsql_failed(q, "write", e);
}
