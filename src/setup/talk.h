/* talk: lines over a socket, with TLS when it has begun.  SIGPIPE is to be ignored
 * by the caller. */
#ifndef SETUP_TALK_H
#define SETUP_TALK_H

#include "base/err.h"
#include "base/str.h"

enum { TALK_LINE_MAX = 8192, TALK_SECONDS = 120 };

struct ssl_st;

struct talk {
	int fd;
	struct ssl_st *tls; /* NULL: in the clear */
	char bytes[TALK_LINE_MAX];
	size_t n, taken;
};

/* With fd set: reads and writes end after TALK_SECONDS, with errno EAGAIN. */
void talk_begin(struct talk *t);
void talk_end(struct talk *t);

/* Without its line end; of one that is too long a part. */
bool talk_line(struct talk *t, str *line);
bool talk_say(struct talk *t, str text);

/* TLS as a client.  Nobody's certificate is asked for: this is one machine's
 * loopback, and a mail host may begin with a self-signed one. */
bool talk_start_tls(struct talk *t, struct err *e);

#endif
