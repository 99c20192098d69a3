/* listener: the sockets where MTAs connect, and who serves each connection. */
#ifndef DAEMON_LISTENER_H
#define DAEMON_LISTENER_H

#include "daemon/worker.h"
#include "net/listen.h"

struct event_base;

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
void sockets_close(struct sockets *s, bool remove);

struct listener;

struct listener *listener_new(struct event_base *base, const struct sockets *s,
			      struct worker **workers, size_t n_workers);
void listener_free(struct listener *l); /* stops accepting */

#endif
