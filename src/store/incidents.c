#include "store/incidents.h"

#include "base/limits.h"
#include "store/backend.h"
#include "store/query.h"
#include "store/values.h"

enum { DAY = 86400 };

/* What is alike, behind "WHERE"; $1 to $6. */
#define SAME                                                  \
	" domain = $1 AND day = CAST($2 AS BIGINT)"           \
	" AND writer = CAST($3 AS BIGINT) AND source_ip = $4" \
	" AND envelope_from = $5 AND alignment = $6"
#define OWED(today)                                                     \
	" (reported = 0 OR (reported < incidents AND day < CAST(" today \
	" AS BIGINT)))"

static bool no_row(void *arg, const str *c)
{
	(void)arg;
	(void)c;
	return true;
}

static bool put_one(struct store *s, const struct store_writer *w,
		    const struct store_incident *i, struct err *e)
{
	struct values v;

	_Static_assert(LIMIT_INCIDENTS == 100, "as the SQL below has it");
	values_unit(&v, i->domain, i->time / DAY);
	values_number(&v, (int64_t)w->id);
	values_text(&v, i->source_ip);
	values_text(&v, i->envelope_from);
	values_text(&v, i->alignment);
	values_number(&v, (int64_t)i->n);
	values_number(&v, i->time);
	values_text(&v, i->feedback);
	values_text(&v, i->header);
	return store_query(
		s,
		"INSERT INTO incident (domain, day, writer, source_ip,"
		" envelope_from, alignment, n, first_time, last_time,"
		" incidents, reported, feedback, header)"
		" SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT),"
		" CAST($3 AS BIGINT), CAST($4 AS TEXT), CAST($5 AS TEXT),"
		" CAST($6 AS TEXT), CAST($7 AS BIGINT), CAST($8 AS BIGINT),"
		" CAST($8 AS BIGINT), 1, 0, CAST($9 AS TEXT),"
		" CAST($10 AS TEXT) WHERE (SELECT count(*) FROM incident"
		" WHERE domain = $1 AND day = CAST($2 AS BIGINT)) < 100"
		" OR EXISTS (SELECT 1 FROM incident WHERE" SAME ")"
		" ON CONFLICT (domain, day, writer, source_ip, envelope_from,"
		" alignment) DO UPDATE SET incidents = incident.incidents + 1,"
		" n = excluded.n, last_time = excluded.last_time"
		" WHERE incident.n < excluded.n",
		v.at, v.n, no_row, NULL, e);
}

bool store_put_incidents(struct store *s, const struct store_writer *w,
			 const struct store_incident *list, size_t n,
			 struct err *e)
{
	bool ok = true;

	if (!n)
		return true;
	if (!s->ops->small_begin(s, e))
		return false;
	for (size_t i = 0; ok && i < n; i++)
		ok = put_one(s, w, &list[i], e);
	if (ok && store_query(s, "COMMIT", NULL, 0, no_row, NULL, e))
		return true;
	s->ops->rollback(s);
	return false;
}

bool store_prune_incidents(struct store *s, int64_t before, struct err *e)
{
	struct values v = { .n = 0 };

	values_number(&v, before);
	return store_query(
		s, "DELETE FROM incident WHERE day < CAST($1 AS BIGINT)", v.at,
		v.n, no_row, NULL, e);
}

struct owing {
	store_incident_unit_fn *fn;
	void *arg;
};

static bool give_unit(void *arg, const str *c)
{
	const struct owing *o = arg;

	return o->fn(o->arg, c[0], (int64_t)store_number(c[1]));
}

bool store_incidents_owed(struct store *s, int64_t now, bool all,
			  store_incident_unit_fn *fn, void *arg, struct err *e)
{
	struct values v = { .n = 0 };
	struct owing o = { fn, arg };

	values_number(&v, now / DAY);
	values_number(&v, all);
	values_number(&v, now);
	return store_query(
		s,
		"SELECT DISTINCT domain, day FROM incident i WHERE" OWED(
			"$1") " AND (CAST($2 AS BIGINT) > 0 OR NOT EXISTS (SELECT 1 FROM"
			      " sending_failures WHERE domain = i.domain AND day = i.day"
			      " AND (done > 0 OR lease > CAST($3 AS BIGINT))))"
			      " ORDER BY domain, day",
		v.at, v.n, give_unit, &o, e);
}

struct giving {
	store_incident_fn *fn;
	void *arg;
};

static bool give_row(void *arg, const str *c)
{
	const struct giving *g = arg;
	struct store_incident_row r = {
		.writer = store_number(c[0]),
		.source_ip = c[1],
		.envelope_from = c[2],
		.alignment = c[3],
		.feedback = c[4],
		.header = c[5],
		.first = (int64_t)store_number(c[6]),
		.last = (int64_t)store_number(c[7]),
		.incidents = store_number(c[8]),
		.reported = store_number(c[9]),
	};

	return g->fn(g->arg, &r);
}

bool store_incidents(struct store *s, const struct store_unit *u, int64_t now,
		     store_incident_fn *fn, void *arg, struct err *e)
{
	struct values v;
	struct giving g = { fn, arg };

	values_unit(&v, u->domain, u->day);
	values_number(&v, now / DAY);
	return store_query(
		s,
		"SELECT writer, source_ip, envelope_from, alignment, feedback,"
		" header, first_time, last_time, incidents, reported"
		" FROM incident WHERE domain = $1 AND day = CAST($2 AS BIGINT)"
		" AND" OWED(
			"$3") " ORDER BY first_time, writer, source_ip, envelope_from,"
			      " alignment",
		v.at, v.n, give_row, &g, e);
}

bool store_incident_told(struct store *s, const struct store_unit *u,
			 const struct store_incident_row *r, struct err *e)
{
	struct values v;

	values_unit(&v, u->domain, u->day);
	values_number(&v, (int64_t)r->writer);
	values_text(&v, r->source_ip);
	values_text(&v, r->envelope_from);
	values_text(&v, r->alignment);
	values_number(&v, (int64_t)r->incidents);
	return store_query(s,
			   "UPDATE incident SET reported = CAST($7 AS BIGINT)"
			   " WHERE" SAME,
			   v.at, v.n, no_row, NULL, e);
}

static bool give_count(void *arg, const str *c)
{
	uint64_t *n = arg;

	*n = store_number(c[0]);
	return true;
}

bool store_incident_mails(struct store *s, const struct store_unit *u,
			  uint64_t *n, struct err *e)
{
	struct values v;

	values_unit(&v, u->domain, u->day);
	*n = 0;
	return store_query(s,
			   "SELECT count(*) FROM sent WHERE domain = $1"
			   " AND day = CAST($2 AS BIGINT)"
			   " AND substr(report_id, 1, 8) = '" INCIDENT_ID "'",
			   v.at, v.n, give_count, n, e);
}
