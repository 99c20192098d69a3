/* utf8: well-formed sequences of UTF-8 (RFC 3629 4). */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/buf.h"

/* Octets of the sequence that s begins with: 1 to 4, or 0 when it is none (or
 * s is empty). */
size_t utf8_at(str s);

/* As much of s as is ASCII that may stand in text as it is: no control but
 * HTAB, LF and CR.  Eight octets at a time. */
size_t utf8_plain(str s);

/* At most max octets of s, cut between two characters. */
str utf8_head(str s, size_t max);

/* A copy in which every octet that is no UTF-8 is U+FFFD and controls other
 * than HTAB, LF and CR are left out.  True: it is what s was. */
bool utf8_clean(struct buf *out, str s);

#endif
