/* catcher: mail sent into Postfix and taken again where it leaves: a client
 * that hands over one message, and a server (SMTP or LMTP, on loopback) that
 * takes one. */
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
		  str *message, struct err *e);

/* Hands a message (LF) to the SMTP server on 127.0.0.1.  False: *e has its
 * reply; *refused when it was one. */
bool smtp_send(struct arena *arena, const char *port, const char *from,
	       const char *to, str message, bool *refused, struct err *e);

#endif
