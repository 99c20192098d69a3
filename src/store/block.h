/* block: rows of a report as they came, up to BLOCK_ROWS of them in one text.
 * Reports repeat themselves: a row takes a tenth of what it takes as a row of a
 * table, and a database puts a few hundred of them as soon as one.
 *
 *   block  = *( class source messages 7*word )    a row; class: dkim, spf
 *   source = "0" / number *octet       octets and 1; or "0": the row before's
 *   word   = "0" / number / number number *octet     "0": absent; the number of
 *                      a word from 1 on; the next new one, its octets
 *
 * Numbers are those of digits.h; the words are disposition, header_from,
 * envelope_from, envelope_to, reasons, auth, raw. */
#ifndef STORE_BLOCK_H
#define STORE_BLOCK_H

#include "base/cur.h"
#include "base/map.h"
#include "store/store.h"

enum { BLOCK_ROWS = 512, BLOCK_WORDS = 7 };

/* n from 1 to BLOCK_ROWS.  What tells sources apart (hints, selector, via) is not
 * in it: that is summed up (packs.h).  In the arena. */
str block_write(struct arena *arena, const struct store_record *r, size_t n);

struct block_reader {
	struct cur at;
	struct arena *arena; /* of the words */
	str *word; /* from 1 on */
	size_t n_words, cap;
	str source;
	bool damaged;
};

struct block_reader block_reader_of(struct arena *arena);
void block_open(struct block_reader *r, str text); /* borrowed */
/* False: the end, or it is damaged.  The row's slices are of the text. */
bool block_next(struct block_reader *r, struct store_record *row);

#endif
