/* query: one question as a packet (RFC 1035 4, RFC 6891), and what kind of
 * reply to it another packet is. */
#ifndef DNS_QUERY_H
#define DNS_QUERY_H

#include "dns/asks.h"

enum {
	DNS_QUERY_MAX = 12 + 255 + 4 + 11,
	DNS_UDP_SIZE = 1232 /* what passes any network in one piece */
};

/* Octets of the packet that asks for name. */
static inline size_t dns_query_room(str name)
{
	return 12 + name.n + 2 + 4 + 11;
}

struct dns_query {
	char *packet; /* the owner's, of dns_query_room() octets */
	size_t n;
	size_t question; /* octets of header and question */
};

/* Into q->packet.  name: dns_name_valid().  Recursion is desired; edns: larger replies by UDP
 * are welcome. */
void dns_query_write(struct dns_query *q, uint16_t id, enum dns_type type,
		     str name, bool edns);

enum dns_reply {
	DNS_REPLY_FOREIGN, /* not to this question: nothing is known */
	DNS_REPLY_ANSWER, /* records, or that there are none */
	DNS_REPLY_CUT, /* ask again by TCP */
	DNS_REPLY_FORMAT, /* the server does not understand: without EDNS? */
	DNS_REPLY_FAILURE /* it does not know or does not tell */
};

enum dns_reply dns_reply_of(const struct dns_query *q, str packet);

#endif
