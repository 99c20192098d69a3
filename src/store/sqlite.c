/* The store in one file, by SQLite.  Write-ahead log with synchronous=FULL: what
 * was committed survives kill -9 and a power cut.  Writers take turns. */
#include "store/packs.h"
#include "store/sqlite_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BUSY_MS = 30000, RECORDER_BUSY_MS = 2000, CACHE_KB = 8192 };

/* The cap is STORE_MESSAGES_MAX. */
static const char *const sql[STATEMENTS] = {
	[PUT_REPORT] = "INSERT INTO report VALUES "
		       "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[PUT_RECORD] =
		"INSERT INTO record VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[PUT_TRAFFIC] =
		"INSERT INTO traffic VALUES (?,?,?,?,?,?,?,?,?,?) "
		"ON CONFLICT (domain, day, source_ip, dkim, spf, disposition,"
		" hints, selector, via) DO UPDATE SET messages ="
		" min(messages + excluded.messages, 4000000000000000000)",
	[PUT_DAY] = "INSERT INTO traffic_day VALUES (?,?,?,?,?,?) "
		    "ON CONFLICT (domain, day, dkim, spf, disposition) "
		    "DO UPDATE SET messages ="
		    " min(messages + excluded.messages, 4000000000000000000)",
	[PUT_PIECE] = "INSERT INTO pack_new VALUES (?,?,?,?,?,?,?,?)",
	[PUT_CHUNK] = "INSERT INTO pack VALUES (?,?,?,?,?,?,?,?)",
	[PUT_TLS] = "INSERT INTO tls VALUES (?,?,?,?,?,?,?,?,?,?,?)",
	[PUT_FAILURE] =
		"INSERT INTO failure VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[PUT_POLICY] = "INSERT INTO verdict_policy VALUES "
		       "(?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
	[PUT_VERDICT] = "INSERT INTO verdict VALUES "
			"(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
			"ON CONFLICT DO NOTHING",
	[PUT_OWN_DAY] = "INSERT INTO verdict_day VALUES (?,?,?,?,?,?) "
			"ON CONFLICT (domain, day, dkim, spf, disposition) "
			"DO UPDATE SET messages = messages + excluded.messages",
	[OLDEST_DAY] = "SELECT day FROM verdict_day WHERE day < ? "
		       "ORDER BY day LIMIT 1",
	[DAY_MESSAGES] = "SELECT sum(messages) FROM verdict_day WHERE day = ?",
	[DROP_VERDICTS] = "DELETE FROM verdict WHERE domain IN (SELECT domain "
			  "FROM verdict_day WHERE day = ?1) AND day = ?1",
	[DROP_POLICIES] = "DELETE FROM verdict_policy WHERE day = ?",
	[DROP_SUMS] = "DELETE FROM verdict_day WHERE day = ?",
	[NEXT_NUMBER] = "SELECT coalesce(max(report), 0) + 1 FROM report "
			"WHERE domain = ?",
	[FIND_IDENT] = "SELECT 1 FROM report WHERE domain = ? AND ident = ?",
	[FIND_NAMED] =
		"SELECT 1 FROM report WHERE domain = ? AND report_id = ? AND "
		"org = ? AND kind = ? LIMIT 1",
	[SAVE] = "SAVEPOINT report",
	[RELEASE] = "RELEASE report",
	[BACK] = "ROLLBACK TO report",
};

bool sqlite_failed(struct sqlite *q, const char *doing, struct err *e)
{
	int code = q->db ? sqlite3_errcode(q->db) : SQLITE_NOMEM;

	switch (code) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(e, ERR_UNAVAILABLE,
			       "store %s is busy: another program writes to "
			       "it; try again",
			       q->path);
	case SQLITE_FULL:
		return err_set(e, ERR_CREATE,
			       "store %s cannot grow: the disk is full; make "
			       "room%s",
			       q->path,
			       q->store.recording
				       ? ""
				       : " and import again, nothing "
					 "counts twice");
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return err_set(e, ERR_DATA,
			       "store %s is damaged or no database of inkan "
			       "(%s): move it away, or name another",
			       q->path, sqlite3_errmsg(q->db));
	case SQLITE_INTERRUPT:
		return err_set(e, ERR_UNAVAILABLE,
			       "store %s: that took too long; choose fewer "
			       "days",
			       q->path);
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return err_set(e, ERR_PERMISSION,
			       "store %s must not be written by this user",
			       q->path);
	default:
		return err_set(e, ERR_UNAVAILABLE, "store %s: cannot %s: %s",
			       q->path, doing,
			       q->db ? sqlite3_errmsg(q->db) : "no memory");
	}
}

