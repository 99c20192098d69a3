/* mime: the parts of a message (RFC 2045, 2046) as far as finding an attachment
 * needs it, lenient about what people's programs write.  The message lies in
 * memory; parts are slices of it, decoded only when asked. */
#ifndef MAIL_MIME_H
#define MAIL_MIME_H

#include "base/buf.h"
#include "mail/message.h"

struct mime_part {
	struct header header; /* of the part, or of the message around it */
	str type; /* "text/plain", lower case, without parameters */
	str encoding; /* Content-Transfer-Encoding, lower case; empty: none */
	str filename; /* of either field, decoded by RFC 2231; may be empty */
	str body; /* as it stands there */
	unsigned depth; /* messages and multiparts around it */
};

/* Calls fn for every part that is no multipart, in order; a message within the
 * message comes as a part of its own and then its parts.  The header of the
 * outermost message goes to *top (which may be NULL).  At most LIMIT_MIME_PARTS,
 * nested to LIMIT_MIME_DEPTH; what is deeper comes as one part.  False: fn gave
 * up. */
typedef bool mime_fn(void *arg, const struct mime_part *part);
bool mime_walk(struct arena *arena, str message, struct header *top,
	       mime_fn *fn, void *arg);

/* The header of a message and where its body begins. */
struct header mime_header(struct arena *arena, str message, str *body);

/* The body by its encoding; an unknown one is none. */
void mime_decode(const struct mime_part *part, struct buf *out);
/* Base64 wherever there is some: other octets are left out, padding ends it. */
void mime_base64(str text, struct buf *out);
void mime_quoted_printable(str text, struct buf *out);

/* Encoded words (RFC 2047) in UTF-8, ISO-8859-1 or US-ASCII decoded; folds are
 * undone.  Others stay as they are. */
str mime_words(struct arena *arena, str value);

#endif
