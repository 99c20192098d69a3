/* server: the main thread once everything is open: signals, listeners, workers,
 * reloads, and the end. */
#ifndef DAEMON_SERVER_H
#define DAEMON_SERVER_H

#include "daemon/listener.h"
#include "daemon/options.h"

/* Serves until SIGTERM or SIGINT; then finishes what is under way, 30 seconds
 * at most.  Closes the sockets.  False: *e (it could not begin). */
bool server_run(struct sockets *sockets, const struct options *o,
		struct snapshot *s, struct err *e);

/* How a snapshot wants things logged. */
void server_open_log(const struct conf *c, const char *program);

#endif
