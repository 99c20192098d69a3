#include "base/limits.h"
#include "store/backend.h"
#include "store/block.h"
#include "store/originals.h"
#include "store/packs.h"
#include "store/rollup.h"

#include <assert.h>
#include <stdlib.h>

static bool is_pgsql(const char *url)
{
	return str_starts(str_of(url), STR("postgresql:")) ||
	       str_starts(str_of(url), STR("postgres:"));
}

const char *store_file(const char *url)
{
	if (url[0] == '/')
		return url;
	return str_starts(str_of(url), STR("sqlite:"))
		       ? url + sizeof "sqlite:" - 1
		       : NULL;
}

bool store_url_check(const char *url, struct err *e)
{
	return store_file(url) || is_pgsql(url) ||
	       err_set(e, ERR_USAGE,
		       "store \"%.200s\" is none: write sqlite:PATH or "
		       "postgresql://USER@HOST/DATABASE",
		       url);
}

static struct store *open_as(const char *url, enum store_use use,
			     const struct store_telling *telling, struct err *e)
{
	struct store *s;

	if (!store_url_check(url, e))
		return NULL;
	s = store_file(url) ? sqlite_open(store_file(url), use, telling, e)
			    : pgsql_open(url, use, telling, e);
	if (!s)
		return NULL;
	s->rollup = rollup_new(LIMIT_ROLLUP);
	s->days = rollup_new(LIMIT_ROLLUP_DAYS);
	s->head_arena = arena_new(4096);
	s->piece_arena = arena_new(1 << 16);
	if (!s->rollup || !s->days || !s->head_arena || !s->piece_arena) {
		(void)err_set(e, ERR_INTERNAL, "out of memory");
		store_close(s);
		return NULL;
	}
	return s;
}

struct store *store_open(const char *url, bool create, struct err *e)
{
	static const struct store_telling nobody = { NULL, NULL };

	return open_as(url, create ? STORE_WRITE : STORE_READ, &nobody, e);
}

struct store *store_open_telling(const char *url,
				 const struct store_telling *telling,
				 struct err *e)
{
	return open_as(url, STORE_WRITE, telling, e);
}

struct store *store_open_recorder(const char *url, struct err *e)
{
	static const struct store_telling nobody = { NULL, NULL };

	return open_as(url, STORE_RECORD, &nobody, e);
}

void store_close(struct store *s)
{
	if (!s)
		return;
	rollup_free(s->rollup);
	rollup_free(s->days);
	arena_free(s->head_arena);
	arena_free(s->piece_arena);
	s->ops->close(s);
}

uint64_t store_add(uint64_t a, uint64_t b)
{
	if (a >= STORE_MESSAGES_MAX || b >= STORE_MESSAGES_MAX - a)
		return STORE_MESSAGES_MAX;
	return a + b;
}

bool store_begin(struct store *s, struct err *e)
{
	s->known = 0;
	return s->ops->begin(s, e);
}

bool store_commit(struct store *s, struct store_counts *added, struct err *e)
{
	struct err later;

	if (!s->ops->commit(s, added, e))
		return false;
	added->duplicates += s->known;
	/* what cannot be merged now waits for the next batch, and counts */
	(void)packs_settle(s, &later);
	return true;
}

void store_rollback(struct store *s)
{
	s->ops->rollback(s);
}

static void keep_head(struct store *s, const struct store_head *h)
{
	struct arena *a = s->head_arena;

	s->head = *h;
	s->head.domain = arena_str(a, h->domain);
	s->head.org = arena_str(a, h->org);
	s->head.email = arena_str(a, h->email);
	s->head.contact = arena_str(a, h->contact);
	s->head.report_id = arena_str(a, h->report_id);
	if (h->p.p)
		s->head.p = arena_str(a, h->p);
	s->head.policy = arena_str(a, h->policy);
}

static bool take_head(struct store *s, const struct store_head *h,
		      struct err *e)
{
	assert(h->domain.n && h->begin <= h->end);
	arena_reset(s->head_arena);
	if (!arena_enter(s->head_arena))
		return err_set(e, ERR_INTERNAL, "out of memory");
	keep_head(s, h);
	arena_leave(s->head_arena);
	return true;
}

bool store_skip_known(struct store *s, const struct store_head *h, str ident,
		      uint64_t rows, bool *known, struct err *e)
{
	if (!take_head(s, h, e) || !s->ops->is_known(s, ident, rows, known, e))
		return false;
	s->known += *known;
	return true;
}

bool store_report_begin(struct store *s, const struct store_head *h,
			struct err *e)
{
	if (!take_head(s, h, e))
		return false;
	s->totals = (struct totals){ 0 };
	s->n = 0;
	s->pieces = 0;
	rollup_reset(s->rollup);
	rollup_reset(s->days);
	return s->ops->report_begin(s, e);
}

