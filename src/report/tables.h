/* tables: everything that the store knows of reports, as rows for CSV (RFC 4180)
 * and JSON.  Values are strangers': no cell of a text begins as a formula. */
#ifndef REPORT_TABLES_H
#define REPORT_TABLES_H

#include "base/buf.h"
#include "store/query.h"

enum {
	TABLE_COLUMNS = 24,
	TABLE_KEYS = 9,
	TABLE_KEY_MAX = 256, /* octets; what the store keeps is shorter */
	TABLE_ROW_MAX = 8 << 20
};

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

/* As table_rows. */
typedef bool table_rows_fn(struct store *s, const struct store_filter *f,
			   const str *after, uint64_t most, struct arena *arena,
			   store_row_fn *fn, void *arg, struct err *e);

struct table {
	const char *name;
	table_rows_fn *rows; /* NULL: those of the question */
	const char *select; /* up to where WHERE begins */
	const char *domain; /* its column */
	const char *key[3]; /* the columns that order the rows */
	unsigned char n_keys;
	unsigned char key_at[TABLE_KEYS]; /* among the columns */
	struct table_column column[TABLE_COLUMNS]; /* ends with a NULL name */
};

extern const struct table tables[]; /* ends with a NULL name */

/* The keys of a row, which point into it: it is not copied. */
struct table_place {
	str key[TABLE_KEYS];
	char text[TABLE_KEYS][TABLE_KEY_MAX];
};
void table_place(const struct table *t, const str *values,
		 struct table_place *to);

/* Rows in order, of the filter's domain and days: behind the row with the keys
 * `after` (NULL: from the start), at most `most` of them.  In one state of the
 * store (store_read_begin); the arena takes what is read for some tables, so ask
 * for some thousands and reset it. */
bool table_rows(struct store *s, const struct table *t,
		const struct store_filter *f, const str *after, uint64_t most,
		struct arena *arena, store_row_fn *fn, void *arg,
		struct err *e);

table_rows_fn table_records, table_traffic;
str table_number(char text[24], uint64_t n); /* as a row has it */

/* The rows of one report, of a table that has a question. */
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
