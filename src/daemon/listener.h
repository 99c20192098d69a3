/* listener: the sockets where MTAs connect; and each worker's share in accepting
 * from them. */
#ifndef DAEMON_LISTENER_H
#define DAEMON_LISTENER_H

#include "daemon/process.h"
#include "net/listen.h"

struct worker;

struct sockets {
	int fds[NET_LISTEN_MAX];
	size_t n;
	struct net_address address; /* when it is ours to remove */
	bool ours;
};

/* From systemd if it gave some, else as Socket says.  only: the kind that is
 * to be opened now (an inet socket before chroot, a unix one after); *e. */
bool sockets_open(struct sockets *s, const struct conf *c, bool before_chroot,
		  struct err *e);
/* A unix socket made by root belongs to whom the program becomes. */
bool sockets_give(const struct sockets *s, const struct identity *who,
		  struct err *e);
/* No connection from now on.  The descriptors stay until sockets_close: other
 * threads may be in accept. */
void sockets_refuse(const struct sockets *s);
void sockets_close(struct sockets *s, bool remove);

/* All workers: who serves how many. */
struct crew {
	struct worker **workers;
	size_t n;
};

struct listener;

/* Accepts on w's loop, for w, or for a worker that has much less to do.  Before
 * w's thread begins, or on it.  NULL: no memory. */
struct listener *listener_new(struct worker *w, const struct crew *crew,
			      const struct sockets *s);
void listener_free(struct listener *l); /* NULL is fine */

#endif
