/* Blocks of the rows of a store that had a row of a table for each. */
#include "store/backend.h"
#include "store/backfill.h"
#include "store/block.h"
#include "store/query.h"
#include "store/question.h"

#include <stdlib.h>

/* Octets of rows in one block. */
enum { BLOCK_AT = 256 << 10 };

struct filling {
	struct store *s;
	struct err *e;
	struct arena *arena; /* of a block */
	struct store_record row[BLOCK_ROWS];
	size_t n, octets;
	uint64_t first, last; /* of the rows */
};

static str keep(struct filling *f, str s)
{
	f->octets += s.n;
	return s.p ? arena_str(f->arena, s) : s;
}

static bool take_row(void *arg, const str *c)
{
	struct filling *f = arg;

	if (f->octets >= BLOCK_AT) /* the next block's */
		return true;
	f->last = store_number(c[0]);
	if (!f->n)
		f->first = f->last;
	f->row[f->n++] = (struct store_record){
		.source_ip = keep(f, c[1]),
		.messages = store_number(c[2]),
		.disposition = keep(f, c[3]),
		.dkim = store_number(c[4]) > 0,
		.spf = store_number(c[5]) > 0,
		.header_from = keep(f, c[6]),
		.envelope_from = keep(f, c[7]),
		.envelope_to = keep(f, c[8]),
		.reasons = keep(f, c[9]),
		.auth = keep(f, c[10]),
		.raw = keep(f, c[11]),
	};
	return true;
}

static bool read_rows(struct filling *f, const struct old_report *o)
{
	struct question q = question_new(f->arena);

	f->n = f->octets = 0;
	question_put(&q, "SELECT n, source_ip, messages, disposition, dkim,"
			 " spf, header_from, envelope_from, envelope_to,"
			 " reasons, auth, raw FROM record WHERE domain = ");
	question_text(&q, o->domain);
	question_put(&q, " AND report = ");
	question_number(&q, (int64_t)o->report);
	question_put(&q, " AND n > ");
	question_number(&q, (int64_t)f->last);
	question_put(&q, " ORDER BY n LIMIT ");
	question_number(&q, BLOCK_ROWS);
	return question_ask(&q, f->s, take_row, f, f->e);
}

static bool nothing(void *arg, const str *c)
{
	(void)arg, (void)c;
	return true;
}

static bool put_block(struct filling *f, const struct old_report *o)
{
	struct question q = question_new(f->arena);

	question_put(&q, "INSERT INTO record_block (domain, report, n, rows,"
			 " entries) VALUES (");
	question_text(&q, o->domain);
	question_put(&q, ", ");
	question_number(&q, (int64_t)o->report);
	question_put(&q, ", ");
	question_number(&q, (int64_t)f->first);
	question_put(&q, ", ");
	question_number(&q, (int64_t)f->n);
	question_put(&q, ", ");
	question_text(&q, block_write(f->arena, f->row, f->n));
	question_put(&q, ")");
	return question_ask(&q, f->s, nothing, NULL, f->e);
}

/* The next block; none is left when it has no rows. */
static bool fill(struct filling *f, const struct old_report *o)
{
	bool ok;

	arena_reset(f->arena);
	if (!arena_enter(f->arena))
		return err_set(f->e, ERR_INTERNAL, "out of memory");
	ok = read_rows(f, o) && (!f->n || put_block(f, o));
	arena_leave(f->arena);
	return ok;
}

static bool fill_report(void *arg, const struct old_report *o)
{
	struct filling *f = arg;

	f->last = 0;
	do {
		if (!fill(f, o))
			return false;
	} while (f->n);
	return true;
}

bool blocks_backfill(struct store *s, struct err *e)
{
	struct filling *f = calloc(1, sizeof *f);
	bool ok = false;

	(void)err_set(e, ERR_INTERNAL, "out of memory");
	if (!f)
		return false;
	f->s = s;
	f->e = e;
	f->arena = arena_new(1 << 16);
	if (f->arena)
		ok = backfill_reports(s, fill_report, f, e);
	arena_free(f->arena);
	free(f);
	return ok;
}
