/* unroll: what a store has in blocks and packs, as tables `record` and `traffic`
 * of its connection, for tests that ask by SQL. */
#ifndef TESTS_UNROLL_H
#define TESTS_UNROLL_H

#include "store/flow.h"
#include "store/packs.h"
#include "store/question.h"
#include "store/rollup.h"
#include "test.h"

enum { UNROLL_COLUMNS = 14 };

struct unrolled {
	struct arena *arena;
	str (*row)[UNROLL_COLUMNS];
	size_t n, cap;
	struct rollup *sums;
	str domain;
};

static bool unroll_nothing(void *arg, const str *c)
{
	(void)arg, (void)c;
	return true;
}

static void unroll_run(struct store *s, const char *sql)
{
	struct err e;

	if (!store_query(s, sql, NULL, 0, unroll_nothing, NULL, &e))
		fail_msg("%s: %s", sql, e.text);
}

static void unroll_put(struct store *s, struct arena *a, const char *into,
		       const str *value, size_t n)
{
	struct question q = question_new(a);
	struct err e;

	question_put(&q, into);
	for (size_t i = 0; i < n; i++) {
		question_put(&q, i ? ", " : " VALUES (");
		if (value[i].p)
			question_text(&q, value[i]);
		else
			question_put(&q, "NULL");
	}
	question_put(&q, ")");
	if (!question_ask(&q, s, unroll_nothing, NULL, &e))
		fail_msg("%s: %s", into, e.text);
}

static str unroll_number(struct arena *a, uint64_t n)
{
	struct buf b = buf_of(a, 32);

	buf_printf(&b, "%llu", (unsigned long long)n);
	return buf_str(&b);
}

static bool unroll_keep(void *arg, const struct flow_row *r)
{
	struct unrolled *u = arg;
	struct arena *a = u->arena;
	const str value[UNROLL_COLUMNS] = {
		r->domain,
		unroll_number(a, r->report),
		unroll_number(a, r->n),
		r->source_ip,
		unroll_number(a, r->messages),
		r->disposition,
		unroll_number(a, r->dkim),
		unroll_number(a, r->spf),
		r->header_from,
		r->envelope_from,
		r->envelope_to,
		r->reasons,
		r->auth,
		r->raw,
	};

	if (u->n == u->cap) {
		u->row = arena_grow(a, u->row, u->cap * sizeof *u->row,
				    (u->cap * 2 + 64) * sizeof *u->row);
		u->cap = u->cap * 2 + 64;
	}
	for (size_t i = 0; i < UNROLL_COLUMNS; i++)
		u->row[u->n][i] = value[i].p ? arena_str(a, value[i])
					     : value[i];
	u->n++;
	return true;
}

/* create: "CREATE TABLE record", or TEMP. */
static void unroll_records(struct store *s, const char *create)
{
	static const struct store_filter all = { STORE_ALL_DAYS };
	struct arena *a = arena_new(1 << 16), *one = arena_new(1 << 12);
	struct unrolled u = { .arena = a };
	char sql[512];
	struct err e;

	(void)snprintf(sql, sizeof sql,
		       "%s (domain TEXT, report BIGINT, n BIGINT, source_ip"
		       " TEXT, messages NUMERIC(20), disposition TEXT, dkim"
		       " BIGINT, spf BIGINT, header_from TEXT, envelope_from"
		       " TEXT, envelope_to TEXT, reasons TEXT, auth TEXT, raw"
		       " TEXT)",
		       create);
	unroll_run(s, sql);
	if (!flow_records(s, &all, NULL, UINT64_MAX, a, unroll_keep, &u, &e))
		fail_msg("%s", e.text);
	unroll_run(s, "BEGIN");
	for (size_t i = 0; i < u.n; i++) {
		unroll_put(s, one, "INSERT INTO record", u.row[i],
			   UNROLL_COLUMNS);
		arena_reset(one);
	}
	unroll_run(s, "COMMIT");
	arena_free(one);
	arena_free(a);
}

static bool unroll_add(void *arg, struct pack_row *r, str org)
{
	struct unrolled *u = arg;
	struct traffic t = r->t;

	(void)org;
	t.domain = u->domain;
	assert_true(rollup_add(u->sums, &t));
	return true;
}

static void unroll_domain(struct store *s, str domain)
{
	struct arena *a = arena_new(1 << 16), *one = arena_new(1 << 12);
	struct unrolled u = { .sums = rollup_new(1 << 17), .domain = domain };
	const struct packs_choice c = { .domain = domain,
					.until = INT64_MAX / 86400 };
	const struct traffic *t;
	struct err e;
	size_t n;

	if (!packs_read(s, &c, a, unroll_add, &u, &e))
		fail_msg("%s", e.text);
	t = rollup_sorted(u.sums, &n);
	for (size_t i = 0; i < n; i++) {
		const str value[] = {
			t[i].domain,
			unroll_number(one, (uint64_t)t[i].day),
			t[i].source_ip,
			unroll_number(one, t[i].dkim),
			unroll_number(one, t[i].spf),
			t[i].disposition,
			unroll_number(one, t[i].hints),
			t[i].selector,
			t[i].via,
			unroll_number(one, t[i].messages),
		};

		unroll_put(s, one, "INSERT INTO traffic", value,
			   sizeof value / sizeof *value);
		arena_reset(one);
	}
	rollup_free(u.sums);
	arena_free(one);
	arena_free(a);
}

static void unroll_sums(struct store *s)
{
	unroll_run(s, "DROP TABLE IF EXISTS traffic");
	unroll_run(s, "CREATE TEMP TABLE traffic (domain TEXT, day BIGINT,"
		      " source_ip TEXT, dkim BIGINT, spf BIGINT, disposition"
		      " TEXT, hints BIGINT, selector TEXT, via TEXT, messages"
		      " BIGINT)");
	unroll_run(s, "BEGIN");
	unroll_domain(s, STR("example.org"));
	unroll_domain(s, STR("example.net"));
	unroll_run(s, "COMMIT");
}

/* Made anew each time. */
static void unroll(struct store *s)
{
	unroll_run(s, "DROP TABLE IF EXISTS record");
	unroll_records(s, "CREATE TEMP TABLE record");
	unroll_sums(s);
}

#endif
