/* The store on PostgreSQL, for several writers on several machines.  A batch
 * goes by COPY into temporary tables of its transaction and is merged at its end:
 * first the reports, each by the digest of what it says, where a writer that has
 * the same one waits for the other; then the rows of those that were new.  All
 * is inserted in the order of its keys, so that writers never wait for each
 * other in a circle.  No session state outlives a transaction: poolers that give
 * a connection to another between transactions will do. */
#include "store/packs.h"
#include "store/pgsql_inside.h"

#include <stdio.h>
#include <stdlib.h>

enum { NUMBERS = 1000 };

static const char *const copies[STAGES] = {
	"COPY stage_report FROM STDIN",  "COPY stage_record FROM STDIN",
	"COPY stage_traffic FROM STDIN", "COPY stage_pack FROM STDIN",
	"COPY stage_tls FROM STDIN",     "COPY stage_failure FROM STDIN",
};

static const char begin_sql[] =
	"BEGIN;"
	"CREATE TEMP TABLE stage_report (LIKE report) ON COMMIT DROP;"
	"CREATE TEMP TABLE stage_record (LIKE record) ON COMMIT DROP;"
	"CREATE TEMP TABLE stage_pack (LIKE pack_new INCLUDING STORAGE)"
	" ON COMMIT DROP;"
	"CREATE TEMP TABLE stage_tls (LIKE tls) ON COMMIT DROP;"
	"CREATE TEMP TABLE stage_failure (LIKE failure) ON COMMIT DROP;"
	"CREATE TEMP TABLE stage_traffic (report BIGINT, LIKE traffic)"
	" ON COMMIT DROP;"
	"CREATE TEMP TABLE stage_new (domain TEXT, report BIGINT,"
	" records BIGINT) ON COMMIT DROP";

#define NEW_ONLY " JOIN stage_new n USING (domain, report)"

static const char merge_sql[] =
	"WITH n AS (INSERT INTO report SELECT * FROM stage_report"
	" ORDER BY domain, ident ON CONFLICT (domain, ident) DO NOTHING"
	" RETURNING domain, report, records)"
	" INSERT INTO stage_new SELECT * FROM n;"
	"ANALYZE stage_new;"
	"INSERT INTO record SELECT x.* FROM stage_record x" NEW_ONLY ";"
	"INSERT INTO pack_new SELECT x.* FROM stage_pack x" NEW_ONLY ";"
	"INSERT INTO tls SELECT x.* FROM stage_tls x" NEW_ONLY ";"
	"INSERT INTO failure SELECT x.* FROM stage_failure x" NEW_ONLY ";"
	"INSERT INTO traffic AS t SELECT domain, day, source_ip, dkim, spf,"
	" disposition, hints, selector, via,"
	" least(sum(messages), 4000000000000000000)::bigint"
	" FROM stage_traffic" NEW_ONLY " GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9"
	" ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9"
	" ON CONFLICT (domain, day, source_ip, dkim, spf, disposition, hints,"
	" selector, via) DO UPDATE SET messages = least(t.messages::numeric"
	" + excluded.messages, 4000000000000000000)::bigint;"
	"INSERT INTO traffic_day AS t SELECT domain, day, dkim, spf,"
	" disposition, least(sum(messages), 4000000000000000000)::bigint"
	" FROM stage_traffic" NEW_ONLY " GROUP BY 1, 2, 3, 4, 5"
	" ORDER BY 1, 2, 3, 4, 5"
	" ON CONFLICT (domain, day, dkim, spf, disposition) DO UPDATE"
	" SET messages = least(t.messages::numeric + excluded.messages,"
	" 4000000000000000000)::bigint;"
	"SELECT (SELECT count(*) FROM stage_report),"
	" (SELECT count(*) FROM stage_new),"
	" (SELECT coalesce(sum(records), 0) FROM stage_new),"
	" (SELECT count(*) FROM stage_new n JOIN report r USING (domain, report)"
	" WHERE EXISTS (SELECT 1 FROM report o WHERE o.domain = r.domain"
	" AND o.report_id = r.report_id AND o.org = r.org AND o.kind = r.kind"
	" AND o.report < r.report)); COMMIT";

