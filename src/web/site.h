/* site: the pages about reports. */
#ifndef WEB_SITE_H
#define WEB_SITE_H

#include "store/flow.h"
#include "web/page.h"

struct site; /* a store, opened again when it was lost */

struct site *site_new(const char *store_url, const char *usual_language,
		      struct err *e);
void site_free(struct site *s);
/* Makes the first page, so that what takes long is remembered. */
void site_warm(struct site *s);
/* A web_handler_fn; arg is the site. */
void site_answer(void *arg, const struct web_request *r,
		 struct web_response *out);

/* The same pages as files in a directory, in the usual language, as far as links
 * lead and up to so many.  *n: pages.  False: *e. */
enum { SITE_FILES = 2000 };
bool site_export(struct site *s, const char *dir, size_t *n, struct err *e);

#endif
