/* listen: sockets to be served, and the blocking connection of a client.  Names
 * are looked up here, so this is for start-up and tools, not for a loop. */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include "net/sockaddr.h"

enum { NET_LISTEN_MAX = 16 };

/* Listens, non-blocking and close-on-exec, on every address that the host has
 * in its family; fds takes NET_LISTEN_MAX, *n is how many there are.  A unix
 * socket gets its mode from the umask; a socket file that nobody listens on any
 * more is removed first, anything else in its place is an error. */
bool net_listen(const struct net_address *a, int *fds, size_t *n,
		struct err *e);

/* Sockets that systemd opened for us (sd_listen_fds(3)): sets *first and gives
 * how many there are, made non-blocking and close-on-exec; 0 without them. */
unsigned net_inherited(int *first);

/* A blocking connection. */
bool net_connect(const struct net_address *a, int *fd, struct err *e);

/* Removes the socket file of an address that is listened on. */
void net_unlink(const struct net_address *a);

#endif
