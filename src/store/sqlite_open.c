/* Opening the file: made when it is not there, brought to this program's schema,
 * and set up. */
#include "base/limits.h"
#include "store/rollup.h"
#include "store/sqlite_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_MS = 30000, RECORDER_BUSY_MS = 2000, CACHE_KB = 8192 };

/* sum() that ends at INT64_MAX instead of in an error. */
static void sum_step(sqlite3_context *c, int n, sqlite3_value **v)
{
	int64_t *sum = sqlite3_aggregate_context(c, sizeof *sum);
	int64_t x = n ? sqlite3_value_int64(v[0]) : 0;

	if (sum && __builtin_add_overflow(*sum, x, sum))
		*sum = INT64_MAX;
}

static void sum_end(sqlite3_context *c)
{
	int64_t *sum = sqlite3_aggregate_context(c, 0);

	if (sum)
		sqlite3_result_int64(c, *sum);
	else
		sqlite3_result_null(c);
}

static bool version(struct sqlite *q, int *v, struct err *e)
{
	sqlite3_stmt *stmt = NULL;
	bool ok = sqlite3_prepare_v2(q->db, "PRAGMA user_version", -1, &stmt,
				     NULL) == SQLITE_OK &&
		  sqlite3_step(stmt) == SQLITE_ROW;

	*v = ok ? sqlite3_column_int(stmt, 0) : 0;
	if (!ok)
		(void)sqlite_failed(q, "read it", e);
	(void)sqlite3_finalize(stmt);
	return ok;
}

static bool apply(struct sqlite *q, int have, struct err *e)
{
	char text[64];

	for (int i = have; sqlite_migrations[i]; i++) {
		(void)snprintf(text, sizeof text, "PRAGMA user_version = %d",
			       i + 1);
		if (!sqlite_run(q, sqlite_migrations[i], e) ||
		    !sqlite_run(q, text, e) || !store_backfill(&q->store, i, e))
			return false;
	}
	return true;
}

static int newest(void)
{
	int n = 0;

	while (sqlite_migrations[n])
		n++;
	return n;
}

static bool migrate(struct sqlite *q, bool create, struct err *e)
{
	int have;

	if (!version(q, &have, e))
		return false;
	if (have > newest())
		return err_set(e, ERR_CONFIG,
			       "store %s was made by a newer inkan (schema %d, "
			       "this program knows %d)",
			       q->path, have, newest());
	if (have == newest())
		return true;
	if (!create)
		return err_set(
			e, ERR_NO_INPUT,
			have ? "store %s is of an older inkan: the next "
			       "inkan reports import brings it up to date"
			     : "store %s has no reports yet: inkan "
			       "reports import puts them there",
			q->path);
	/* another program may have been faster: look again, alone */
	if (!sqlite_run(q, "BEGIN IMMEDIATE", e))
		return false;
	if (version(q, &have, e) && apply(q, have, e) &&
	    sqlite_run(q, "COMMIT", e))
		return true;
	sqlite_rollback(&q->store);
	return false;
}

/* Made before SQLite does, readable by its owner and group only: reports name
 * people. */
static bool make_file(const char *path, struct err *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);

	if (fd < 0 && errno == ENOENT) {
		(void)err_sys(e, "cannot create store %s", path);
		e->code = ERR_CREATE;
		return false;
	}
	if (fd < 0)
		return err_sys(e, "cannot open store %s", path);
	close(fd);
	return true;
}

static bool prepare(struct sqlite *q, bool create, struct err *e)
{
	char text[160];
	/* an import changes this much before it commits; what is written
	 * before that is written twice */
	int cache = create && !q->store.recording ? 4 * CACHE_KB : CACHE_KB;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;

	if (sqlite3_open_v2(q->path, &q->db, flags, NULL) != SQLITE_OK)
		return sqlite_failed(q, "open it", e);
	(void)sqlite3_busy_timeout(q->db, q->store.recording ? RECORDER_BUSY_MS
							     : BUSY_MS);
	(void)sqlite3_create_function(q->db, "sum", 1,
				      SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
				      NULL, sum_step, sum_end);
	(void)snprintf(text, sizeof text,
		       "PRAGMA synchronous=FULL; PRAGMA cache_size=-%d; "
		       "PRAGMA trusted_schema=OFF; PRAGMA temp_store=%s",
		       cache, q->store.recording ? "MEMORY" : "DEFAULT");
	return (!create || sqlite_run(q, "PRAGMA journal_mode=WAL", e)) &&
	       sqlite_run(q, text, e) && migrate(q, create, e);
}

struct store *sqlite_open(const char *path, enum store_use use,
			  const struct store_telling *telling, struct err *e)
{
	bool create = use != STORE_READ;
	struct sqlite *q;

	if (!*path) {
		(void)err_set(e, ERR_USAGE,
			      "the store has no path: write "
			      "sqlite:PATH");
		return NULL;
	}
	if (create && !make_file(path, e))
		return NULL;
	if (!create && access(path, F_OK) != 0) {
		(void)err_sys(e,
			      "there is no store %s (inkan reports import "
			      "makes it, --store names another)",
			      path);
		return NULL;
	}
	q = calloc(1, sizeof *q);
	if (!q || !(q->path = strdup(path)) ||
	    !(q->batch = rollup_new(LIMIT_ROLLUP_BATCH))) {
		free(q ? q->path : NULL);
		free(q);
		(void)err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	q->store.ops = &sqlite_ops;
	q->store.recording = use == STORE_RECORD;
	q->store.telling = *telling;
	if (prepare(q, create, e))
		return &q->store;
	sqlite_close(&q->store);
	return NULL;
}
