/* page: the frame that all pages have, in the reader's language. */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

#include "web/html.h"
#include "web/link.h"

enum page_format { PAGE_HTML, PAGE_CSV, PAGE_JSON };

struct page_tab {
	const char *path, *title; /* untranslated */
};

struct page {
	struct html h;
	struct arena *arena;
	const struct web_request *r;
	const char *language; /* "en", "ja" */
	enum page_format format; /* else than HTML: the main table only */
	struct buf data; /* of it */
	bool has_data; /* there was one */
	/* Style sheets, ends with NULL; NULL: those of the reports, with their
	 * scripts. */
	const char *const *styles;
	unsigned refresh; /* seconds until it is asked for anew; 0: never */
	/* Pages that are files: where a link leads; absent: nowhere. */
	str (*file_of)(void *arg, const struct link *l);
	void *arg;
};

/* The sheets of every page. */
extern const char *const page_plain_styles[];

/* Sets the language, and looks at ?format=. */
struct page page_new(const struct web_request *r, const char *usual_language);

/* Up to <main>; tabs end with a NULL path.  keep names the arguments that its
 * links keep, and ends with NULL. */
void page_begin(struct page *p, const char *title, const struct page_tab *tabs,
		const char *const *keep);
void page_end(struct page *p, struct web_response *out);

/* An href; false (and none was written) when a file has no such page. */
bool page_href(struct page *p, const struct link *l);
/* <a href>TEXT</a>, or the text alone. */
void page_link(struct page *p, const struct link *l, str text);
void page_link_words(struct page *p, const struct link *l, const char *words);

/* A page with one sentence. */
void page_sorry(struct page *p, int status, const char *words,
		struct web_response *out);

/* Sentences are in this language from now on; one thread only. */
void page_set_language(const char *language);

#endif