bool pgsql_failed(struct pgsql *q, const char *doing, struct err *e)
{
	str why = str_of(PQerrorMessage(q->conn));
	/* the server says FATAL before it hangs up, which libpq notices later */
	bool gone = PQstatus(q->conn) != CONNECTION_OK ||
		    str_starts(why, STR("FATAL"));

	why = str_trim(str_head(why, str_find(why, '\n')));
	return err_set(
		e, ERR_UNAVAILABLE,
		!gone ? "PostgreSQL: cannot %s: %.*s"
		: q->store.recording
			? "PostgreSQL cannot be reached: cannot %s: %.*s"
			: "PostgreSQL cannot be reached: cannot %s: %.*s "
			  "(nothing counts twice: import again)",
		doing, STR_ARG(str_head(why, 300)));
}

bool pgsql_run(struct pgsql *q, const char *sql, const char *doing,
	       struct err *e)
{
	PGresult *r = PQexec(q->conn, sql);
	ExecStatusType status = PQresultStatus(r);

	PQclear(r);
	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
	       pgsql_failed(q, doing, e);
}

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

static void hex(struct buf *b, str s)
{
	buf_put(b, STR("\t\\\\x"));
	for (size_t i = 0; i < s.n; i++)
		buf_printf(b, "%02x", (unsigned char)s.p[i]);
}

/* The first columns of every row of a report. */
static struct buf *row(struct pgsql *q, enum stage stage)
{
	struct buf *b = &q->stage[stage];

	copy_text(b, q->store.head.domain);
	copy_number(b, (uint64_t)q->number);
	copy_number(b, q->store.n);
	return b;
}

bool copy_send(struct pgsql *q, const char *sql, struct buf *b, struct err *e)
{
	PGresult *r;
	bool ok;

	if (!b->n)
		return true;
	if (b->overflow)
		return err_set(e, ERR_INTERNAL, "out of memory");
	r = PQexec(q->conn, sql);
	ok = PQresultStatus(r) == PGRES_COPY_IN;
	PQclear(r);
	ok = ok && PQputCopyData(q->conn, b->p, (int)b->n) == 1 &&
	     PQputCopyEnd(q->conn, NULL) == 1;
	b->n = 0;
	if (!ok)
		return pgsql_failed(q, "write", e);
	while ((r = PQgetResult(q->conn))) {
		ok = ok && PQresultStatus(r) == PGRES_COMMAND_OK;
		PQclear(r);
	}
	return ok || pgsql_failed(q, "write", e);
}

static bool copy_out(struct pgsql *q, enum stage stage, struct err *e)
{
	return copy_send(q, copies[stage], &q->stage[stage], e);
}

static bool end_row(struct pgsql *q, enum stage stage, struct err *e)
{
	buf_putc(&q->stage[stage], '\n');
	return q->stage[stage].n < FLUSH_AT || copy_out(q, stage, e);
}

/* ---- the calls ---- */

static bool begin(struct store *s, struct err *e)
{
	struct pgsql *q = pgsql_of(s);

	for (int i = 0; i < STAGES; i++) {
		q->stage[i].n = 0;
		q->stage[i].overflow = false;
	}
	return pgsql_run(q, begin_sql, "begin", e);
}

uint64_t pgsql_value(const PGresult *r, int column)
{
	return strtoull(PQgetvalue(r, 0, column), NULL, 10);
}

bool pgsql_number(struct pgsql *q, const char *sql, uint64_t *out,
		  struct err *e)
{
	PGresult *r = PQexec(q->conn, sql);
	bool ok = PQresultStatus(r) == PGRES_TUPLES_OK && PQntuples(r) == 1;

	if (ok)
		*out = pgsql_value(r, 0);
	PQclear(r);
	return ok || pgsql_failed(q, "write", e);
}

PGresult *pgsql_merge(struct pgsql *q, const char *sql, struct err *e)
{
	PGresult *rows = NULL, *r;
	bool ok = PQsendQuery(q->conn, sql) == 1;

	while (ok && (r = PQgetResult(q->conn))) {
		ExecStatusType status = PQresultStatus(r);

		if (status == PGRES_TUPLES_OK) {
			PQclear(rows);
			rows = r;
			continue;
		}
		PQclear(r);
		if (status != PGRES_COMMAND_OK)
			ok = false; /* the last of them */
	}
	if (ok && rows)
		return rows;
	PQclear(rows);
	(void)pgsql_failed(q, "write", e);
	while ((r = PQgetResult(q->conn)))
		PQclear(r);
	return NULL;
}

static bool commit(struct store *s, struct store_counts *added, struct err *e)
{
	struct pgsql *q = pgsql_of(s);
	PGresult *r;

	for (int i = 0; i < STAGES; i++)
		if (!copy_out(q, (enum stage)i, e))
			return false;
	r = pgsql_merge(q, merge_sql, e);
	if (!r)
		return false;
	added->duplicates += pgsql_value(r, 0) - pgsql_value(r, 1);
	added->reports += pgsql_value(r, 1);
	added->records += pgsql_value(r, 2);
	added->reused += pgsql_value(r, 3);
	PQclear(r);
	return true;
}

