/* catcher: a server (SMTP or LMTP, on loopback) that takes the test mail where
 * it leaves Postfix. */
#ifndef SETUP_CATCHER_H
#define SETUP_CATCHER_H

#include "base/arena.h"
#include "base/err.h"

struct catcher {
	int fd; /* listening */
	unsigned port;
};

bool catcher_open(struct catcher *c, struct err *e);
void catcher_close(struct catcher *c);

/* The next message, CRLF, dots unstuffed, in the arena.  False: none came
 * within so many seconds. */
bool catcher_take(struct catcher *c, struct arena *arena, unsigned seconds,
		  str *message);

#endif
