/* scoreview: a score as HTML: on a page of the server, and as a file for
 * sharing that refers to nothing outside. */
#ifndef WEB_SCOREVIEW_H
#define WEB_SCOREVIEW_H

#include "inbox/result.h"
#include "web/html.h"

/* What stands in <main>, in the language of this thread. */
void scoreview(struct html *h, struct arena *arena, const struct result *r);

/* A whole page.  language: "en" or "ja", the one that is set. */
str scoreview_file(struct arena *arena, const struct result *r,
		   const char *language);

/* "g" good, "w" fair, "b" bad: a class. */
const char *scoreview_class(int total);
/* "Fri, 27 Nov 2026 09:00 UTC", shortly. */
const char *scoreview_time(int64_t seconds, char out[32]);

#endif
