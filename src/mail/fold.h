/* fold: writing a header field so that no line passes 78 octets where white
 * space allows it (RFC 5322 2.1.1, 2.2.3).  Lines are parted by CRLF + SP. */
#ifndef MAIL_FOLD_H
#define MAIL_FOLD_H

#include "base/buf.h"

enum { FOLD_WIDTH = 78 };

struct fold {
	struct buf *out;
	size_t column; /* octets on the current line */
};

/* column: octets that the caller has put on this line already. */
struct fold fold_of(struct buf *out, size_t column);

/* A space and the word, on a new line when this one has no room for it. */
void fold_word(struct fold *f, str word);
/* Directly behind what stands there. */
void fold_glue(struct fold *f, str text);
/* The same, on a new line when this one has no room: only where the field's
 * grammar allows white space but none is wanted (between names of h=). */
void fold_part(struct fold *f, str part);
/* Text that may be parted anywhere, as base64 in a tag: fills each line. */
void fold_anywhere(struct fold *f, str text);
/* The next word begins a new line. */
void fold_line(struct fold *f);

#endif