bool sqlite_run(struct sqlite *q, const char *text, struct err *e)
{
	return sqlite3_exec(q->db, text, NULL, NULL, NULL) == SQLITE_OK ||
	       sqlite_failed(q, "set it up", e);
}

/* A prepared statement, made when it is first needed. */
static sqlite3_stmt *statement(struct sqlite *q, enum statement which)
{
	if (!q->stmt[which] &&
	    sqlite3_prepare_v3(q->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT,
			       &q->stmt[which], NULL) != SQLITE_OK)
		return NULL;
	return q->stmt[which];
}

struct binding sqlite_bind(struct sqlite *q, enum statement which)
{
	sqlite3_stmt *stmt = statement(q, which);

	return (struct binding){ stmt, 0, stmt != NULL };
}

void bind_text(struct binding *b, str s)
{
	b->ok = b->ok &&
		sqlite3_bind_text(b->stmt, ++b->at, s.n || !s.p ? s.p : "",
				  (int)s.n, SQLITE_STATIC) == SQLITE_OK;
}

void bind_some(struct binding *b, str s)
{
	bind_text(b, s.p ? s : STR(""));
}

void bind_int(struct binding *b, int64_t v)
{
	b->ok = b->ok && sqlite3_bind_int64(b->stmt, ++b->at, v) == SQLITE_OK;
}

static void bind_blob(struct binding *b, str s)
{
	b->ok = b->ok && sqlite3_bind_blob(b->stmt, ++b->at, s.p, (int)s.n,
					   SQLITE_STATIC) == SQLITE_OK;
}

/* text has room for 21 octets and lives until the step */
static void bind_count(struct binding *b, uint64_t v, char text[21])
{
	if (v <= INT64_MAX)
		bind_int(b, (int64_t)v);
	else
		bind_text(b, (str){ text,
				    (size_t)snprintf(text, 21, "%llu",
						     (unsigned long long)v) });
}

bool sqlite_step(struct sqlite *q, struct binding *b, bool *row, int64_t *value,
		 struct err *e)
{
	int rc = b->ok ? sqlite3_step(b->stmt) : SQLITE_ERROR;
	bool ok = rc == SQLITE_DONE || rc == SQLITE_ROW ||
		  sqlite_failed(q, "write", e);

	if (row)
		*row = rc == SQLITE_ROW;
	if (value && rc == SQLITE_ROW)
		*value = sqlite3_column_int64(b->stmt, 0);
	if (b->stmt)
		(void)sqlite3_reset(b->stmt);
	return ok;
}

static bool simple(struct sqlite *q, enum statement which, struct err *e)
{
	struct binding b = sqlite_bind(q, which);

	return sqlite_step(q, &b, NULL, NULL, e);
}

bool sqlite_begin(struct store *s, struct err *e)
{
	struct sqlite *q = sqlite_of(s);

	q->added = (struct store_counts){ 0 };
	return sqlite3_exec(q->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) ==
		       SQLITE_OK ||
	       sqlite_failed(q, "begin", e);
}

