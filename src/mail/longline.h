/* longline: what an SMTP client does to body lines that are too long: Postfix
 * (smtp_line_length_limit) breaks them by CRLF and a space after 998 octets (RFC
 * 5321 4.5.3.1.6).  A signer who foresees it signs what will arrive. */
#ifndef MAIL_LONGLINE_H
#define MAIL_LONGLINE_H

#include "base/str.h"

enum { LONGLINE_MAX = 998 };

struct longline {
	size_t column; /* octets of this line so far */
	bool seen; /* a line was too long */
};

/* Hands the chunk on, in pieces, with the breaks in it.  Lines end with CRLF; a
 * CR or LF alone is content.  Begin with a zeroed struct. */
void longline_feed(struct longline *l, str chunk,
		   void (*out)(void *arg, str piece), void *arg);

#endif
