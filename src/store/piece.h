/* piece: a report or some rows of one, with all octets that they point to, on
 * their way from one thread to another. */
#ifndef STORE_PIECE_H
#define STORE_PIECE_H

#include "store/store.h"

/* Of a piece; its octets grow for one row that needs more. */
enum { PIECE_ROWS = 512, PIECE_OCTETS = 1 << 18 };

/* A report, or some rows of one. */
struct piece {
	struct piece *next;
	bool first, last; /* of the report */
	bool cancel; /* the report that came in other pieces */
	bool commit;
	enum store_kind kind;
	struct store_head head; /* in the first */
	struct store_tail tail; /* in the last */
	void *rows; /* of the kind */
	size_t n;
	char *octets;
	size_t used, size;
};

bool piece_init(struct piece *p); /* false: no memory; done all the same */
void piece_done(struct piece *p);
void piece_empty(struct piece *p, enum store_kind kind);
bool piece_is_empty(const struct piece *p);

/* What a piece may hold: its head, its tail, rows of its kind. */
struct layout;
extern const struct layout piece_head, piece_tail;
const struct layout *piece_row(enum store_kind kind);

/* Octets that it takes. */
size_t piece_size(const void *of, const struct layout *l);
/* Is there room for another row of that size, or another head or tail? */
bool piece_has_room(const struct piece *p, size_t size);
/* Of an empty one: makes room.  False: no memory. */
bool piece_grow(struct piece *p, size_t size);
/* Into p->head, p->tail, or behind the rows that are there; there is room. */
void piece_copy(struct piece *p, void *to, const void *from,
		const struct layout *l);
void piece_add(struct piece *p, const void *row);

#endif
