/* dialog: a conversation with a server, line by line, plain or over TLS, that ends
 * at a deadline whatever the other side does.  For the tool: it blocks.  TLS is
 * taken as it is offered, however bad: what it shows is the result.  SIGPIPE is
 * to be ignored by the caller. */
#ifndef NET_DIALOG_H
#define NET_DIALOG_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/ip.h"

struct dialog;

struct dialog_tls {
	const char *version; /* "TLSv1.3" */
	bool old; /* before TLS 1.2 (RFC 8996) */
	str chain; /* PEM, the server's own certificate first */
	/* NULL: a trusted root vouches for it.  Time and names are not looked
	 * at. */
	const char *distrust;
};

/* Connects.  From now on all that is said ends timeout_ms later.  NULL: *e, and
 * errno (ETIMEDOUT: no answer in time). */
struct dialog *dialog_open(struct ip ip, uint16_t port, unsigned timeout_ms,
			   struct err *e);
void dialog_close(struct dialog *t); /* NULL is fine */

/* A line without its end, at most 4096 octets; lives until the next one. */
bool dialog_line(struct dialog *t, str *out, struct err *e);
/* All until the server ends it; false: more than the buffer may hold, or *e. */
bool dialog_rest(struct dialog *t, struct buf *out, struct err *e);
bool dialog_send(struct dialog *t, str bytes, struct err *e);

/* name: whom the server should be (SNI).  ca_file: trusted roots in PEM, NULL
 * for the system's.  What is in *out lies in the arena. */
bool dialog_start_tls(struct dialog *t, struct arena *arena, const char *name,
		      const char *ca_file, struct dialog_tls *out,
		      struct err *e);

#endif
