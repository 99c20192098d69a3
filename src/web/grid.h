/* grid: a table of a page.  The same calls write it as HTML, and the main one of
 * a page as CSV or JSON when that is asked for. */
#ifndef WEB_GRID_H
#define WEB_GRID_H

#include "web/page.h"

enum { GRID_COLUMNS = 16 };

struct grid_column {
	const char *name; /* in CSV and JSON; NULL: not there */
	const char *title; /* untranslated */
	bool number;
};

struct grid {
	struct page *p;
	const struct grid_column *column; /* ends with a NULL title */
	size_t at, rows;
	bool data; /* is written as CSV or JSON */
	bool first; /* no member of this row yet */
};

/* main_one: the one that ?format= means.  title is translated. */
struct grid grid_begin(struct page *p, const struct grid_column *columns,
		       const char *title, bool main_one);
void grid_end(struct grid *g);

void grid_row(struct grid *g);
/* One for each column, in order. */
void grid_str(struct grid *g, str value);
void grid_words(struct grid *g, const char *data, const char *shown,
		const char *class);
void grid_link(struct grid *g, const struct link *l, str value);
void grid_count(struct grid *g, uint64_t n);
void grid_failing(struct grid *g, uint64_t n); /* not 0 is marked */
void grid_percent(struct grid *g, uint64_t part, uint64_t whole);
void grid_day(struct grid *g, int64_t day);
void grid_flag(struct grid *g, bool value);
void grid_json(struct grid *g, str value);
/* A bar of what passed and what did not; its width is of `most`. */
void grid_bar(struct grid *g, uint64_t pass, uint64_t fail, uint64_t most);

/* "99.1": "0.0" only when nothing passed, "100.0" only when all did. */
const char *grid_percentage(uint64_t part, uint64_t whole, char text[16]);

#endif
