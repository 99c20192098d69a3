/* imap: a session with an IMAP server: libcurl connects, sees to TLS and logs in;
 * what is said afterwards is said here. */
#ifndef REPORT_IMAP_H
#define REPORT_IMAP_H

#include "base/err.h"
#include "report/imap_read.h"

struct imap_options {
	struct imap_url url;
	const char *user, *password;
	const char *netrc; /* a file with both, instead; or NULL */
	const char *ca_file; /* whom to trust instead of the system's; NULL */
	unsigned seconds; /* for one answer */
};

struct imap;

/* NULL: *e. */
struct imap *imap_open(const struct imap_options *o, struct err *e);
void imap_close(struct imap *im);

/* Each untagged response; false gives up. */
typedef bool imap_fn(void *arg, const struct imap_response *r);

/* One command, its end waited for.  *done: the server says OK.  False: the
 * session is over, *e. */
bool imap_run(struct imap *im, str command, imap_fn *fn, void *arg, bool *done,
	      struct err *e);
/* What the server said to the last command that it did not do. */
const char *imap_said(const struct imap *im);

#endif
