/* backend: what SQLite and PostgreSQL each do for store.c, which sees to the
 * order of the calls, the sums of a report and the rows of its traffic. */
#ifndef STORE_BACKEND_H
#define STORE_BACKEND_H

#include "store/store.h"
#include "store/verdicts.h"

/* The largest number of messages in one sum.  A hostile report may claim 2^64;
 * two of these can still be added. */
#define STORE_MESSAGES_MAX UINT64_C(4000000000000000000)

/* Of one report. */
struct totals {
	uint64_t records, messages, pass, dkim, spf, quarantine, reject;
};

/* Messages of one day that are alike: what pages and lists are made of. */
struct traffic {
	str domain; /* policy domain */
	int64_t day; /* days since 1970 */
	str source_ip, disposition, selector, via;
	bool dkim, spf;
	unsigned hints;
	uint64_t messages;
};

/* A verdict of a batch, which is in the order of domain, day, sums and policy. */
struct own {
	const struct store_verdict *v;
	int64_t day;
	int64_t policy; /* digest of v->policy; 0: none was found */
};

struct packs_chunk;

struct store_ops {
	bool (*begin)(struct store *s, struct err *e);
	bool (*commit)(struct store *s, struct store_counts *added,
		       struct err *e);
	void (*rollback)(struct store *s);
	/* Is the report of s->head there?  One of few rows may be called new
	 * although it is not, when asking costs more than it saves. */
	bool (*is_known)(struct store *s, str ident, uint64_t rows, bool *known,
			 struct err *e);
	bool (*report_begin)(struct store *s, struct err *e);
	/* Rows of the report, from that one on (block.h). */
	bool (*put_block)(struct store *s, str text, uint64_t first,
			  uint64_t rows, struct err *e);
	/* Sums by domain, day, dkim, spf and disposition, of the report that has
	 * just ended; in the order of their keys. */
	bool (*put_days)(struct store *s, const struct traffic *t, size_t n,
			 struct err *e);
	/* Sums of the report that is being put: a piece of its pack_new. */
	bool (*put_piece)(struct store *s, str text, uint64_t n, uint64_t rows,
			  struct err *e);
	bool (*put_original)(struct store *s, uint64_t n, int64_t day,
			     str octets, struct err *e);
	bool (*put_tls)(struct store *s, const struct store_tls *r,
			struct err *e);
	bool (*put_failure)(struct store *s, const struct store_failure *r,
			    struct err *e);
	/* *dropped: it was there already. */
	bool (*report_end)(struct store *s, const struct store_tail *t,
			   bool *dropped, struct err *e);
	bool (*report_cancel)(struct store *s, struct err *e);
	bool (*query)(struct store *s, const char *sql, const str *params,
		      size_t n, store_row_fn *fn, void *arg, struct err *e);
	/* A batch of its own, whole or not at all. */
	bool (*put_verdicts)(struct store *s, const struct store_writer *w,
			     const struct own *rows, size_t n, uint64_t *added,
			     struct err *e);
	bool (*prune_verdicts)(struct store *s, int64_t before,
			       uint64_t *removed, struct err *e);
	/* A transaction in which packs are merged, by one program at a time:
	 * not *mine, another one does it.  end: committed when ok. */
	bool (*settle_begin)(struct store *s, bool *mine, struct err *e);
	bool (*settle_end)(struct store *s, bool ok, struct err *e);
	bool (*put_chunk)(struct store *s, const struct packs_chunk *c,
			  struct err *e);
	bool (*end_chunks)(struct store *s, struct err *e); /* all are put */
	/* A transaction of plain questions that write; ends with "COMMIT", or
	 * rollback. */
	bool (*small_begin)(struct store *s, struct err *e);
	bool (*read_begin)(struct store *s, struct err *e);
	void (*read_end)(struct store *s);
	void (*close)(struct store *s);
};

/* The first member of each backend's own struct. */
struct store {
	const struct store_ops *ops;
	bool recording; /* STORE_RECORD */
	struct arena *head_arena; /* of head */
	struct store_head head; /* of the report that is being put */
	struct totals totals;
	uint64_t n; /* rows put of it */
	struct rollup *rollup; /* its traffic */
	struct rollup *days; /* and the sums of that by day */
	uint64_t known; /* reports of the batch that were there */
	struct arena *piece_arena;
	uint64_t pieces; /* put of it */
	struct store_telling telling;
};

enum store_use { STORE_READ, STORE_WRITE, STORE_RECORD };

struct store *sqlite_open(const char *path, enum store_use use,
			  const struct store_telling *telling, struct err *e);
struct store *pgsql_open(const char *url, enum store_use use,
			 const struct store_telling *telling, struct err *e);

/* The steps that make the schema, in order; NULL ends them.  Behind these, packs
 * and blocks are made of the rows that are there. */
enum { STORE_PACKS_STEP = 3, STORE_BLOCKS_STEP = 6 };
extern const char *const sqlite_migrations[], *const pgsql_migrations[];

/* What SQL alone cannot do of a step, in its transaction. */
bool store_backfill(struct store *s, int step, struct err *e);

uint64_t store_add(uint64_t a, uint64_t b); /* not beyond STORE_MESSAGES_MAX */

#endif
