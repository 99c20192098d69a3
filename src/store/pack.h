/* pack: sums of rows that are alike, many of them in one short text, in the
 * order of their keys.  A page that adds up a month reads a few thousand packs
 * where it would read half a million rows of a table.
 *
 * The text is made of numbers in digits of five bits (the last one 0x30 and up,
 * those before it 0x60 and up), and of words that stand where they are first
 * needed and are numbered from then on:
 *
 *   pack   = *( "!" shared length octets 1*part )    a source; shared: octets
 *                                                     of the one before it
 *   part   = class word word word messages           class: dkim, spf, hints;
 *                                                     disposition, selector, via
 *   word   = number / number length octets           the next new number */
#ifndef STORE_PACK_H
#define STORE_PACK_H

#include "base/buf.h"
#include "base/cur.h"
#include "base/map.h"
#include "store/backend.h"

/* Of a string in a pack: what rollup keeps. */
enum { PACK_TEXT = 256 };

/* By source, then by the others: the order of rows in a pack. */
int pack_cmp(const struct traffic *a, const struct traffic *b);

struct pack_writer {
	struct buf text;
	struct map words;
	struct arena
		*arena; /* of the text and the words; its owner resets it */
	char source[PACK_TEXT]; /* the one that is open */
	size_t source_n;
	uint64_t rows;
};

/* max: octets that the text may have; going beyond is an overflow of it. */
struct pack_writer pack_begin(struct arena *arena, size_t max);
void pack_put(struct pack_writer *w, const struct traffic *t); /* in order */

/* A word of the pack that is read; `is` is the reader's user's. */
struct pack_word {
	str text;
	void *is;
};

struct pack_row {
	struct traffic t; /* day is not set; valid until the next row */
	struct pack_word *disposition, *selector, *via;
	bool new_source; /* another than the row before had */
};

struct pack_reader {
	struct cur at;
	struct arena *arena; /* of the words */
	struct pack_word *word;
	size_t n_words, cap;
	char source[PACK_TEXT];
	size_t source_n;
	bool damaged;
};

struct pack_reader pack_open(struct arena *arena, str text);
void pack_again(struct pack_reader *r, str text); /* another text */
bool pack_next(struct pack_reader *r,
	       struct pack_row *row); /* false: the end */

#endif
