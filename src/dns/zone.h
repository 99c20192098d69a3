/* zone: RFC 1035 master files, or records added one by one, as a resolver.  All
 * files together are one tree from the root: a file may hold names of many
 * domains and needs neither SOA nor NS.  CNAMEs, wildcards (RFC 4592) and empty
 * non-terminals work; what is not in the tree does not exist.  Answers come
 * inside ask(); nothing touches the network.  Delegations are not followed. */
#ifndef DNS_ZONE_H
#define DNS_ZONE_H

#include "base/err.h"
#include "dns/resolver.h"

struct zone;

struct zone *zone_new(void); /* NULL: no memory */
/* resolver_free frees z too.  Asking from several threads is fine once all is
 * added. */
struct resolver *zone_resolver(struct zone *z);
void zone_free(struct zone *z);

/* Adds the records of a master file.  *e names file and line. */
bool zone_load(struct zone *z, const char *path, struct err *e);

/* One record, copied; rr as in struct dns_answer.  The same record twice is one
 * (RFC 2181 5).  False: no domain name, or more than LIMIT_RECORDS of a type. */
bool zone_add(struct zone *z, str name, enum dns_type type, uint32_t ttl,
	      const struct dns_rr *rr, struct err *e);
bool zone_add_txt(struct zone *z, str name, str text, struct err *e);
/* Every question about name is answered DNS_TEMPFAIL: what no file can say. */
bool zone_add_failure(struct zone *z, str name, struct err *e);

#endif
