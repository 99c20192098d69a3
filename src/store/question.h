/* question: SQL put together of pieces of the program, with what came from
 * elsewhere as parameters and never in the text. */
#ifndef STORE_QUESTION_H
#define STORE_QUESTION_H

#include "base/buf.h"
#include "store/query.h"

enum { QUESTION_PARAMETERS = 16 };

struct question {
	struct buf sql;
	str value[QUESTION_PARAMETERS];
	size_t n;
	struct arena *arena;
};

struct question question_new(struct arena *arena);
void question_put(struct question *q, const char *sql); /* a literal */
void question_text(struct question *q, str value); /* $N; borrowed */
void question_number(struct question *q, int64_t value);
/* In "(column, column) > (...)": behind a cast SQLite would look for the first
 * column only and read all of it. */
void question_member(struct question *q, int64_t value);

/* " AND ...": report r has days of the filter. */
void question_days(struct question *q, const struct store_filter *f);

/* As store_query. */
bool question_ask(struct question *q, struct store *s, store_row_fn *fn,
		  void *arg, struct err *e);

#endif
