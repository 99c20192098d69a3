#include "store/backfill.h"

#include "store/backend.h"
#include "store/query.h"
#include "store/question.h"

#include <stdlib.h>

/* Reports at once. */
enum { AT_ONCE = 500 };

struct walk {
	struct store *s;
	backfill_fn *fn;
	void *arg;
	struct err *e;
	struct arena *arena[2]; /* of AT_ONCE reports, in turn */
	unsigned turn;
	struct old_report old[AT_ONCE];
	size_t n;
	uint64_t done, total; /* reports */
};

static bool take_old(void *arg, const str *c)
{
	struct walk *w = arg;

	w->old[w->n++] = (struct old_report){
		.domain = arena_str(w->arena[w->turn], c[0]),
		.report = store_number(c[1]),
		.org = arena_str(w->arena[w->turn], c[2]),
		.begin = store_number(c[3]),
		.end = store_number(c[4]),
	};
	return true;
}

static bool ask(struct walk *w, struct arena *arena, str domain,
		uint64_t report)
{
	struct question q = question_new(arena);

	question_put(&q,
		     "SELECT domain, report, org, begin_time, end_time"
		     " FROM report WHERE kind = 0 AND (domain, report) > (");
	question_text(&q, domain);
	question_put(&q, ", ");
	question_number(&q, (int64_t)report);
	question_put(&q, ") ORDER BY domain, report LIMIT ");
	question_number(&q, AT_ONCE);
	return question_ask(&q, w->s, take_old, w, w->e);
}

/* Those behind the last ones. */
static bool next_reports(struct walk *w)
{
	static const struct old_report none = { .domain = STR_INIT("") };
	const struct old_report last = w->n ? w->old[w->n - 1] : none;
	struct arena *arena = w->arena[w->turn ^= 1];
	bool ok;

	arena_reset(arena);
	w->n = 0;
	if (!arena_enter(arena))
		return err_set(w->e, ERR_INTERNAL, "out of memory");
	ok = ask(w, arena, last.domain, last.report);
	arena_leave(arena);
	return ok;
}

static bool give_reports(struct walk *w)
{
	const struct store_telling *t = &w->s->telling;

	for (size_t i = 0; i < w->n; i++)
		if (!w->fn(w->arg, &w->old[i]))
			return false;
	w->done += w->n;
	if (t->fn)
		t->fn(t->arg, w->done, w->total);
	return true;
}

static bool take_total(void *arg, const str *c)
{
	*(uint64_t *)arg = store_number(c[0]);
	return true;
}

static bool walk(struct walk *w)
{
	if (!store_query(w->s, "SELECT count(*) FROM report WHERE kind = 0",
			 NULL, 0, take_total, &w->total, w->e))
		return false;
	do {
		if (!next_reports(w) || !give_reports(w))
			return false;
	} while (w->n);
	return true;
}

bool backfill_reports(struct store *s, backfill_fn *fn, void *arg,
		      struct err *e)
{
	struct walk *w = calloc(1, sizeof *w);
	bool ok = false;

	(void)err_set(e, ERR_INTERNAL, "out of memory");
	if (!w)
		return false;
	*w = (struct walk){ .s = s, .fn = fn, .arg = arg, .e = e };
	w->arena[0] = arena_new(1 << 16);
	w->arena[1] = arena_new(1 << 16);
	if (w->arena[0] && w->arena[1])
		ok = walk(w);
	arena_free(w->arena[0]);
	arena_free(w->arena[1]);
	free(w);
	return ok;
}

bool store_backfill(struct store *s, int step, struct err *e)
{
	if (step == STORE_PACKS_STEP)
		return packs_backfill(s, e);
	return step != STORE_BLOCKS_STEP || blocks_backfill(s, e);
}
