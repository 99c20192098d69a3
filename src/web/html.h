/* html: writing HTML.  There is no way to put markup that was not made by
 * html_open and html_attr: everything else is text and is escaped, so what a
 * stranger wrote stays text wherever it stands.  Octets that are no UTF-8,
 * controls, and the characters that turn the direction of writing become U+FFFD.
 *
 *	html_open(h, "td");
 *	html_attr(h, "class", "number");
 *	html_text(h, "1 < 2");
 *	html_close(h); */
#ifndef WEB_HTML_H
#define WEB_HTML_H

#include "base/buf.h"

#include <stdint.h>

enum { HTML_DEPTH = 32, HTML_MAX = 16 << 20 };

struct html {
	struct buf out;
	const char *open[HTML_DEPTH];
	int depth;
	bool in_tag; /* attributes may follow */
	bool mute; /* writes nothing: somebody wants the data only */
};

struct html html_new(struct arena *arena);

/* tag and attribute names are literals of the program. */
void html_open(struct html *h, const char *tag);
void html_open_class(struct html *h, const char *tag, const char *class);
void html_close(struct html *h); /* the innermost */
void html_void(struct html *h, const char *tag); /* meta, link, input */

/* Right behind html_open or html_void. */
void html_attr(struct html *h, const char *name, const char *value);
void html_attr_str(struct html *h, const char *name, str value);
void html_attr_number(struct html *h, const char *name, int64_t value);
void html_flag(struct html *h, const char *name);

void html_text(struct html *h, const char *words);
void html_str(struct html *h, str text);

/* An element with text only; class may be NULL. */
void html_leaf(struct html *h, const char *tag, const char *class,
	       const char *words);
void html_leaf_str(struct html *h, const char *tag, const char *class,
		   str text);

/* <style>, for a page that is one file: a sheet of the program's own. */
void html_style(struct html *h, str sheet);

/* Text as it is escaped everywhere here. */
void html_escape(struct buf *out, str text);

#endif
