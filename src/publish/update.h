/* update: a change of one zone (RFC 2136), signed with TSIG (RFC 8945).  All of
 * it happens or nothing: what was seen before is a condition, so a change that
 * somebody else made meanwhile is never overwritten. */
#ifndef PUBLISH_UPDATE_H
#define PUBLISH_UPDATE_H

#include "publish/server.h"
#include "publish/tsig.h"

struct update;

struct update *update_new(struct arena *arena, str zone);

/* The condition: name and type are still as in `seen`. */
void update_expect(struct update *u, str name, enum dns_type type,
		   const struct server_answer *seen);
void update_delete(struct update *u, const struct ldns_struct_rr *rr);
/* type and value as in a master file: "TXT", "\"v=spf1\" \"...\"". */
bool update_add(struct update *u, str name, int64_t ttl, const char *type,
		str value, struct err *e);
bool update_is_empty(const struct update *u);

/* key: NULL sends it unsigned.  False: *e says who refused what, and the cure;
 * ERR_PERMISSION when the server does not let us. */
bool update_send(struct update *u, const struct server *s,
		 const struct tsig_key *key, struct err *e);

#endif
