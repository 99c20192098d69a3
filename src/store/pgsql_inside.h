/* pgsql_inside: what the files of the PostgreSQL store share. */
#ifndef STORE_PGSQL_INSIDE_H
#define STORE_PGSQL_INSIDE_H

#include "base/buf.h"
#include "store/backend.h"

#include <libpq-fe.h>

enum { FLUSH_AT = 1 << 20, ROW_MAX = 4 << 20 };

/* Rows on their way to a staging table. */
/* DIRECT: to the table itself. */
enum stage {
	REPORTS,
	BLOCKS,
	DAYS,
	PIECES,
	ORIGINALS,
	TLS,
	FAILURES,
	DIRECT,
	STAGES
};

struct pgsql {
	struct store store;
	PGconn *conn;
	struct buf stage[STAGES];
	struct buf chunks; /* of packs, on their way */
	int64_t number, last; /* of the report; of those taken */
	bool direct; /* rows of it are in its table already */
	int64_t days[2]; /* with a table for verdicts, the latest known */
	char state[6]; /* SQLSTATE of the last failure, until it is told */
};

static inline struct pgsql *pgsql_of(struct store *s)
{
	return (struct pgsql *)s;
}

/* Frees a result; what failed is noted for pgsql_failed. */
ExecStatusType pgsql_end(struct pgsql *q, PGresult *r);
/* What the server says, in one line, never with the password of the URL. */
bool pgsql_failed(struct pgsql *q, const char *doing, struct err *e);
bool pgsql_run(struct pgsql *q, const char *sql, const char *doing,
	       struct err *e);
/* The first number of the only row of a question that has a result. */
bool pgsql_number(struct pgsql *q, const char *sql, uint64_t *out,
		  struct err *e);

/* Merges a batch and commits it, in one request: the server never waits for us
 * with rows locked, whatever cuts us off.  sql ends in "COMMIT"; the result of
 * the last question in it, or NULL and *e. */
PGresult *pgsql_merge(struct pgsql *q, const char *sql, struct err *e);
uint64_t pgsql_value(const PGresult *r, int column); /* of the only row */

/* Rows as COPY has them: columns behind tabs, \N is NULL. */
void copy_text(struct buf *b, str s); /* without a tab */
void copy_column(struct buf *b, str s); /* absent: empty */
void copy_maybe(struct buf *b, str s); /* absent: NULL */
void copy_number(struct buf *b, uint64_t n);
/* Sends what is in b, which is empty then.  sql: COPY ... FROM STDIN. */
bool copy_send(struct pgsql *q, const char *sql, struct buf *b, struct err *e);

void pgsql_rollback(struct store *s);
bool pgsql_query(struct store *s, const char *sql, const str *params, size_t n,
		 store_row_fn *fn, void *arg, struct err *e);
void pgsql_close(struct store *s);

extern const struct store_ops pgsql_ops;

/* pgsql_reports.c */
bool pgsql_begin(struct store *s, struct err *e);
bool pgsql_commit(struct store *s, struct store_counts *added, struct err *e);
bool pgsql_is_known(struct store *s, str ident, uint64_t rows, bool *known,
		    struct err *e);
bool pgsql_report_begin(struct store *s, struct err *e);
bool pgsql_put_block(struct store *s, str text, uint64_t first, uint64_t rows,
		     struct err *e);
bool pgsql_put_days(struct store *s, const struct traffic *t, size_t n,
		    struct err *e);
bool pgsql_put_piece(struct store *s, str text, uint64_t n, uint64_t rows,
		     struct err *e);
bool pgsql_put_original(struct store *s, uint64_t n, int64_t day, str octets,
			struct err *e);
bool pgsql_put_tls(struct store *s, const struct store_tls *r, struct err *e);
bool pgsql_put_failure(struct store *s, const struct store_failure *r,
		       struct err *e);
bool pgsql_report_end(struct store *s, const struct store_tail *t,
		      bool *dropped, struct err *e);
bool pgsql_report_cancel(struct store *s, struct err *e);

/* pgsql_packs.c */
bool pgsql_settle_begin(struct store *s, bool *mine, struct err *e);
bool pgsql_settle_end(struct store *s, bool ok, struct err *e);
bool pgsql_put_chunk(struct store *s, const struct packs_chunk *c,
		     struct err *e);
bool pgsql_end_chunks(struct store *s, struct err *e);

/* pgsql_verdicts.c */
bool pgsql_put_verdicts(struct store *s, const struct store_writer *w,
			const struct own *rows, size_t n, uint64_t *added,
			struct err *e);
bool pgsql_prune_verdicts(struct store *s, int64_t before, uint64_t *removed,
			  struct err *e);

#endif
