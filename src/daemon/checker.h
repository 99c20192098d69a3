/* checker: the keys of a large KeyTable that were not opened at the start are
 * opened in the background, and mistakes are told. */
#ifndef DAEMON_CHECKER_H
#define DAEMON_CHECKER_H

#include "conf/snapshot.h"

struct checker;

/* Takes a share of s of its own.  NULL when there is nothing to check. */
struct checker *checker_start(struct snapshot *s);
void checker_stop(struct checker *c); /* NULL is fine */

#endif
