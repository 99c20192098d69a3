/* sockaddr: socket addresses as libmilter's users write them:
 *
 *	local:/run/x.sock  unix:/run/x.sock  /run/x.sock
 *	inet:8891@localhost  inet:8891  inet6:8891@[::1]
 *
 * A port may be a service name; without a host all addresses are meant. */
#ifndef NET_SOCKADDR_H
#define NET_SOCKADDR_H

#include "base/err.h"
#include "base/str.h"

enum net_kind { NET_UNIX, NET_INET, NET_INET6 };

enum { NET_PATH_MAX = 107, NET_HOST_MAX = 255, NET_PORT_MAX = 31 };

struct net_address {
	enum net_kind kind;
	char path[NET_PATH_MAX + 1]; /* NET_UNIX */
	char host[NET_HOST_MAX + 1]; /* else; empty: all addresses */
	char port[NET_PORT_MAX + 1];
};

/* Syntax only: no file and no name is looked up. */
bool net_address_parse(str text, struct net_address *out, struct err *e);

#endif
