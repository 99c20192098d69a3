/* Own verdicts in SQLite: row by row into the tables, sums as they change. */
#include "store/sqlite_inside.h"

static bool put_policy(struct sqlite *q, const struct own *o, struct err *e)
{
	const struct store_policy *p = &o->v->policy;
	struct binding b = sqlite_bind(q, PUT_POLICY);

	bind_text(&b, o->v->domain);
	bind_int(&b, o->day);
	bind_int(&b, o->policy);
	bind_some(&b, p->p);
	bind_some(&b, p->sp);
	bind_some(&b, p->np);
	bind_some(&b, p->adkim);
	bind_some(&b, p->aspf);
	bind_some(&b, p->testing);
	bind_some(&b, p->fo);
	bind_some(&b, p->discovery);
	bind_some(&b, p->rua);
	return sqlite_step(q, &b, NULL, NULL, e);
}

static bool put_row(struct sqlite *q, const struct store_writer *w,
		    const struct own *o, struct err *e)
{
	const struct store_verdict *v = o->v;
	struct binding b = sqlite_bind(q, PUT_VERDICT);

	bind_text(&b, v->domain);
	bind_int(&b, o->day);
	bind_int(&b, (int64_t)w->id);
	bind_int(&b, (int64_t)v->n);
	bind_int(&b, v->time);
	bind_some(&b, w->node);
	bind_int(&b, o->policy);
	bind_some(&b, v->source_ip);
	bind_some(&b, v->header_from);
	bind_text(&b, v->envelope_from);
	bind_text(&b, v->envelope_to);
	bind_some(&b, v->result);
	bind_some(&b, v->disposition);
	bind_int(&b, v->dkim);
	bind_int(&b, v->spf);
	bind_text(&b, v->reasons);
	bind_some(&b, v->auth);
	bind_some(&b, v->action);
	return sqlite_step(q, &b, NULL, NULL, e);
}

static bool put_sum(struct sqlite *q, const struct own *o, int64_t messages,
		    struct err *e)
{
	struct binding b = sqlite_bind(q, PUT_OWN_DAY);

	bind_text(&b, o->v->domain);
	bind_int(&b, o->day);
	bind_int(&b, o->v->dkim);
	bind_int(&b, o->v->spf);
	bind_some(&b, o->v->disposition);
	bind_int(&b, messages);
	return !messages || sqlite_step(q, &b, NULL, NULL, e);
}

static bool same_sum(const struct own *a, const struct own *b)
{
	return a->day == b->day && a->v->dkim == b->v->dkim &&
	       a->v->spf == b->v->spf && str_eq(a->v->domain, b->v->domain) &&
	       str_eq(a->v->disposition, b->v->disposition);
}

static bool put_all(struct sqlite *q, const struct store_writer *w,
		    const struct own *rows, size_t n, uint64_t *added,
		    struct err *e)
{
	int64_t alike = 0;

	for (size_t i = 0; i < n; i++) {
		const struct own *o = &rows[i];
		bool first = !i || !same_sum(o, o - 1);

		if (first && i && !put_sum(q, o - 1, alike, e))
			return false;
		if (first)
			alike = 0;
		if ((first || o->policy != o[-1].policy) &&
		    !put_policy(q, o, e))
			return false;
		if (!put_row(q, w, o, e))
			return false;
		alike += sqlite3_changes(q->db);
		*added += (uint64_t)sqlite3_changes(q->db);
	}
	return put_sum(q, &rows[n - 1], alike, e);
}

/* Somebody made another file of that name: what is open is nobody's. */
static bool is_there(struct sqlite *q, struct err *e)
{
	int moved = 0;

	(void)sqlite3_file_control(q->db, NULL, SQLITE_FCNTL_HAS_MOVED, &moved);
	return !moved || err_set(e, ERR_UNAVAILABLE,
				 "store %s was moved away or removed", q->path);
}

bool sqlite_put_verdicts(struct store *s, const struct store_writer *w,
			 const struct own *rows, size_t n, uint64_t *added,
			 struct err *e)
{
	struct sqlite *q = sqlite_of(s);

	if (!is_there(q, e) || !sqlite_begin(s, e))
		return false;
	if (put_all(q, w, rows, n, added, e) && sqlite_run(q, "COMMIT", e))
		return true;
	sqlite_rollback(s);
	*added = 0;
	return false;
}

/* The oldest day before that one; *any: there is one. */
static bool oldest(struct sqlite *q, int64_t before, bool *any, int64_t *day,
		   struct err *e)
{
	struct binding b = sqlite_bind(q, OLDEST_DAY);

	bind_int(&b, before);
	return sqlite_step(q, &b, any, day, e);
}

static bool day_statement(struct sqlite *q, enum statement which, int64_t day,
			  int64_t *value, struct err *e)
{
	struct binding b = sqlite_bind(q, which);

	bind_int(&b, day);
	return sqlite_step(q, &b, NULL, value, e);
}

static bool prune_day(struct sqlite *q, int64_t day, uint64_t *removed,
		      struct err *e)
{
	int64_t messages = 0;

	if (!sqlite_begin(&q->store, e))
		return false;
	if (day_statement(q, DAY_MESSAGES, day, &messages, e) &&
	    day_statement(q, DROP_VERDICTS, day, NULL, e) &&
	    day_statement(q, DROP_POLICIES, day, NULL, e) &&
	    day_statement(q, DROP_SUMS, day, NULL, e) &&
	    sqlite_run(q, "COMMIT", e)) {
		*removed += (uint64_t)messages;
		return true;
	}
	sqlite_rollback(&q->store);
	return false;
}

/* Day by day, so that others can write in between. */
bool sqlite_prune_verdicts(struct store *s, int64_t before, uint64_t *removed,
			   struct err *e)
{
	struct sqlite *q = sqlite_of(s);
	int64_t day;
	bool any;

	for (;;) {
		if (!oldest(q, before, &any, &day, e))
			return false;
		if (!any)
			return true;
		if (!prune_day(q, day, removed, e))
			return false;
	}
}
