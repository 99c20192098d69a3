/* qp: RFC 6376 2.11 dkim-quoted-printable: no line breaks, upper-case hex,
 * white space between characters ignored. */
#ifndef DKIM_QP_H
#define DKIM_QP_H

#include "base/buf.h"

/* False on a bare "=", lower-case hex or a byte that should be encoded. */
bool dkim_qp_decode(struct arena *arena, str text, str *out);

/* also: further bytes to encode (as "|" in z=), or "". */
void dkim_qp_encode(struct buf *out, str bytes, const char *also);

#endif
