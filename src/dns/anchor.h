/* anchor: DNSSEC trust anchors from a file: DS and DNSKEY records in master
 * file form (RFC 4034), one after another. */
#ifndef DNS_ANCHOR_H
#define DNS_ANCHOR_H

#include "base/err.h"

/* Called for each record, as text; false ends the reading. */
typedef bool dns_anchor_fn(void *arg, const char *record, struct err *e);

/* A file without any anchor is an error. */
bool dns_anchor_read(const char *path, dns_anchor_fn *fn, void *arg,
		     struct err *e);

#endif