static void count(struct totals *t, const struct store_record *r)
{
	t->records++;
	t->messages = store_add(t->messages, r->messages);
	if (r->dkim || r->spf)
		t->pass = store_add(t->pass, r->messages);
	if (r->dkim)
		t->dkim = store_add(t->dkim, r->messages);
	if (r->spf)
		t->spf = store_add(t->spf, r->messages);
	if (str_eq(r->disposition, STR("quarantine")))
		t->quarantine = store_add(t->quarantine, r->messages);
	if (str_eq(r->disposition, STR("reject")))
		t->reject = store_add(t->reject, r->messages);
}

struct flushing {
	struct store *s;
	struct err *e;
};

static bool add_days(void *arg, const struct traffic *t, size_t n)
{
	struct flushing *f = arg;

	for (size_t i = 0; i < n; i++) {
		const struct traffic day = {
			.domain = f->s->head.domain,
			.day = t[i].day,
			.source_ip = STR(""),
			.disposition = t[i].disposition,
			.selector = STR(""),
			.via = STR(""),
			.dkim = t[i].dkim,
			.spf = t[i].spf,
			.messages = t[i].messages,
		};

		if (!rollup_add(f->s->days, &day))
			return err_set(f->e, ERR_INTERNAL, "out of memory");
	}
	return true;
}

static bool put_piece(void *arg, str text, uint64_t rows)
{
	struct flushing *f = arg;

	return f->s->ops->put_piece(f->s, text, ++f->s->pieces, rows, f->e);
}

/* What the rollup holds goes to packs, and to the sums by day. */
static bool flush_rollup(struct store *s, struct err *e)
{
	struct flushing f = { s, e };
	bool ok;

	if (!arena_enter(s->piece_arena))
		return err_set(e, ERR_INTERNAL, "out of memory");
	ok = packs_pieces(s->rollup, s->piece_arena, put_piece, &f);
	arena_leave(s->piece_arena);
	return ok && rollup_spread(s->rollup, s->head.begin, s->head.end,
				   add_days, &f);
}

/* Days come when the report's end does. */
static bool add_up(struct store *s, const struct store_record *r, struct err *e)
{
	struct traffic t = rollup_row(r);

	count(&s->totals, r);
	return rollup_add(s->rollup, &t) ||
	       (flush_rollup(s, e) &&
		(rollup_add(s->rollup, &t) ||
		 err_set(e, ERR_INTERNAL, "out of memory")));
}

static bool put_block(struct store *s, const struct store_record *r, size_t n,
		      struct err *e)
{
	str text;
	bool ok;

	arena_reset(s->piece_arena);
	if (!arena_enter(s->piece_arena))
		return err_set(e, ERR_INTERNAL, "out of memory");
	text = block_write(s->piece_arena, r, n);
	arena_leave(s->piece_arena);
	ok = s->ops->put_block(s, text, s->n + 1, n, e);
	s->n += n;
	return ok;
}

bool store_put_records(struct store *s, const struct store_record *r, size_t n,
		       struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (!add_up(s, &r[i], e))
			return false;
	for (size_t i = 0; i < n; i += BLOCK_ROWS)
		if (!put_block(s, r + i,
			       n - i < BLOCK_ROWS ? n - i : BLOCK_ROWS, e))
			return false;
	return true;
}

bool store_put_tls(struct store *s, const struct store_tls *r, struct err *e)
{
	s->n++;
	s->totals.records++;
	s->totals.messages = store_add(s->totals.messages, r->sessions);
	if (!r->result.n)
		s->totals.pass = store_add(s->totals.pass, r->sessions);
	return s->ops->put_tls(s, r, e);
}

bool store_put_failure(struct store *s, const struct store_failure *r,
		       struct err *e)
{
	s->n++;
	s->totals.records++;
	s->totals.messages = store_add(s->totals.messages, r->incidents);
	return s->ops->put_failure(s, r, e);
}

static bool put_days(struct store *s, struct err *e)
{
	size_t n;
	const struct traffic *t = rollup_sorted(s->days, &n);

	return s->ops->put_days(s, t, n, e);
}

bool store_report_end(struct store *s, const struct store_tail *t,
		      struct err *e)
{
	bool dropped = false;

	if (!s->ops->report_end(s, t, &dropped, e))
		return false;
	s->known += dropped;
	return dropped || (flush_rollup(s, e) && put_days(s, e) &&
			   store_put_original(s, t->original, t->now, e));
}

bool store_report_cancel(struct store *s, struct err *e)
{
	rollup_reset(s->rollup);
	rollup_reset(s->days);
	return s->ops->report_cancel(s, e);
}

bool store_query(struct store *s, const char *sql, const str *params, size_t n,
		 store_row_fn *fn, void *arg, struct err *e)
{
	return s->ops->query(s, sql, params, n, fn, arg, e);
}

bool store_read_begin(struct store *s, struct err *e)
{
	return s->ops->read_begin(s, e);
}

void store_read_end(struct store *s)
{
	s->ops->read_end(s);
}
