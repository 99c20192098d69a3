/* Reports in SQLite.  A savepoint around each gives it up alone. */
#include "store/sqlite_inside.h"

bool sqlite_report_begin(struct store *s, struct err *e)
{
	struct sqlite *q = sqlite_of(s);
	struct binding b = sqlite_bind(q, NEXT_NUMBER);

	bind_text(&b, s->head.domain);
	return sqlite_step(q, &b, NULL, &q->number, e) &&
	       sqlite_simple(q, SAVE, e);
}

static struct binding bind_row(struct sqlite *q, enum statement which)
{
	struct binding b = sqlite_bind(q, which);

	bind_text(&b, q->store.head.domain);
	bind_int(&b, q->number);
	bind_int(&b, (int64_t)q->store.n);
	return b;
}

bool sqlite_put_block(struct store *s, str text, uint64_t first, uint64_t rows,
		      struct err *e)
{
	struct sqlite *q = sqlite_of(s);
	struct binding b = sqlite_bind(q, PUT_BLOCK);

	bind_text(&b, s->head.domain);
	bind_int(&b, q->number);
	bind_int(&b, (int64_t)first);
	bind_int(&b, (int64_t)rows);
	bind_text(&b, text);
	return sqlite_step(q, &b, NULL, NULL, e);
}

bool sqlite_put_tls(struct store *s, const struct store_tls *r, struct err *e)
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

bool sqlite_put_failure(struct store *s, const struct store_failure *r,
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

bool sqlite_put_original(struct store *s, uint64_t n, int64_t day, str octets,
			 struct err *e)
{
	struct sqlite *q = sqlite_of(s);
	struct binding b = sqlite_bind(q, PUT_ORIGINAL);

	bind_text(&b, s->head.domain);
	bind_int(&b, q->number);
	bind_int(&b, (int64_t)n);
	bind_int(&b, day);
	bind_blob(&b, octets);
	return sqlite_step(q, &b, NULL, NULL, e);
}

bool sqlite_report_cancel(struct store *s, struct err *e)
{
	struct sqlite *q = sqlite_of(s);

	return sqlite_simple(q, BACK, e) && sqlite_simple(q, RELEASE, e);
}

bool sqlite_is_known(struct store *s, str ident, uint64_t rows, bool *known,
		     struct err *e)
{
	struct sqlite *q = sqlite_of(s);
	struct binding b = sqlite_bind(q, FIND_IDENT);

	(void)rows;

	bind_text(&b, s->head.domain);
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

bool sqlite_report_end(struct store *s, const struct store_tail *t,
		       bool *dropped, struct err *e)
{
	struct sqlite *q = sqlite_of(s);
	bool reused;

	if (!sqlite_is_known(s, t->ident, s->n, dropped, e))
		return false;
	if (*dropped)
		return sqlite_report_cancel(s, e);
	if (!is_reused(q, &reused, e) || !put_report(q, t, e) ||
	    !sqlite_simple(q, RELEASE, e))
		return false;
	q->added.reports++;
	q->added.records += s->totals.records;
	q->added.reused += reused;
	return true;
}
