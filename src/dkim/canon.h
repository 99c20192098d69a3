/* canon: RFC 6376 3.4, the two canonicalizations of header fields and of the
 * body.  Only SP and HTAB are white space; a CR without LF and an LF without
 * CR are content. */
#ifndef DKIM_CANON_H
#define DKIM_CANON_H

#include "base/buf.h"
#include "mail/message.h"

#include <stdint.h>

enum canon { CANON_SIMPLE, CANON_RELAXED };

/* Appends the field without its final CRLF (3.4.1, 3.4.2). */
void canon_header(struct buf *out, enum canon canon, str raw);

/* The body, streamed in chunks cut anywhere; canonical octets go to put(). */
struct canon_body {
	enum canon canon;
	void (*put)(void *arg, const char *p, size_t n);
	void *arg;
	const struct squeeze *squeeze; /* the machine's fastest */

	/* Relaxed only: white space, and a CR behind it, held back until it is
	 * known whether a line ends there. */
	bool wsp, wsp_cr;

	/* CRLFs held back: they may be trailing empty lines; and a CR whose LF
	 * may come in the next chunk. */
	uint64_t newlines;
	bool cr;
	bool content; /* something was put */
};

void canon_body_init(struct canon_body *b, enum canon canon,
		     void (*put)(void *arg, const char *p, size_t n),
		     void *arg);
void canon_body_feed(struct canon_body *b, str chunk);
void canon_body_end(struct canon_body *b);

#endif
