/* Reports in PostgreSQL.  A batch goes by COPY into temporary tables of its
 * transaction and is merged at its end: first the reports, each by the digest of
 * what it says, where a writer that has the same one waits for the other; then
 * the rows of those that were new.  All is inserted in the order of its keys, so
 * that writers never wait for each other in a circle.
 *
 * Rows that come many at once go to their table straight away, under a number
 * that no other report has: if theirs turns out to be known, they are deleted.
 * It is asked for first, for deleted rows are litter. */
#include "store/pgsql_inside.h"

#include <stdio.h>

/* Numbers taken at once; rows that are worth a question. */
enum { NUMBERS = 1000, MANY = 20 };

static const char *const copies[STAGES] = {
	"COPY stage_report FROM STDIN",   "COPY stage_block FROM STDIN",
	"COPY stage_day FROM STDIN",      "COPY stage_pack FROM STDIN",
	"COPY stage_original FROM STDIN", "COPY stage_tls FROM STDIN",
	"COPY stage_failure FROM STDIN",  "COPY record_block FROM STDIN",
};

static const char begin_sql[] =
	"BEGIN;"
	"CREATE TEMP TABLE stage_report (LIKE report) ON COMMIT DROP;"
	"CREATE TEMP TABLE stage_block (LIKE record_block) ON COMMIT DROP;"
	"CREATE TEMP TABLE stage_pack (LIKE pack_new INCLUDING STORAGE)"
	" ON COMMIT DROP;"
	"CREATE TEMP TABLE stage_original (LIKE original INCLUDING STORAGE)"
	" ON COMMIT DROP;"
	"CREATE TEMP TABLE stage_tls (LIKE tls) ON COMMIT DROP;"
	"CREATE TEMP TABLE stage_failure (LIKE failure) ON COMMIT DROP;"
	/* not LIKE: a batch has no business with traffic_day before its end */
	"CREATE TEMP TABLE stage_day (report BIGINT, domain TEXT, day BIGINT,"
	" dkim BIGINT, spf BIGINT, disposition TEXT, messages BIGINT)"
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
	"DO $$ DECLARE known RECORD; BEGIN FOR known IN"
	" SELECT domain, report FROM stage_report EXCEPT"
	" SELECT domain, report FROM stage_new LOOP"
	" DELETE FROM record_block WHERE domain = known.domain"
	" AND report = known.report; END LOOP; END $$;"
	"INSERT INTO record_block SELECT x.* FROM stage_block x" NEW_ONLY ";"
	"INSERT INTO pack_new SELECT x.* FROM stage_pack x" NEW_ONLY ";"
	"INSERT INTO original SELECT x.* FROM stage_original x" NEW_ONLY ";"
	"INSERT INTO tls SELECT x.* FROM stage_tls x" NEW_ONLY ";"
	"INSERT INTO failure SELECT x.* FROM stage_failure x" NEW_ONLY ";"
	"INSERT INTO traffic_day AS t SELECT domain, day, dkim, spf,"
	" disposition, least(sum(messages), 4000000000000000000)::bigint"
	" FROM stage_day" NEW_ONLY " GROUP BY 1, 2, 3, 4, 5"
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

static void hex(struct buf *b, str s)
{
	static const char digits[] = "0123456789abcdef";
	char *to = buf_room(b, 2 * s.n);

	for (size_t i = 0; to && i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		to[2 * i] = digits[c >> 4];
		to[2 * i + 1] = digits[c & 15];
	}
	if (to)
		b->n += 2 * s.n;
}

/* The first columns of every row of a report. */
static struct buf *row(struct pgsql *q, enum stage stage, uint64_t n)
{
	struct buf *b = &q->stage[stage];

	copy_text(b, q->store.head.domain);
	copy_number(b, (uint64_t)q->number);
	copy_number(b, n);
	return b;
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

bool pgsql_begin(struct store *s, struct err *e)
{
	struct pgsql *q = pgsql_of(s);

	for (int i = 0; i < STAGES; i++) {
		q->stage[i].n = 0;
		q->stage[i].overflow = false;
	}
	return pgsql_run(q, begin_sql, "begin", e);
}

bool pgsql_commit(struct store *s, struct store_counts *added, struct err *e)
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

bool pgsql_report_begin(struct store *s, struct err *e)
{
	struct pgsql *q = pgsql_of(s);
	uint64_t n = 0;

	q->direct = false;
	if (++q->number <= q->last)
		return true;
	if (!pgsql_number(q, "SELECT nextval('report_number')", &n, e))
		return false;
	q->number = (int64_t)n;
	q->last = q->number + NUMBERS - 1;
	return true;
}

static bool take_known(void *arg, const str *columns)
{
	(void)columns;
	*(bool *)arg = true;
	return true;
}

bool pgsql_is_known(struct store *s, str ident, uint64_t rows, bool *known,
		    struct err *e)
{
	str params[2] = { s->head.domain, { NULL, 0 } };
	struct buf text = buf_of(NULL, 256);
	bool ok;

