#include "store/question.h"

#include <assert.h>

enum { SQL_MAX = 8192 };

struct question question_new(struct arena *arena)
{
	return (struct question){ .sql = buf_of(arena, SQL_MAX),
				  .arena = arena };
}

void question_put(struct question *q, const char *sql)
{
	buf_put(&q->sql, str_of(sql));
}

static void add(struct question *q, str value)
{
	assert(q->n < QUESTION_PARAMETERS);
	q->value[q->n++] = value.p ? value : STR("");
}

void question_text(struct question *q, str value)
{
	add(q, value);
	buf_printf(&q->sql, "$%zu", q->n);
}

static str text_of(struct question *q, int64_t value)
{
	struct buf b = buf_of(q->arena, 32);

	buf_printf(&b, "%lld", (long long)value);
	return buf_str(&b);
}

void question_number(struct question *q, int64_t value)
{
	add(q, text_of(q, value));
	buf_printf(&q->sql, "CAST($%zu AS BIGINT)", q->n);
}

void question_member(struct question *q, int64_t value)
{
	question_text(q, text_of(q, value));
}

void question_days(struct question *q, const struct store_filter *f)
{
	question_put(q, " AND r.end_time >= ");
	question_number(q, f->since * 86400);
	question_put(q, " AND r.begin_time < ");
	question_number(q, (f->until + 1) * 86400);
}

bool question_ask(struct question *q, struct store *s, store_row_fn *fn,
		  void *arg, struct err *e)
{
	buf_putc(&q->sql, '\0');
	assert(!q->sql.overflow);
	return store_query(s, buf_str(&q->sql).p, q->value, q->n, fn, arg, e);
}
