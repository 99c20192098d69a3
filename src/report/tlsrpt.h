/* tlsrpt: SMTP TLS reports (RFC 8460), as they come: counts as text, one host
 * or a list of them, fields under older names, policies without a summary. */
#ifndef REPORT_TLSRPT_H
#define REPORT_TLSRPT_H

#include "store/store.h"

struct tlsrpt_sink {
	void *arg;
	/* A report for each policy domain, its rows, its end.  False stops. */
	bool (*head)(void *arg, const struct store_head *h);
	bool (*row)(void *arg, const struct store_tls *r);
	bool (*end)(void *arg);
};

enum tlsrpt_end {
	TLSRPT_DONE,
	TLSRPT_OTHER, /* JSON, but no such report; why */
	TLSRPT_BAD, /* why */
	TLSRPT_STOPPED
};

/* The whole document, which lives until the arena ends.  *why is a static
 * sentence. */
enum tlsrpt_end tlsrpt_read(struct arena *arena, str json,
			    const struct tlsrpt_sink *sink, const char **why);

#endif
