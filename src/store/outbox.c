#include "store/outbox.h"

#include "store/query.h"
#include "store/values.h"

#include <stdio.h>

static bool count_row(void *arg, const str *columns)
{
	unsigned *n = arg;

	(void)columns;
	++*n;
	return true;
}

/* Runs it; *any: it gave a row. */
static bool run(struct store *s, const char *sql, const struct values *v,
		bool *any, struct err *e)
{
	unsigned n = 0;
	bool ok = store_query(s, sql, v->at, v->n, count_row, &n, e);

	if (any)
		*any = n > 0;
	return ok;
}

/* Both tables are alike. */
#define SENDING(u, head, tail) \
	((u)->failures ? head "sending_failures" tail : head "sending" tail)

struct owed {
	store_owed_fn *fn;
	void *arg;
};

static bool give_domain(void *arg, const str *c)
{
	const struct owed *o = arg;

	return o->fn(o->arg, c[0]);
}

bool store_owed(struct store *s, int64_t day, int64_t now, store_owed_fn *fn,
		void *arg, struct err *e)
{
	struct values v = { .n = 0 };
	struct owed o = { fn, arg };

	values_number(&v, day);
	values_number(&v, now);
	return store_query(
		s,
		"SELECT DISTINCT domain FROM verdict_policy v"
		" WHERE day = CAST($1 AS BIGINT) AND rua <> ''"
		" AND NOT EXISTS (SELECT 1 FROM sending WHERE domain = v.domain"
		" AND day = v.day AND (done > 0 OR"
		" lease > CAST($2 AS BIGINT))) ORDER BY domain",
		v.at, v.n, give_domain, &o, e);
}

struct claim {
	struct store_unit *u;
	bool taken;
};

static bool give_claim(void *arg, const str *c)
{
	struct claim *claim = arg;

	claim->taken = true;
	claim->u->attempts = store_number(c[0]);
	(void)snprintf(claim->u->token, sizeof claim->u->token, "%.*s",
		       STR_ARG(c[1]));
	return true;
}

bool store_claim(struct store *s, struct store_unit *u, const char *token,
		 int64_t now, int64_t lease, bool *taken, struct err *e)
{
	struct values v;
	struct claim claim = { .u = u };
	bool ok;

	values_unit(&v, u->domain, u->day);
	values_text(&v, str_of(u->holder));
	values_number(&v, lease);
	values_text(&v, str_of(token));
	values_number(&v, now);
	ok = store_query(
		s,
		SENDING(u, "INSERT INTO ",
			" AS t (domain, day, holder, lease, attempts,"
			" done, token, why) VALUES ($1, CAST($2 AS BIGINT), $3,"
			" CAST($4 AS BIGINT), 1, 0, $5, '')"
			" ON CONFLICT (domain, day) DO UPDATE SET"
			" holder = excluded.holder, lease = excluded.lease,"
			" attempts = t.attempts + 1 WHERE t.done = 0"
			" AND t.lease <= CAST($6 AS BIGINT)"
			" RETURNING attempts, token"),
		v.at, v.n, give_claim, &claim, e);
	*taken = claim.taken;
	return ok;
}

/* $1 to $3, whose it is; $4, until when. */
#define OURS                                              \
	" WHERE domain = $1 AND day = CAST($2 AS BIGINT)" \
	" AND holder = $3 AND done = 0"

static void put_ours(struct values *v, const struct store_unit *u,
		     int64_t lease)
{
	values_unit(v, u->domain, u->day);
	values_text(v, str_of(u->holder));
	values_number(v, lease);
}

bool store_renew(struct store *s, const struct store_unit *u, int64_t lease,
		 bool *ours, struct err *e)
{
	struct values v;

	put_ours(&v, u, lease);
	return run(s,
		   SENDING(u, "UPDATE ",
			   " SET lease = CAST($4 AS BIGINT)" OURS
			   " RETURNING 1"),
		   &v, ours, e);
}

bool store_finish(struct store *s, const struct store_unit *u,
		  enum store_done done, int64_t lease, str why, struct err *e)
{
	struct values v;

	put_ours(&v, u, lease);
	values_number(&v, done);
	values_text(&v, why);
	return run(s,
		   SENDING(u, "UPDATE ",
			   " SET lease = CAST($4 AS BIGINT),"
			   " done = CAST($5 AS BIGINT), why = $6" OURS),
		   &v, NULL, e);
}

bool store_release(struct store *s, const struct store_unit *u, struct err *e)
{
	struct values v;

	values_unit(&v, u->domain, u->day);
	values_text(&v, str_of(u->holder));
	return run(s, SENDING(u, "DELETE FROM ", OURS), &v, NULL, e);
}

