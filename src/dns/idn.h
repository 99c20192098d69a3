/* idn: internationalized domain names to A-labels (RFC 5891, by libidn2). */
#ifndef DNS_IDN_H
#define DNS_IDN_H

#include "base/arena.h"

/* A name that is ASCII already comes back as it is; UTF-8 labels become
 * A-labels, in the arena.  False when it cannot be one. */
bool dns_name_to_ascii(struct arena *arena, str name, str *out);

/* A domain of mail as it is asked for and compared: A-labels in lower case,
 * without final dot, in the arena.  False: it is no domain
 * (dns_name_is_domain, underscores allowed). */
bool dns_name_canonical(struct arena *arena, str name, str *out);

bool str_is_ascii(str s);

#endif