void pgsql_rollback(struct store *s)
{
	struct err e;

	(void)pgsql_run(pgsql_of(s), "ROLLBACK", "roll back", &e);
}

static bool report_begin(struct store *s, struct err *e)
{
	struct pgsql *q = pgsql_of(s);
	uint64_t n = 0;

	if (++q->number <= q->last)
		return true;
	if (!pgsql_number(q, "SELECT nextval('report_number')", &n, e))
		return false;
	q->number = (int64_t)n;
	q->last = q->number + NUMBERS - 1;
	return true;
}

static bool put_record(struct store *s, const struct store_record *r,
		       struct err *e)
{
	struct pgsql *q = pgsql_of(s);
	struct buf *b = row(q, RECORDS);

	copy_column(b, r->source_ip);
	copy_number(b, r->messages);
	copy_column(b, r->disposition);
	copy_number(b, r->dkim);
	copy_number(b, r->spf);
	copy_column(b, r->header_from);
	copy_maybe(b, r->envelope_from);
	copy_maybe(b, r->envelope_to);
	copy_maybe(b, r->reasons);
	copy_column(b, r->auth);
	copy_maybe(b, r->raw);
	return end_row(q, RECORDS, e);
}

static bool put_traffic(struct store *s, const struct traffic *t, struct err *e)
{
	struct pgsql *q = pgsql_of(s);
	struct buf *b = &q->stage[TRAFFIC];

	buf_printf(b, "%lld", (long long)q->number);
	copy_column(b, s->head.domain);
	copy_number(b, (uint64_t)t->day);
	copy_column(b, t->source_ip);
	copy_number(b, t->dkim);
	copy_number(b, t->spf);
	copy_column(b, t->disposition);
	copy_number(b, t->hints);
	copy_column(b, t->selector);
	copy_column(b, t->via);
	copy_number(b, t->messages);
	return end_row(q, TRAFFIC, e);
}

static bool put_piece(struct store *s, str text, uint64_t n, uint64_t rows,
		      struct err *e)
{
	struct pgsql *q = pgsql_of(s);
	struct buf *b = &q->stage[PIECES];

	copy_text(b, s->head.domain);
	copy_number(b, (uint64_t)q->number);
	copy_number(b, n);
	copy_column(b, s->head.org);
	copy_number(b, (uint64_t)s->head.begin);
	copy_number(b, (uint64_t)s->head.end);
	copy_number(b, rows);
	copy_column(b, text);
	return end_row(q, PIECES, e);
}

static bool put_tls(struct store *s, const struct store_tls *r, struct err *e)
{
	struct pgsql *q = pgsql_of(s);
	struct buf *b = row(q, TLS);

	copy_column(b, r->policy_type);
	copy_column(b, r->mx);
	copy_column(b, r->result);
	copy_column(b, r->sending_ip);
	copy_column(b, r->receiving_host);
	copy_column(b, r->receiving_ip);
	copy_column(b, r->reason);
	copy_number(b, store_add(0, r->sessions));
	return end_row(q, TLS, e);
}

static bool put_failure(struct store *s, const struct store_failure *r,
			struct err *e)
{
	struct pgsql *q = pgsql_of(s);
	struct buf *b = row(q, FAILURES);

	copy_maybe(b, r->source_ip);
	copy_column(b, r->auth_failure);
	copy_column(b, r->identity_alignment);
	copy_column(b, r->delivery_result);
	copy_column(b, r->mail_from);
	copy_column(b, r->rcpt_to);
	copy_column(b, r->header_from);
	copy_column(b, r->subject);
	copy_column(b, r->message_id);
	copy_column(b, r->authres);
	copy_number(b, store_add(0, r->incidents));
	return end_row(q, FAILURES, e);
}

static void put_totals(struct buf *b, const struct totals *t)
{
	copy_number(b, t->records);
	copy_number(b, t->messages);
	copy_number(b, t->pass);
	copy_number(b, t->dkim);
	copy_number(b, t->spf);
	copy_number(b, t->quarantine);
	copy_number(b, t->reject);
}

static bool report_end(struct store *s, const struct store_tail *t,
		       struct err *e)
{
	struct pgsql *q = pgsql_of(s);
	const struct store_head *h = &s->head;
	struct buf *b = &q->stage[REPORTS];

