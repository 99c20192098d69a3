/* worker: one thread with its loop, resolver, caches and connections. */
#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include "base/err.h"
#include "conf/snapshot.h"
#include "daemon/listener.h"
#include "daemon/stats.h"

struct worker;

struct recorder;

/* Takes a share of the snapshot of its own.  recorder: shared by all. */
struct worker *worker_new(struct snapshot *s, struct recorder *recorder,
			  struct err *e);
/* Before it starts: it accepts connections too. */
bool worker_listen(struct worker *w, const struct crew *crew,
		   const struct sockets *s, struct err *e);
bool worker_start(struct worker *w, struct err *e);
/* After its thread has ended, or never began. */
void worker_free(struct worker *w);

/* Takes over a connection's descriptor: on the worker's thread. */
void worker_take(struct worker *w, int fd, bool tcp);
/* From any thread.  worker_give takes over the descriptor. */
void worker_give(struct worker *w, int fd, bool tcp);
void worker_reload(struct worker *w, struct snapshot *s);
void worker_drain(struct worker *w); /* ends when its messages have */
void worker_stop(struct worker *w); /* ends now; messages are tempfailed */
bool worker_listening(const struct worker *w);
bool worker_finished(const struct worker *w);
void worker_join(struct worker *w);

unsigned worker_load(const struct worker *w); /* connections */
const struct stats *worker_stats(const struct worker *w);

#endif
