/* once: what inkand does at once and ends: -t, -e. */
#ifndef DAEMON_ONCE_H
#define DAEMON_ONCE_H

#include "daemon/options.h"

/* Each gives the exit status. */
int once_test(const struct options *o, const struct snapshot *s);
int once_extract(const struct options *o, const struct snapshot *s);

#endif
