/* checker: in the background, every key is opened that was not at the start, and
 * compared with its record in DNS; what is wrong goes to the log. */
#ifndef DAEMON_CHECKER_H
#define DAEMON_CHECKER_H

#include "conf/snapshot.h"

struct checker;

/* Takes a share of s of its own.  NULL when there is nothing to check. */
struct checker *checker_start(struct snapshot *s);
/* Waits for it to end, a DNS timeout at most.  NULL is fine, here and below. */
void checker_stop(struct checker *c);
/* Does not wait: it ends by itself. */
void checker_cancel(struct checker *c);

#endif