bool store_was_sent(struct store *s, const struct store_unit *u, str report_id,
		    str address, bool *was, struct err *e)
{
	struct values v;

	values_unit(&v, u->domain, u->day);
	values_text(&v, report_id);
	values_text(&v, address);
	return run(s,
		   "SELECT 1 FROM sent WHERE domain = $1"
		   " AND day = CAST($2 AS BIGINT) AND report_id = $3"
		   " AND address = $4",
		   &v, was, e);
}

bool store_put_sent(struct store *s, const struct store_unit *u,
		    const struct store_mail *m, struct err *e)
{
	struct values v;

	values_unit(&v, u->domain, u->day);
	values_text(&v, m->report_id);
	values_text(&v, m->address);
	values_text(&v, m->message_id);
	values_number(&v, m->now);
	values_number(&v, (int64_t)m->records);
	values_number(&v, (int64_t)m->messages);
	return run(s,
		   "INSERT INTO sent (domain, day, report_id, address,"
		   " message_id, time, records, messages)"
		   " VALUES ($1, CAST($2 AS BIGINT), $3, $4, $5,"
		   " CAST($6 AS BIGINT), CAST($7 AS BIGINT),"
		   " CAST($8 AS BIGINT))"
		   " ON CONFLICT (domain, day, report_id, address) DO NOTHING",
		   &v, NULL, e);
}

struct lookup {
	struct arena *arena;
	str found;
};

static bool give_first(void *arg, const str *c)
{
	struct lookup *l = arg;

	l->found = arena_str(l->arena, c[0]);
	return true;
}

bool store_sent_to(struct store *s, str message_id, struct arena *arena,
		   str *address, struct err *e)
{
	struct values v = { .n = 0 };
	struct lookup l = { arena, STR("") };
	bool ok;

	values_text(&v, message_id);
	ok = store_query(s, "SELECT address FROM sent WHERE message_id = $1",
			 v.at, v.n, give_first, &l, e);
	*address = l.found;
	return ok;
}

bool store_suppress(struct store *s, str domain,
		    const struct store_suppressed *x, struct err *e)
{
	struct values v = { .n = 0 };

	values_text(&v, domain);
	values_text(&v, x->address);
	values_number(&v, x->since);
	values_number(&v, x->until);
	values_text(&v, x->why);
	return run(s,
		   "INSERT INTO suppressed (domain, address, since, until, why)"
		   " VALUES ($1, $2, CAST($3 AS BIGINT), CAST($4 AS BIGINT),"
		   " $5) ON CONFLICT (domain, address) DO UPDATE SET"
		   " since = excluded.since, until = excluded.until,"
		   " why = excluded.why",
		   &v, NULL, e);
}

bool store_unsuppress(struct store *s, str domain, str address, bool *was,
		      struct err *e)
{
	struct values v = { .n = 0 };

	values_text(&v, domain);
	values_text(&v, address);
	return run(s,
		   "DELETE FROM suppressed WHERE domain = $1 AND address = $2"
		   " RETURNING 1",
		   &v, was, e);
}

bool store_is_suppressed(struct store *s, str domain, str address, int64_t now,
			 bool *is, struct err *e)
{
	struct values v = { .n = 0 };

	values_text(&v, domain);
	values_text(&v, address);
	values_number(&v, now);
	return run(s,
		   "SELECT 1 FROM suppressed WHERE domain = $1"
		   " AND address = $2 AND until > CAST($3 AS BIGINT)",
		   &v, is, e);
}

struct listing {
	store_suppressed_fn *fn;
	void *arg;
};

static bool give_suppressed(void *arg, const str *c)
{
	const struct listing *l = arg;
	struct store_suppressed x = { c[0], (int64_t)store_number(c[1]),
				      (int64_t)store_number(c[2]), c[3] };

	return l->fn(l->arg, &x);
}

bool store_suppressions(struct store *s, int64_t now, store_suppressed_fn *fn,
			void *arg, struct err *e)
{
	struct values v = { .n = 0 };
	struct listing l = { fn, arg };

	values_number(&v, now);
	return store_query(s,
			   "SELECT address, since, until, why FROM suppressed"
			   " WHERE until > CAST($1 AS BIGINT)"
			   " ORDER BY domain, address",
			   v.at, v.n, give_suppressed, &l, e);
}

bool store_prune_outbox(struct store *s, int64_t before, struct err *e)
{
	struct values v = { .n = 0 };

	values_number(&v, before);
	return run(s, "DELETE FROM sent WHERE day < CAST($1 AS BIGINT)", &v,
		   NULL, e) &&
	       run(s, "DELETE FROM sending WHERE day < CAST($1 AS BIGINT)", &v,
		   NULL, e) &&
	       run(s,
		   "DELETE FROM sending_failures WHERE day < CAST($1 AS BIGINT)",
		   &v, NULL, e);
}
