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
	int slower; /* so many times slower than usual is this machine */
};

enum smtp_end {
	SMTP_SENT,
	SMTP_LATER, /* refused for now (4yz): *e has Postfix's reply */
	SMTP_REFUSED, /* for good (5yz) */
	SMTP_NOBODY, /* no one listens there */
	SMTP_FAILED
};

/* To 127.0.0.1; again, for a few seconds, where the connection broke before the
 * message was given. */
enum smtp_end smtp_send(struct arena *arena, const struct smtp_job *job,
			struct err *e);

#endif
