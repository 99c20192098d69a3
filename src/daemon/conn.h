/* conn: one connection of an MTA on a worker's loop: bytes between the socket
 * and the filter's session.  It lives and dies on its worker's thread. */
#ifndef DAEMON_CONN_H
#define DAEMON_CONN_H

#include "daemon/filter.h"

#include <event2/event_struct.h>

struct worker;

struct conn {
	struct filter filter; /* first: the ready list gives it */
	struct worker *worker;
	struct event event;
	int fd;
	bool tcp, closing;
	unsigned char wait; /* which timeout is set */
	short waits_for; /* EV_READ or EV_WRITE */
	struct buf in; /* the start of a packet, until the rest comes */
	struct buf out; /* what the socket did not take yet */
	struct conn *next, *prev;
};

/* Takes over the descriptor; false when it cannot be served (it is closed). */
bool conn_open(struct worker *w, int fd, bool tcp);
void conn_close(struct conn *c);

/* Answers came for a message of this connection. */
void conn_resume(struct conn *c);

/* Stopping: closes it if no message is under way.  With force a message is
 * tempfailed. */
void conn_drain(struct conn *c, bool force);

#endif
