/* Rows in memory as tables of SQLite (virtual ones, known to this connection
 * alone): INSERT ... SELECT puts hundreds of them by one statement, which costs
 * half of what a statement for each does. */
#include "store/sqlite_inside.h"

#include <stdio.h>

struct table {
	sqlite3_vtab base;
	const struct sqlite_rows *rows;
};

struct cursor {
	sqlite3_vtab_cursor base;
	size_t at;
};

static const struct sqlite_rows *rows_of(const sqlite3_vtab_cursor *c)
{
	return ((const struct table *)(const void *)c->pVtab)->rows;
}

static size_t *at(sqlite3_vtab_cursor *c)
{
	return &((struct cursor *)c)->at;
}

static int connect_table(sqlite3 *db, void *rows, int argc,
			 const char *const *argv, sqlite3_vtab **out,
			 char **why)
{
	struct table *t;
	int rc = sqlite3_declare_vtab(
		db, ((const struct sqlite_rows *)rows)->declaration);

	(void)argc;
	(void)argv;
	(void)why;
	if (rc != SQLITE_OK)
		return rc;
	(void)sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
	t = sqlite3_malloc(sizeof *t);
	if (!t)
		return SQLITE_NOMEM;
	*t = (struct table){ .rows = rows };
	*out = &t->base;
	return SQLITE_OK;
}

static int disconnect(sqlite3_vtab *t)
{
	sqlite3_free(t);
	return SQLITE_OK;
}

static int best_index(sqlite3_vtab *t, sqlite3_index_info *info)
{
	(void)t;
	info->estimatedCost = 512;
	info->estimatedRows = 512;
	return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *t, sqlite3_vtab_cursor **out)
{
	struct cursor *c = sqlite3_malloc(sizeof *c);

	(void)t;
	if (!c)
		return SQLITE_NOMEM;
	*c = (struct cursor){ 0 };
	*out = &c->base;
	return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *c)
{
	sqlite3_free(c);
	return SQLITE_OK;
}

static int filter(sqlite3_vtab_cursor *c, int number, const char *text,
		  int argc, sqlite3_value **argv)
{
	(void)number;
	(void)text;
	(void)argc;
	(void)argv;
	*at(c) = 0;
	return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *c)
{
	++*at(c);
	return SQLITE_OK;
}

static int is_end(sqlite3_vtab_cursor *c)
{
	return *at(c) >= rows_of(c)->n;
}

static int column(sqlite3_vtab_cursor *c, sqlite3_context *to, int i)
{
	const struct sqlite_rows *r = rows_of(c);

	r->column(r, to, *at(c), i);
	return SQLITE_OK;
}

static int row_id(sqlite3_vtab_cursor *c, sqlite3_int64 *id)
{
	*id = (sqlite3_int64)*at(c);
	return SQLITE_OK;
}

/* ---- what they give; the rows outlive the statement ---- */

static void give(sqlite3_context *to, str s)
{
	sqlite3_result_text(to, s.n ? s.p : "", (int)s.n, SQLITE_STATIC);
}

static void give_maybe(sqlite3_context *to, str s)
{
	if (s.p)
		give(to, s);
}

static void give_count(sqlite3_context *to, uint64_t n)
{
	char text[24];

	if (n <= INT64_MAX) {
		sqlite3_result_int64(to, (sqlite3_int64)n);
		return;
	}
	(void)snprintf(text, sizeof text, "%llu", (unsigned long long)n);
	sqlite3_result_text(to, text, -1, SQLITE_TRANSIENT);
}

static void record_column(const struct sqlite_rows *rows, sqlite3_context *to,
			  size_t at, int i)
{
	const struct store_record *r = (const struct store_record *)rows->rows +
				       at;
	const struct sqlite *q = rows->q;

	switch (i) {
	case 0:
		give(to, q->store.head.domain);
		break;
	case 1:
		sqlite3_result_int64(to, q->number);
		break;
	case 2:
		sqlite3_result_int64(to, (sqlite3_int64)(q->store.n + at + 1));
		break;
	case 3:
		give(to, r->source_ip);
		break;
	case 4:
		give_count(to, r->messages);
		break;
	case 5:
		give(to, r->disposition);
		break;
	case 6:
		sqlite3_result_int(to, r->dkim);
		break;
	case 7:
		sqlite3_result_int(to, r->spf);
		break;
	case 8:
		give(to, r->header_from);
		break;
	case 9:
		give_maybe(to, r->envelope_from);
		break;
	case 10:
		give_maybe(to, r->envelope_to);
		break;
	case 11:
		give_maybe(to, r->reasons);
		break;
	case 12:
		give(to, r->auth);
		break;
	default:
		give_maybe(to, r->raw);
	}
}

static void traffic_column(const struct sqlite_rows *rows, sqlite3_context *to,
			   size_t at, int i)
{
	const struct traffic *t = (const struct traffic *)rows->rows + at;

	switch (i) {
	case 0:
		give(to, t->domain);
		break;
	case 1:
		sqlite3_result_int64(to, t->day);
		break;
	case 2:
		give(to, t->source_ip);
		break;
	case 3:
		sqlite3_result_int(to, t->dkim);
		break;
	case 4:
		sqlite3_result_int(to, t->spf);
		break;
	case 5:
		give(to, t->disposition);
		break;
	case 6:
		sqlite3_result_int64(to, t->hints);
		break;
	case 7:
		give(to, t->selector);
		break;
	case 8:
		give(to, t->via);
		break;
	default:
		sqlite3_result_int64(to, (sqlite3_int64)t->messages);
	}
}

bool sqlite_rows_register(struct sqlite *q)
{
	/* without xCreate: there without being created, and never in a schema */
	static const sqlite3_module module = {
		.xConnect = connect_table,
		.xBestIndex = best_index,
		.xDisconnect = disconnect,
		.xOpen = open_cursor,
		.xClose = close_cursor,
		.xFilter = filter,
		.xNext = next,
		.xEof = is_end,
		.xColumn = column,
		.xRowid = row_id,
	};

	q->records = (struct sqlite_rows){
		.q = q,
		.declaration =
			"CREATE TABLE x (domain, report, n, source_ip,"
			" messages, disposition, dkim, spf, header_from,"
			" envelope_from, envelope_to, reasons, auth, raw)",
		.column = record_column,
	};
	q->traffic = (struct sqlite_rows){
		.q = q,
		.declaration = "CREATE TABLE x (domain, day, source_ip, dkim,"
			       " spf, disposition, hints, selector, via,"
			       " messages)",
		.column = traffic_column,
	};
	return sqlite3_create_module(q->db, "records_in", &module,
				     &q->records) == SQLITE_OK &&
	       sqlite3_create_module(q->db, "traffic_in", &module,
				     &q->traffic) == SQLITE_OK;
}
