/* packs: the sums of all rows, by day, in packs (pack.h): of all mail (PACKS_ALL),
 * and for each reporter.  What pages are made of.
 *
 * A report's own sums come with it, in its transaction (`pack_new`), and wait
 * there until there are many: then they are merged into `pack`, in a
 * transaction of its own.  Sums are those of both tables together, at every
 * moment; so a writer never waits for another one's merging, and one that is
 * killed in the middle of it leaves all as it was. */
#ifndef STORE_PACKS_H
#define STORE_PACKS_H

#include "store/pack.h"

struct rollup;

enum packs_kind { PACKS_ALL, PACKS_BY_ORG };

/* A part of the sums of one day, by sources: from first to last. */
struct packs_chunk {
	str domain, org; /* org: empty with PACKS_ALL */
	enum packs_kind kind;
	int64_t day;
	uint64_t n; /* of the day's chunks */
	str first, last, text;
};

/* Octets of a chunk and of a report's piece.  Four chunks are a page of
 * PostgreSQL's, which would put larger ones elsewhere. */
enum { PACKS_CHUNK = 1700, PACKS_PIECE = 256 << 10 };

struct packs_choice {
	enum packs_kind kind;
	str domain; /* empty: all */
	int64_t since, until;
	str org; /* with PACKS_BY_ORG; absent: every one */
	str source_ip; /* absent: all */
};

/* row->t.day is set, row->t.messages is the day's share. */
typedef bool packs_fn(void *arg, struct pack_row *row, str org);
bool packs_read(struct store *s, const struct packs_choice *c,
		struct arena *arena, packs_fn *fn, void *arg, struct err *e);

/* One of its texts as day i of the days that its report is spread over (one day:
 * 0 of 1): rows that have messages then, in order.  Of the reader, pack_open and
 * pack_again. */
struct packs_stream {
	struct pack_reader reader;
	struct pack_row row;
	uint64_t i, days;
};
/* *live: there was a row. */
bool packs_next(struct packs_stream *st, bool *live, struct err *e);

/* The sums of one report, as texts of at most about PACKS_PIECE octets; what the
 * rollup holds stays. */
typedef bool packs_piece_fn(void *arg, str text, uint64_t rows);
bool packs_pieces(struct rollup *r, struct arena *arena, packs_piece_fn *fn,
		  void *arg);

/* Merges what waits, when it is much.  False: *e, and nothing has changed. */
bool packs_settle(struct store *s, struct err *e);
/* All that waits, in the transaction that is open. */
bool packs_merge(struct store *s, struct err *e);

#endif
