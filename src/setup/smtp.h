/* smtp: one message handed to this machine's Postfix. */
#ifndef SETUP_SMTP_H
#define SETUP_SMTP_H

#include "base/arena.h"
#include "base/err.h"

struct smtp_job {
	const char *port;
	const char *from, *to;
	str message; /* lines end in LF */
	const char *user, *password; /* NULL: without TLS and password */
};

/* To 127.0.0.1.  False: *e has its reply; *refused when it was one. */
bool smtp_send(struct arena *arena, const struct smtp_job *job, bool *refused,
	       struct err *e);

#endif
