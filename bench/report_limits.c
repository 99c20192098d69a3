/* report_limits inflate|expat FILE...: what reading .xml.gz costs before anything
 * is understood: unpacking alone, and unpacking with expat looking at it.
 * report_limits sqlite ROWS DATABASE: what the rows alone cost in a table with a row
 * for each, one prepared statement, batches of the same size. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>
#include <sqlite3.h>
#include <zlib.h>

static void XMLCALL on_start(void *arg, const XML_Char *name,
			     const XML_Char **attributes)
{
	(void)arg;
	(void)name;
	(void)attributes;
}

static void XMLCALL on_end(void *arg, const XML_Char *name)
{
	(void)arg;
	(void)name;
}

static void XMLCALL on_text(void *arg, const XML_Char *text, int n)
{
	(void)arg;
	(void)text;
	(void)n;
}

static int read_one(const char *path, int parse)
{
	static char piece[65536];
	XML_Parser p = parse ? XML_ParserCreate("UTF-8") : NULL;
	gzFile f = gzopen(path, "rb");
	int n, ok = f != NULL;

	if (p) {
		XML_SetElementHandler(p, on_start, on_end);
		XML_SetCharacterDataHandler(p, on_text);
	}
	while (ok && (n = gzread(f, piece, sizeof piece)) > 0)
		if (p)
			ok = XML_Parse(p, piece, n, 0) == XML_STATUS_OK;
	if (p && ok)
		ok = XML_Parse(p, "", 0, 1) == XML_STATUS_OK;
	if (p)
		XML_ParserFree(p);
	if (f)
		(void)gzclose(f);
	return ok;
}

static int bind_row(sqlite3_stmt *s, int n)
{
	static const char auth[] =
		"[{\"method\":\"dkim\",\"domain\":\"example.org\","
		"\"selector\":\"s1\",\"result\":\"pass\"},"
		"{\"method\":\"spf\",\"domain\":\"example.org\","
		"\"result\":\"pass\"}]";
	static char ip[48];
	int length = snprintf(ip, sizeof ip, "2001:db8:%x::%x",
			      (unsigned)n % 65536, (unsigned)n % 2000 + 1);

	sqlite3_bind_text(s, 1, "example.org", -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 2, 1);
	sqlite3_bind_int64(s, 3, n);
	sqlite3_bind_text(s, 4, ip, length, SQLITE_STATIC);
	sqlite3_bind_int64(s, 5, n % 9 + 1);
	sqlite3_bind_text(s, 6, "none", 4, SQLITE_STATIC);
	sqlite3_bind_int(s, 7, 1);
	sqlite3_bind_int(s, 8, 1);
	sqlite3_bind_text(s, 9, "example.org", 11, SQLITE_STATIC);
	for (int i = 10; i < 13; i++)
		sqlite3_bind_null(s, i);
	sqlite3_bind_text(s, 13, auth, sizeof auth - 1, SQLITE_STATIC);
	sqlite3_bind_null(s, 14);
	return sqlite3_step(s) == SQLITE_DONE && sqlite3_reset(s) == SQLITE_OK;
}

static int insert(int rows, const char *path)
{
	enum { BATCH = 50000 };
	static const char schema[] =
		"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
		"PRAGMA cache_size=-8192;"
		"CREATE TABLE record (domain TEXT NOT NULL, report INTEGER"
		" NOT NULL, n INTEGER NOT NULL, source_ip TEXT NOT NULL,"
		" messages NOT NULL, disposition TEXT NOT NULL, dkim INTEGER"
		" NOT NULL, spf INTEGER NOT NULL, header_from TEXT NOT NULL,"
		" envelope_from TEXT, envelope_to TEXT, reasons TEXT, auth TEXT"
		" NOT NULL, raw TEXT, PRIMARY KEY (domain, report, n))"
		" WITHOUT ROWID; BEGIN";
	sqlite3 *db = NULL;
	sqlite3_stmt *s = NULL;
	int ok = sqlite3_open(path, &db) == SQLITE_OK &&
		 sqlite3_exec(db, schema, NULL, NULL, NULL) == SQLITE_OK &&
		 sqlite3_prepare_v2(db,
				    "INSERT INTO record VALUES "
				    "(?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
				    -1, &s, NULL) == SQLITE_OK;

	for (int i = 1; ok && i <= rows; i++) {
		ok = bind_row(s, i);
		if (ok && i % BATCH == 0)
			ok = sqlite3_exec(db, "COMMIT; BEGIN", NULL, NULL,
					  NULL) == SQLITE_OK;
	}
	ok = ok && sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
	(void)sqlite3_finalize(s);
	(void)sqlite3_close(db);
	return ok;
}

int main(int argc, char **argv)
{
	int ok = argc > 2;

	if (ok && strcmp(argv[1], "sqlite") == 0)
		return argc != 4 ||
		       !insert((int)strtol(argv[2], NULL, 10), argv[3]);
	for (int i = 2; ok && i < argc; i++)
		ok = read_one(argv[i], strcmp(argv[1], "expat") == 0);
	return !ok;
}
