/* tables: everything that the store knows of reports, as rows for CSV (RFC 4180)
 * and JSON.  Values are strangers': no cell of a text begins as a formula. */
#ifndef REPORT_TABLES_H
#define REPORT_TABLES_H

#include "base/buf.h"
#include "store/query.h"

enum { TABLE_COLUMNS = 24, TABLE_KEYS = 9, TABLE_ROW_MAX = 8 << 20 };

enum table_cell {
	CELL_TEXT,
	CELL_NUMBER,
	CELL_JSON,
	CELL_TIME,
	CELL_DAY,
	CELL_FLAG
};

struct table_column {
	const char *name;
	enum table_cell cell;
};

struct table {
	const char *name;
	const char *select; /* up to where WHERE begins */
	const char *domain; /* its column */
	bool by_day; /* else by the report's time */
	/* What orders the rows, ends with NULL: the first column is text, the
	 * others are numbers unless text_key says so. */
	const char *key[TABLE_KEYS + 1];
	unsigned char key_at[TABLE_KEYS]; /* among the columns */
	unsigned text_key; /* bits */
	struct table_column column[TABLE_COLUMNS]; /* ends with a NULL name */
};

extern const struct table tables[]; /* ends with a NULL name */

/* Rows in order, of the filter's domain and days: behind the row with the keys
 * `after` (NULL: from the start), at most `most` of them. */
bool table_rows(struct store *s, const struct table *t,
		const struct store_filter *f, const str *after, uint64_t most,
		struct arena *arena, store_row_fn *fn, void *arg,
		struct err *e);

/* The rows of one report. */
bool table_report(struct store *s, const struct table *t, str domain,
		  uint64_t number, struct arena *arena, store_row_fn *fn,
		  void *arg, struct err *e);

/* The first line of CSV, and one row as CSV (with its line end) or JSON. */
void table_csv_head(struct buf *b, const struct table *t);
void table_csv(struct buf *b, const struct table *t, const str *values);
void table_json(struct buf *b, const struct table *t, const str *values);

/* One cell in quotes. */
void cell_csv(struct buf *b, str value, bool text);

#endif
