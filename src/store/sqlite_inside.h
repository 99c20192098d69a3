/* sqlite_inside: what the files of the SQLite store share. */
#ifndef STORE_SQLITE_INSIDE_H
#define STORE_SQLITE_INSIDE_H

#include "store/backend.h"

#include <time.h>

#include <sqlite3.h>

enum statement {
	PUT_REPORT,
	PUT_BLOCK,
	PUT_DAY,
	PUT_PIECE,
	PUT_CHUNK,
	PUT_ORIGINAL,
	PUT_TLS,
	PUT_FAILURE,
	PUT_POLICY,
	PUT_VERDICT,
	PUT_OWN_DAY,
	OLDEST_DAY,
	DAY_MESSAGES,
	DROP_VERDICTS,
	DROP_POLICIES,
	DROP_SUMS,
	NEXT_NUMBER,
	FIND_IDENT,
	FIND_NAMED,
	SAVE,
	RELEASE,
	BACK,
	STATEMENTS
};

struct sqlite {
	struct store store;
	sqlite3 *db;
	sqlite3_stmt *stmt[STATEMENTS];
	char *path;
	int64_t number; /* of the report that is being put */
	struct store_counts added; /* in this batch */
	time_t deadline; /* of reading */
	struct rollup *batch; /* sums by day that are not written yet */
};

static inline struct sqlite *sqlite_of(struct store *s)
{
	return (struct sqlite *)s;
}

/* What SQLite says, with the cure where there is one. */
bool sqlite_failed(struct sqlite *q, const char *doing, struct err *e);

/* Binding one column after the other; SQLite copies nothing. */
struct binding {
	sqlite3_stmt *stmt;
	int at;
	bool ok;
};

struct binding sqlite_bind(struct sqlite *q, enum statement which);
void bind_text(struct binding *b, str s); /* an absent one is NULL */
void bind_some(struct binding *b, str s); /* an absent one is empty */
void bind_int(struct binding *b, int64_t v);
void bind_blob(struct binding *b, str s);
/* Runs it; *row tells whether it gave one, and *value its first number.  Both
 * may be NULL. */
bool sqlite_step(struct sqlite *q, struct binding *b, bool *row, int64_t *value,
		 struct err *e);

/* One without parameters and values. */
bool sqlite_simple(struct sqlite *q, enum statement which, struct err *e);

bool sqlite_run(struct sqlite *q, const char *text, struct err *e);
bool sqlite_begin(struct store *s, struct err *e);
void sqlite_rollback(struct store *s);

extern const struct store_ops sqlite_ops;
void sqlite_close(struct store *s);

/* sqlite_reports.c */
bool sqlite_is_known(struct store *s, str ident, uint64_t rows, bool *known,
		     struct err *e);
bool sqlite_report_begin(struct store *s, struct err *e);
bool sqlite_put_block(struct store *s, str text, uint64_t first, uint64_t rows,
		      struct err *e);
bool sqlite_put_tls(struct store *s, const struct store_tls *r, struct err *e);
bool sqlite_put_failure(struct store *s, const struct store_failure *r,
			struct err *e);
bool sqlite_put_original(struct store *s, uint64_t n, int64_t day, str octets,
			 struct err *e);
bool sqlite_report_end(struct store *s, const struct store_tail *t,
		       bool *dropped, struct err *e);
bool sqlite_report_cancel(struct store *s, struct err *e);

/* sqlite_days.c */
bool sqlite_put_days(struct store *s, const struct traffic *t, size_t n,
		     struct err *e);
/* What is in memory goes to the table. */
bool sqlite_flush_days(struct sqlite *q, struct err *e);

/* sqlite_packs.c */
bool sqlite_put_piece(struct store *s, str text, uint64_t n, uint64_t rows,
		      struct err *e);
bool sqlite_settle_begin(struct store *s, bool *mine, struct err *e);
bool sqlite_settle_end(struct store *s, bool ok, struct err *e);
bool sqlite_put_chunk(struct store *s, const struct packs_chunk *c,
		      struct err *e);
bool sqlite_end_chunks(struct store *s, struct err *e);

/* sqlite_verdicts.c */
bool sqlite_put_verdicts(struct store *s, const struct store_writer *w,
			 const struct own *rows, size_t n, uint64_t *added,
			 struct err *e);
bool sqlite_prune_verdicts(struct store *s, int64_t before, uint64_t *removed,
			   struct err *e);

#endif
