/* name: domain names as text and on the wire (RFC 1035 3.1, RFC 2181 11). */
#ifndef DNS_NAME_H
#define DNS_NAME_H

#include "base/str.h"

enum { DNS_NAME_MAX = 253, DNS_LABEL_MAX = 63 };

/* Can this text be asked for: 1..253 bytes, labels of 1..63 bytes, no final
 * dot; any byte but control characters and backslash. */
bool dns_name_valid(str name);

/* A host name of LDH labels (plus "_" when underscores are allowed), as every
 * domain in mail must be before it is used or printed. */
bool dns_name_is_domain(str name, bool underscores);

unsigned dns_name_labels(str name); /* "a.b.c" has 3, "" has 0 */
str dns_name_parent(str name); /* "b.c" of "a.b.c"; empty for one label */
str dns_name_last_labels(str name, unsigned n); /* all when it has fewer */
bool dns_name_is_below(str name, str ancestor); /* equal or subdomain */

#endif
