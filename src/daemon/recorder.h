/* recorder: verdicts on their way into the store.  Workers put rows into a
 * bounded queue without waiting for anything; a thread of its own writes them in
 * batches.  A store that is full, slow, dead or not there costs rows, never
 * mail: what waits is put again until it is there, what does not fit into the
 * queue is counted, and the log says when that begins and when it ends. */
#ifndef DAEMON_RECORDER_H
#define DAEMON_RECORDER_H

#include "base/err.h"
#include "conf/conf.h"
#include "daemon/stats.h"
#include "store/incidents.h"

struct recorder;

/* node: this machine's name, borrowed.  Never NULL without *e. */
struct recorder *recorder_new(const char *node, struct err *e);
/* Settings of a first or a new configuration; the thread begins when there is
 * first a Store.  Never waits for the store. */
void recorder_use(struct recorder *r, const struct conf *c);

/* From any thread; copied.  incident: of the same message, or NULL.  A recorder
 * of NULL is fine: nothing is recorded. */
void recorder_put(struct recorder *r, const struct store_verdict *v,
		  const struct store_incident *incident);
/* REDACT_SECRET octets that nobody else knows and that end with this process. */
const unsigned char *recorder_secret(const struct recorder *r);

/* *sum += its counters */
void recorder_count(const struct recorder *r, struct stats *sum);

/* Nothing is put any more: writes what waits, for some seconds at most.  False:
 * the store does not answer, and the thread cannot be ended; the process must
 * end without recorder_free. */
bool recorder_stop(struct recorder *r);
void recorder_free(struct recorder *r); /* after recorder_stop; NULL is fine */

#endif
