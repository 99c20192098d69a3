/* master: RFC 1035 5 master files read by ldns, record by record ($ORIGIN,
 * $TTL, brackets, quoting).  $INCLUDE is refused. */
#ifndef DNS_MASTER_H
#define DNS_MASTER_H

#include "base/err.h"

#include <ldns/ldns.h>

/* Takes one record (borrowed); false with *e ends the reading, and file and
 * line are put in front of what it says. */
typedef bool dns_master_fn(void *arg, ldns_rr *rr, struct err *e);

/* what: "zone file", for messages. */
bool dns_master_read(const char *path, const char *what, dns_master_fn *fn,
		     void *arg, struct err *e);

#endif
