/* worker_inside: what a worker's connections see of it. */
#ifndef DAEMON_WORKER_INSIDE_H
#define DAEMON_WORKER_INSIDE_H

#include "daemon/conn.h"
#include "daemon/worker.h"

#include <pthread.h>
#include <sys/time.h>

#include <event2/event.h>

enum {
	WORKER_IN_BYTES = 262144,
	WORKER_OUT_MAX = 16 << 20 /* the replies to one reading */
};

enum wait_kind {
	WAIT_NONE,
	WAIT_IDLE, /* MTAs keep sessions for long */
	WAIT_REST, /* of a packet, or until the MTA takes a reply */
	WAIT_ANSWER, /* of DNS */
	WAITS
};

struct handed; /* from other threads */

struct worker {
	struct station station;
	struct event_base *base;
	int epoll; /* of base: see exclusive.h */
	struct listener *listener; /* NULL: does not accept (any more) */
	pthread_t thread;
	void *stack; /* of the thread */
	bool started, draining;
	struct buf out; /* replies of the event at hand */
	char *in;
	event_callback_fn on_conn;
	const struct timeval *timeouts[WAITS];
	struct conn *conns;
	struct filter *ready;
	struct event *ready_event, *wake_event;
	int wake_fd;
	pthread_mutex_t lock; /* of handed */
	struct handed *handed, **handed_end;
	atomic_uint load; /* connections, those on the way included */
	atomic_bool listening, finished;
	char host[256];
};

void worker_remember(struct worker *w, struct conn *c);
void worker_forget(struct worker *w, struct conn *c);

#endif