	copy_text(b, h->domain);
	copy_number(b, (uint64_t)q->number);
	hex(b, t->ident);
	copy_number(b, h->kind);
	copy_column(b, h->org);
	copy_column(b, h->email);
	copy_column(b, h->contact);
	copy_column(b, h->report_id);
	copy_number(b, (uint64_t)h->begin);
	copy_number(b, (uint64_t)h->end);
	copy_maybe(b, h->p);
	copy_column(b, h->policy);
	put_totals(b, &s->totals);
	copy_number(b, store_add(0, t->skipped));
	copy_column(b, t->warnings);
	copy_column(b, t->file);
	copy_number(b, (uint64_t)t->now);
	return end_row(q, REPORTS, e);
}

/* Rows whose report is not put are never merged. */
static bool report_cancel(struct store *s, struct err *e)
{
	(void)s;
	(void)e;
	return true;
}

static bool give_row(const PGresult *r, store_row_fn *fn, void *arg)
{
	enum { COLUMNS = 32 };
	str columns[COLUMNS];
	int n = PQnfields(r);

	for (int i = 0; i < n && i < COLUMNS; i++) {
		const char *p = PQgetisnull(r, 0, i) ? NULL
						     : PQgetvalue(r, 0, i);

		columns[i] = (str){ p, (size_t)PQgetlength(r, 0, i) };
	}
	return fn(arg, columns);
}

/* Row by row; the connection is read to its end whatever happens. */
static bool query(struct store *s, const char *sql, const str *params, size_t n,
		  store_row_fn *fn, void *arg, struct err *e)
{
	enum { PARAMETERS = 16 };
	struct pgsql *q = pgsql_of(s);
	const char *values[PARAMETERS] = { NULL };
	struct buf texts[PARAMETERS];
	bool ok = n <= PARAMETERS, told = false;
	PGresult *r;

	for (size_t i = 0; i < n && i < PARAMETERS; i++) {
		texts[i] = buf_of(NULL, ROW_MAX);
		buf_put(&texts[i], params[i]);
		buf_putc(&texts[i], '\0');
		values[i] = buf_str(&texts[i]).p;
	}
	ok = ok &&
	     PQsendQueryParams(q->conn, sql, (int)n, NULL, values, NULL, NULL,
			       0) == 1 &&
	     PQsetSingleRowMode(q->conn) == 1;
	for (size_t i = 0; i < n && i < PARAMETERS; i++)
		buf_free(&texts[i]);
	if (!ok)
		return pgsql_failed(q, "read", e);
	while ((r = PQgetResult(q->conn))) {
		ExecStatusType status = PQresultStatus(r);

		if (ok && status == PGRES_SINGLE_TUPLE) {
			ok = give_row(r, fn, arg);
			told = !ok;
		} else if (ok && status != PGRES_TUPLES_OK &&
			   status != PGRES_COMMAND_OK) {
			ok = pgsql_failed(q, "read", e);
			told = true;
		}
		PQclear(r);
	}
	return ok || told ? ok : pgsql_failed(q, "read", e);
}

/* The limit ends with the transaction: nothing is left for pgbouncer's next. */
static bool read_begin(struct store *s, struct err *e)
{
	char text[128];

	(void)snprintf(text, sizeof text,
		       "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
		       " SET LOCAL statement_timeout = %d",
		       STORE_READ_MS);
	return pgsql_run(pgsql_of(s), text, "read", e);
}

static void pgsql_close(struct store *s)
{
	struct pgsql *q = pgsql_of(s);

	PQfinish(q->conn);
	for (int i = 0; i < STAGES; i++)
		buf_free(&q->stage[i]);
	buf_free(&q->chunks);
	free(q);
}

static const struct store_ops ops = {
	begin,
	commit,
	pgsql_rollback,
	report_begin,
	put_record,
	put_traffic,
	put_piece,
	put_tls,
	put_failure,
	report_end,
	report_cancel,
	query,
	pgsql_put_verdicts,
	pgsql_prune_verdicts,
	pgsql_settle_begin,
	pgsql_settle_end,
	pgsql_put_chunk,
	pgsql_end_chunks,
	read_begin,
	pgsql_rollback,
	pgsql_close,
};

/* ---- opening ---- */

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
	if (!query(&q->store,
		   "SELECT count(*) FROM pg_tables WHERE tablename ="
		   " 'inkan_schema' AND schemaname = current_schema()",
		   NULL, 0, take_version, &n, e))
		return false;
	there = n > 0;
	return !there || query(&q->store,
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
		    (i == STORE_PACKS_STEP && !packs_backfill(&q->store, e)) ||
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
	q->store.ops = &ops;
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
