/* base64 (RFC 4648 4).  Decoding comes strict, and as DKIM needs it with FWS
 * ignored wherever it stands (RFC 6376 3.5, b= and p=). */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/arena.h"

/* False when the text is not base64 with correct padding.  With skip_space
 * SP, HTAB, CR and LF are ignored; unused bits of the last byte must be 0 only
 * without it.  *out lies in the arena. */
bool base64_decode(struct arena *arena, str text, bool skip_space, str *out);

/* Padded, on one line, in the arena. */
str base64_encode(struct arena *arena, str bytes);

#endif
