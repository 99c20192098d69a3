/* Connecting, and bringing the tables to this program's schema. */
#include "store/pgsql_inside.h"

#include <stdio.h>
#include <stdlib.h>

static bool take_version(void *arg, const str *columns)
{
	*(int *)arg = (int)strtol(columns[0].p ? columns[0].p : "0", NULL, 10);
	return true;
}

static bool version(struct pgsql *q, int *v, struct err *e)
{
	bool there = false;
	int n = 0;

	*v = 0;
	if (!pgsql_query(&q->store,
			 "SELECT count(*) FROM pg_tables WHERE tablename ="
			 " 'inkan_schema' AND schemaname = current_schema()",
			 NULL, 0, take_version, &n, e))
		return false;
	there = n > 0;
	return !there || pgsql_query(&q->store,
				     "SELECT coalesce(max(version), 0) FROM "
				     "inkan_schema",
				     NULL, 0, take_version, v, e);
}

static bool apply(struct pgsql *q, int have, struct err *e)
{
	char note[80];

	if (!pgsql_run(q,
		       "CREATE TABLE IF NOT EXISTS inkan_schema"
		       " (version INTEGER PRIMARY KEY)",
		       "make its tables", e))
		return false;
	for (int i = have; pgsql_migrations[i]; i++) {
		(void)snprintf(note, sizeof note,
			       "INSERT INTO inkan_schema VALUES (%d)", i + 1);
		if (!pgsql_run(q, pgsql_migrations[i], "make its tables", e) ||
		    !store_backfill(&q->store, i, e) ||
		    !pgsql_run(q, note, "make its tables", e))
			return false;
	}
	return true;
}

static bool migrate(struct pgsql *q, bool create, struct err *e)
{
	int have, newest = 0;

	while (pgsql_migrations[newest])
		newest++;
	if (!version(q, &have, e))
		return false;
	if (have > newest)
		return err_set(e, ERR_CONFIG,
			       "the store was made by a newer inkan (schema "
			       "%d, this program knows %d)",
			       have, newest);
	if (have == newest)
		return true;
	if (!create)
		return err_set(e, ERR_NO_INPUT,
			       have ? "the database is of an older inkan: the "
				      "next inkan reports import brings it up "
				      "to date"
				    : "the database has no reports yet: inkan "
				      "reports import puts them there");
	/* one program at a time; another may have been faster */
	if (!pgsql_run(q, "BEGIN; SELECT pg_advisory_xact_lock(1768846190)",
		       "make its tables", e))
		return false;
	if (version(q, &have, e) && apply(q, have, e) &&
	    pgsql_run(q, "COMMIT", "make its tables", e))
		return true;
	pgsql_rollback(&q->store);
	return false;
}

static void quiet(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

struct store *pgsql_open(const char *url, enum store_use use,
			 const struct store_telling *telling, struct err *e)
{
	/* what stands before dbname may be said otherwise by the URL; a server
	 * that is cut off is noticed, and one that waits for nobody */
	static const char *const names[] = { "connect_timeout",
					     "tcp_user_timeout",
					     "keepalives_idle",
					     "keepalives_interval",
					     "dbname",
					     "client_encoding",
					     "fallback_application_name",
					     NULL };
	const char *const values[] = { "10", "15000", "30",    "5",
				       url,  "UTF8",  "inkan", NULL };
	struct pgsql *q = calloc(1, sizeof *q);

	if (!q) {
		(void)err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	q->store.ops = &pgsql_ops;
	q->store.recording = use == STORE_RECORD;
	q->store.telling = *telling;
	q->chunks = buf_of(NULL, FLUSH_AT + ROW_MAX);
	for (int i = 0; i < STAGES; i++)
		q->stage[i] = buf_of(NULL, FLUSH_AT + ROW_MAX);
	q->conn = PQconnectdbParams(names, values, 1);
	if (PQstatus(q->conn) != CONNECTION_OK) {
		(void)pgsql_failed(q, "connect", e);
	} else {
		(void)PQsetNoticeProcessor(q->conn, quiet, NULL);
		if (migrate(q, use != STORE_READ, e))
			return &q->store;
	}
	pgsql_close(&q->store);
	return NULL;
}