static bool commit(struct store *s, struct store_counts *added, struct err *e)
{
	struct sqlite *q = sqlite_of(s);

	if (sqlite3_exec(q->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		return sqlite_failed(q, "commit", e);
	added->reports += q->added.reports;
	added->records += q->added.records;
	added->duplicates += q->added.duplicates;
	added->reused += q->added.reused;
	return true;
}

void sqlite_rollback(struct store *s)
{
	(void)sqlite3_exec(sqlite_of(s)->db, "ROLLBACK", NULL, NULL, NULL);
}

static bool report_begin(struct store *s, struct err *e)
{
	struct sqlite *q = sqlite_of(s);
	struct binding b = sqlite_bind(q, NEXT_NUMBER);

	q->n_days = 0;
	bind_text(&b, s->head.domain);
	return sqlite_step(q, &b, NULL, &q->number, e) && simple(q, SAVE, e);
}

static struct binding bind_row(struct sqlite *q, enum statement which)
{
	struct binding b = sqlite_bind(q, which);

	bind_text(&b, q->store.head.domain);
	bind_int(&b, q->number);
	bind_int(&b, (int64_t)q->store.n);
	return b;
}

static bool put_record(struct store *s, const struct store_record *r,
		       struct err *e)
{
	struct sqlite *q = sqlite_of(s);
	struct binding b = bind_row(q, PUT_RECORD);
	char number[21];

	bind_text(&b, r->source_ip);
	bind_count(&b, r->messages, number);
	bind_text(&b, r->disposition);
	bind_int(&b, r->dkim);
	bind_int(&b, r->spf);
	bind_some(&b, r->header_from);
	bind_text(&b, r->envelope_from);
	bind_text(&b, r->envelope_to);
	bind_text(&b, r->reasons);
	bind_some(&b, r->auth);
	bind_text(&b, r->raw);
	return sqlite_step(q, &b, NULL, NULL, e);
}

static bool put_tls(struct store *s, const struct store_tls *r, struct err *e)
{
	struct sqlite *q = sqlite_of(s);
	struct binding b = bind_row(q, PUT_TLS);

	bind_some(&b, r->policy_type);
	bind_some(&b, r->mx);
	bind_some(&b, r->result);
	bind_some(&b, r->sending_ip);
	bind_some(&b, r->receiving_host);
	bind_some(&b, r->receiving_ip);
	bind_some(&b, r->reason);
	bind_int(&b, (int64_t)store_add(0, r->sessions));
	return sqlite_step(q, &b, NULL, NULL, e);
}

static bool put_failure(struct store *s, const struct store_failure *r,
			struct err *e)
{
	struct sqlite *q = sqlite_of(s);
	struct binding b = bind_row(q, PUT_FAILURE);

	bind_text(&b, r->source_ip);
	bind_some(&b, r->auth_failure);
	bind_some(&b, r->identity_alignment);
	bind_some(&b, r->delivery_result);
	bind_some(&b, r->mail_from);
	bind_some(&b, r->rcpt_to);
	bind_some(&b, r->header_from);
	bind_some(&b, r->subject);
	bind_some(&b, r->message_id);
	bind_some(&b, r->authres);
	bind_int(&b, (int64_t)store_add(0, r->incidents));
	return sqlite_step(q, &b, NULL, NULL, e);
}

static bool report_cancel(struct store *s, struct err *e)
{
	struct sqlite *q = sqlite_of(s);

	return simple(q, BACK, e) && simple(q, RELEASE, e);
}

static bool is_known(struct sqlite *q, str ident, bool *known, struct err *e)
{
	struct binding b = sqlite_bind(q, FIND_IDENT);

	bind_text(&b, q->store.head.domain);
	bind_blob(&b, ident);
	return sqlite_step(q, &b, known, NULL, e);
}

static bool is_reused(struct sqlite *q, bool *reused, struct err *e)
{
	const struct store_head *h = &q->store.head;
	struct binding b = sqlite_bind(q, FIND_NAMED);

	bind_text(&b, h->domain);
	bind_text(&b, h->report_id);
	bind_text(&b, h->org);
	bind_int(&b, h->kind);
	return sqlite_step(q, &b, reused, NULL, e);
}

static void bind_head(struct binding *b, const struct store_head *h)
{
	bind_int(b, h->kind);
	bind_some(b, h->org);
	bind_some(b, h->email);
	bind_some(b, h->contact);
	bind_some(b, h->report_id);
	bind_int(b, h->begin);
	bind_int(b, h->end);
	bind_text(b, h->p);
	bind_some(b, h->policy);
}

static void bind_totals(struct binding *b, const struct totals *t)
{
	bind_int(b, (int64_t)t->records);
	bind_int(b, (int64_t)t->messages);
	bind_int(b, (int64_t)t->pass);
	bind_int(b, (int64_t)t->dkim);
	bind_int(b, (int64_t)t->spf);
	bind_int(b, (int64_t)t->quarantine);
	bind_int(b, (int64_t)t->reject);
}

static bool put_report(struct sqlite *q, const struct store_tail *t,
		       struct err *e)
{
	struct binding b = sqlite_bind(q, PUT_REPORT);

	bind_text(&b, q->store.head.domain);
	bind_int(&b, q->number);
	bind_blob(&b, t->ident);
	bind_head(&b, &q->store.head);
	bind_totals(&b, &q->store.totals);
	bind_int(&b, (int64_t)store_add(0, t->skipped));
	bind_some(&b, t->warnings);
	bind_some(&b, t->file);
	bind_int(&b, t->now);
	return sqlite_step(q, &b, NULL, NULL, e);
}

static bool report_end(struct store *s, const struct store_tail *t,
		       struct err *e)
{
	struct sqlite *q = sqlite_of(s);
	bool known, reused;

	if (!is_known(q, t->ident, &known, e))
		return false;
	if (known) {
		q->added.duplicates++;
		return report_cancel(s, e);
	}
	if (!is_reused(q, &reused, e) || !put_report(q, t, e) ||
	    !sqlite_put_days(q, e) || !simple(q, RELEASE, e))
		return false;
	q->added.reports++;
	q->added.records += s->totals.records;
	q->added.reused += reused;
	return true;
}

static bool give_row(sqlite3_stmt *stmt, store_row_fn *fn, void *arg)
{
	enum { COLUMNS = 32 };
	str columns[COLUMNS];
	int n = sqlite3_column_count(stmt);

	for (int i = 0; i < n && i < COLUMNS; i++) {
		const char *p = (const char *)sqlite3_column_text(stmt, i);

		columns[i] = (str){ p, (size_t)sqlite3_column_bytes(stmt, i) };
	}
	return fn(arg, columns);
}

static bool query(struct store *s, const char *text, const str *params,
		  size_t n, store_row_fn *fn, void *arg, struct err *e)
{
	struct sqlite *q = sqlite_of(s);
	sqlite3_stmt *stmt = NULL;
	bool ok = sqlite3_prepare_v2(q->db, text, -1, &stmt, NULL) ==
			  SQLITE_OK ||
		  sqlite_failed(q, "read", e);
	int rc = SQLITE_ROW;

	for (size_t i = 0; ok && i < n; i++) {
		char name[32];

		(void)snprintf(name, sizeof name, "$%zu", i + 1);

		int at = sqlite3_bind_parameter_index(stmt, name);

		if (at &&
		    sqlite3_bind_text(stmt, at, params[i].p, (int)params[i].n,
				      SQLITE_STATIC) != SQLITE_OK)
			ok = sqlite_failed(q, "read", e);
	}
	while (ok && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
		ok = give_row(stmt, fn, arg);
	if (ok && rc != SQLITE_DONE)
		ok = sqlite_failed(q, "read", e);
	(void)sqlite3_finalize(stmt);
	return ok;
}

/* Looked at now and then while a question is answered. */
static int is_late(void *arg)
{
	const struct sqlite *q = arg;
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec > q->deadline;
}

static bool read_begin(struct store *s, struct err *e)
{
	enum { STEPS = 100000 };
	struct sqlite *q = sqlite_of(s);
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	q->deadline = t.tv_sec + STORE_READ_MS / 1000;
	if (!sqlite_run(q, "PRAGMA query_only=ON; BEGIN", e))
		return false;
	sqlite3_progress_handler(q->db, STEPS, is_late, q);
	return true;
}

static void read_end(struct store *s)
{
	struct sqlite *q = sqlite_of(s);

	sqlite3_progress_handler(q->db, 0, NULL, NULL);
	sqlite_rollback(s);
	(void)sqlite3_exec(q->db, "PRAGMA query_only=OFF", NULL, NULL, NULL);
}

static void sqlite_close(struct store *s)
{
	struct sqlite *q = sqlite_of(s);

	for (int i = 0; i < STATEMENTS; i++)
		(void)sqlite3_finalize(q->stmt[i]);
	(void)sqlite3_close(q->db);
	free(q->path);
	free(q);
}

static const struct store_ops ops = {
	sqlite_begin,        commit,
	sqlite_rollback,     report_begin,
	put_record,          sqlite_put_traffic,
	sqlite_put_piece,    put_tls,
	put_failure,         report_end,
	report_cancel,       query,
	sqlite_put_verdicts, sqlite_prune_verdicts,
	sqlite_settle_begin, sqlite_settle_end,
	sqlite_put_chunk,    sqlite_end_chunks,
	read_begin,          read_end,
	sqlite_close,
};

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
		    !sqlite_run(q, text, e) ||
		    (i == STORE_PACKS_STEP && !packs_backfill(&q->store, e)))
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
		       CACHE_KB, q->store.recording ? "MEMORY" : "DEFAULT");
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
	if (!q || !(q->path = strdup(path))) {
		free(q);
		(void)err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	q->store.ops = &ops;
	q->store.recording = use == STORE_RECORD;
	q->store.telling = *telling;
	if (prepare(q, create, e))
		return &q->store;
	sqlite_close(&q->store);
	return NULL;
}
