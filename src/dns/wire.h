/* wire: RFC 1035 4, a reply packet read into an answer.  Bounded: compression
 * pointers only go backwards, CNAMEs are followed within the packet. */
#ifndef DNS_WIRE_H
#define DNS_WIRE_H

#include "dns/asks.h"

/* The answer to (name, type) in the reply.  Records that do not belong to the
 * name or the CNAME chain from it are ignored.  A packet that is malformed, cut
 * (TC), no reply or refused gives DNS_TEMPFAIL.  Never NULL; in the arena. */
struct dns_answer *dns_wire_answer(struct arena *arena, str packet,
				   enum dns_type type, str name);

#endif
