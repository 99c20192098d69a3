/* jsontext: strings as JSON has them (RFC 8259 7), for what is written by hand
 * in large amounts.  Bytes that are no UTF-8 become U+FFFD, and so does a
 * control of the C1 set, which some terminals obey. */
#ifndef BASE_JSONTEXT_H
#define BASE_JSONTEXT_H

#include "base/buf.h"

/* With its quotes. */
void jsontext_put(struct buf *out, str s);

/* ,"name":"value" (the comma unless *first, which becomes false). */
void jsontext_member(struct buf *out, bool *first, const char *name, str value);

#endif
