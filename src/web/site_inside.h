/* site_inside: what the pages about reports share. */
#ifndef WEB_SITE_INSIDE_H
#define WEB_SITE_INSIDE_H

#include "base/tr.h"
#include "web/grid.h"
#include "web/site.h"

enum { SITE_DAYS = 30, SITE_LINES = 50, SITE_LIST = 200 };

/* What the store has, of all domains or of the one that was chosen. */
struct site_domains {
	struct store_summary *domain; /* all days */
	size_t n;
	struct store_summary all; /* of the choice */
};

struct view {
	struct page page; /* first: pages are casts of it */
	struct store *store;
	struct store_view v;
	struct site_domains domains;
	int64_t newest_own; /* day of our own verdicts, for their page */
	int64_t days; /* of ?days=, or 0 for since and until */
	const char *problem; /* of an argument; untranslated, or NULL */
	struct err err;
};

/* Reads the arguments, and the domains of the store.  False: view->err. */
bool view_read(struct view *view);
/* One domain is meant. */
bool view_has_domain(const struct view *view);

/* A link with all that was chosen. */
struct link view_link(const struct view *view, const char *path);
/* The arguments that links keep; ends with NULL. */
extern const char *const view_keep[];
extern const struct page_tab view_tabs[];

/* Frame, form of choices, and the sentence of what is wrong with them. */
void view_begin(struct view *view, const char *title);
void view_end(struct view *view, struct web_response *out);
/* "CSV  JSON" of this page. */
void view_formats(struct view *view);
/* Links to the page before and the next; at counts from 0. */
void view_pages(struct view *view, uint64_t at, bool more);
uint64_t view_number(const struct view *view, const char *name);

/* The chart of days, and its table. */
void chart_days(struct view *view, const struct flow *f);

/* Sources of one kind, or of all (kind < 0): at most so many, after skip. */
size_t sources_grid(struct view *view, const struct store_sources *s, int kind,
		    size_t skip, size_t most, const char *title, bool main_one);

/* Rows of aggregate reports. */
extern const struct grid_column row_columns[];
void row_put(struct view *view, struct grid *g, const struct flow_row *r);

const char *source_kind_words(enum store_source_kind kind);

/* A report as it came, if it was kept: folded, at the end of its page; and as a
 * file.  False: view->err. */
bool original_put(struct view *view, const struct store_report *r);
bool original_download(struct view *view, struct web_response *out);

/* Pages.  False: view->err. */
bool page_overview(struct view *view);
bool page_sources(struct view *view);
bool page_source(struct view *view);
bool page_days(struct view *view);
bool page_reports(struct view *view);
bool page_report(struct view *view);
bool page_reporters(struct view *view);
bool page_tls(struct view *view);
bool page_selectors(struct view *view);
bool page_own(struct view *view);
bool page_data(struct view *view);

/* For pages as files: see struct page. */
bool site_has_page(const char *path);
void site_set_files(struct site *s, str (*file_of)(void *, const struct link *),
		    void *arg);

/* A table of the store as CSV or JSON: "data/NAME". */
bool site_download(struct site *s, const struct web_request *r,
		   const struct store_view *v, struct web_response *out);

#endif
