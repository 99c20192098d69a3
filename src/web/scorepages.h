/* scorepages: the pages of inkan score --listen: a test address is given out,
 * the mail is waited for, the score is shown.  No scripts. */
#ifndef WEB_SCOREPAGES_H
#define WEB_SCOREPAGES_H

#include "inbox/spool.h"
#include "web/http.h"

struct scorepages {
	struct spool *spool; /* must outlive it */
	const char *prefix, *domain; /* of test addresses */
	const char *usual_language; /* "en" or "ja" */
	unsigned keep_days;
};

/* A web_handler_fn; arg is the struct. */
void scorepages_answer(void *arg, const struct web_request *r,
		       struct web_response *out);

#endif
