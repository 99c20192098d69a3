/* redact: what of a stranger's message may go to the domain that it names (RFC
 * 9991, RFC 6590).  The domain's owner learns what helps to find the source of a
 * message: who it says it is from, when, its Message-ID and signatures.  They do
 * not learn to whom it went or what it says: local parts are hashed with a
 * secret, so that equal ones can be told; names beside addresses, the subject,
 * Received fields (which hold recipients) and all other fields are left out. */
#ifndef REPORT_REDACT_H
#define REPORT_REDACT_H

#include "base/buf.h"
#include "mail/message.h"

enum { REDACT_SECRET = 16 };

struct redaction {
	const unsigned char *secret; /* REDACT_SECRET octets */
	str domain; /* its own addresses are no secret from its owner */
};

/* Text in one line of ASCII: controls and folds become a space, other octets
 * "?"; cut to LIMIT_INCIDENT_FIELD. */
void redact_line(struct buf *out, str text);

/* local@domain with its local part hashed; kept when it is the owner's own
 * (own) and plain. */
void redact_address(struct buf *out, const struct redaction *r, str local,
		    str domain, bool own);

/* The fields that may be seen, each "Name: value" with LF at the end of lines,
 * at most LIMIT_INCIDENT_TEXT octets. */
str redact_header(struct arena *arena, const struct redaction *r,
		  const struct header *h);

#endif