	*known = false;
	if (rows < MANY)
		return true;
	hex(&text, ident);
	params[1] = buf_str(&text);
	ok = pgsql_query(s,
			 "SELECT 1 FROM report WHERE domain = $1"
			 " AND ident = decode($2, 'hex')",
			 params, 2, take_known, known, e);
	buf_free(&text);
	return ok;
}

bool pgsql_put_block(struct store *s, str text, uint64_t first, uint64_t rows,
		     struct err *e)
{
	struct pgsql *q = pgsql_of(s);
	enum stage stage = rows < MANY ? BLOCKS : DIRECT;
	struct buf *b = row(q, stage, first);

	q->direct |= stage == DIRECT;
	copy_number(b, rows);
	copy_column(b, text);
	return end_row(q, stage, e);
}

/* With the number of their report: those of a known one are not merged. */
bool pgsql_put_days(struct store *s, const struct traffic *t, size_t n,
		    struct err *e)
{
	struct pgsql *q = pgsql_of(s);
	struct buf *b = &q->stage[DAYS];

	for (size_t i = 0; i < n; i++) {
		buf_printf(b, "%lld", (long long)q->number);
		copy_column(b, t[i].domain);
		copy_number(b, (uint64_t)t[i].day);
		copy_number(b, t[i].dkim);
		copy_number(b, t[i].spf);
		copy_column(b, t[i].disposition);
		copy_number(b, t[i].messages);
		if (!end_row(q, DAYS, e))
			return false;
	}
	return true;
}

bool pgsql_put_piece(struct store *s, str text, uint64_t n, uint64_t rows,
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

bool pgsql_put_original(struct store *s, uint64_t n, int64_t day, str octets,
			struct err *e)
{
	struct pgsql *q = pgsql_of(s);
	struct buf *b = &q->stage[ORIGINALS];

	copy_text(b, s->head.domain);
	copy_number(b, (uint64_t)q->number);
	copy_number(b, n);
	copy_number(b, (uint64_t)day);
	buf_put(b, STR("\t\\\\x"));
	hex(b, octets);
	return end_row(q, ORIGINALS, e);
}

bool pgsql_put_tls(struct store *s, const struct store_tls *r, struct err *e)
{
	struct pgsql *q = pgsql_of(s);
	struct buf *b = row(q, TLS, s->n);

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

bool pgsql_put_failure(struct store *s, const struct store_failure *r,
		       struct err *e)
{
	struct pgsql *q = pgsql_of(s);
	struct buf *b = row(q, FAILURES, s->n);

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

bool pgsql_report_end(struct store *s, const struct store_tail *t,
		      bool *dropped, struct err *e)
{
	struct pgsql *q = pgsql_of(s);
	const struct store_head *h = &s->head;
	struct buf *b = &q->stage[REPORTS];

	copy_text(b, h->domain);
	copy_number(b, (uint64_t)q->number);
	buf_put(b, STR("\t\\\\x"));
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
	*dropped = false;
	return end_row(q, REPORTS, e);
}

/* Rows in a stage whose report is not put are never merged. */
bool pgsql_report_cancel(struct store *s, struct err *e)
{
	struct pgsql *q = pgsql_of(s);
	str params[2] = { s->head.domain, { NULL, 0 } };
	char number[24];
	bool none = false;

	if (!q->direct)
		return true;
	params[1].p = number;
	params[1].n = (size_t)snprintf(number, sizeof number, "%lld",
				       (long long)q->number);
	return copy_out(q, DIRECT, e) &&
	       pgsql_query(s,
			   "DELETE FROM record_block WHERE domain = $1"
			   " AND report = CAST($2 AS BIGINT)",
			   params, 2, take_known, &none, e);
}
