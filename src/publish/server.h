/* server: one name server, asked directly and without recursion, over TCP: what
 * it says is what its zone holds, not what a cache remembers. */
#ifndef PUBLISH_SERVER_H
#define PUBLISH_SERVER_H

#include "base/err.h"
#include "dns/asks.h"

#include <sys/socket.h>

struct ldns_struct_rr;
struct ldns_struct_rr_list;
struct ldns_struct_pkt;

struct server {
	struct sockaddr_storage to;
	socklen_t len;
	unsigned timeout_ms;
	char text[64]; /* for messages */
};

/* "192.0.2.1", "192.0.2.1:53", "[2001:db8::1]:53". */
bool server_parse(const char *text, unsigned timeout_ms, struct server *out,
		  struct err *e);

struct server_answer {
	unsigned rcode;
	bool authoritative;
	bool alias; /* the name is a CNAME */
	str zone; /* the SOA's owner, of the answer or in place of one */
	const struct ldns_struct_rr_list *rrs; /* of that name and type */
};

/* Everything lies in the arena.  False: no answer, *e says why. */
bool server_ask(struct arena *arena, const struct server *s, enum dns_type type,
		str name, struct server_answer *out, struct err *e);

/* One packet there, one back; both the arena's afterwards.  *wire: the reply as
 * it came. */
struct ldns_struct_pkt *server_exchange(struct arena *arena,
					const struct server *s,
					struct ldns_struct_pkt *packet,
					str *wire, struct err *e);

/* What people write as the record's value: TXT joined, no final dot. */
str server_value(struct arena *arena, const struct ldns_struct_rr *rr);
size_t server_count(const struct server_answer *a);
str server_value_at(struct arena *arena, const struct server_answer *a,
		    size_t i);

const struct ldns_struct_rr *server_rr_at(const struct server_answer *a,
					  size_t i);

/* "REFUSED" ... */
const char *server_rcode(unsigned rcode);

#endif
