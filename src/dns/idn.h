/* idn: internationalized domain names to A-labels (RFC 5891, by libidn2). */
#ifndef DNS_IDN_H
#define DNS_IDN_H

#include "base/arena.h"

/* A name that is ASCII already comes back as it is; UTF-8 labels become
 * A-labels, in the arena.  False when it cannot be one. */
bool dns_name_to_ascii(struct arena *arena, str name, str *out);

bool str_is_ascii(str s);

#endif
