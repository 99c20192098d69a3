/* zone: RFC 1035 master files, or records added one by one, as a resolver.  All
 * files together are one tree from the root: a file may hold names of many
 * domains and needs neither SOA nor NS.  CNAMEs, wildcards (RFC 4592) and empty
 * non-terminals work; what is not in the tree does not exist.  Answers come
 * inside ask(); nothing touches the network. */
#ifndef DNS_ZONE_H
#define DNS_ZONE_H

#include "base/err.h"
#include "dns/resolver.h"

struct zone;

struct zone *zone_new(void); /* NULL: no memory */
struct resolver *zone_resolver(struct zone *z); /* resolver_free frees z too */
void zone_free(struct zone *z);

/* Adds the records of a master file.  *e names file and line. */
bool zone_load(struct zone *z, const char *path, struct err *e);

/* One record; data as in struct dns_rr. */
void zone_add(struct zone *z, str name, enum dns_type type, uint32_t ttl,
	      str data, uint16_t preference);
void zone_add_txt(struct zone *z, str name, str text);
/* Every question about name is answered so: for what no zone file can say. */
void zone_add_failure(struct zone *z, str name);

#endif
