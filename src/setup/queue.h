/* queue: what Postfix has of one mail, asked for and hurried along. */
#ifndef SETUP_QUEUE_H
#define SETUP_QUEUE_H

#include "setup/journal.h"

enum queue_place {
	QUEUE_UNKNOWN, /* Postfix cannot say, or has too many to say */
	QUEUE_NONE,
	QUEUE_MOVING, /* maildrop, incoming, active */
	QUEUE_DEFERRED,
	QUEUE_HOLD
};

struct queue_mail {
	enum queue_place place;
	const char *id;
	const char *reason; /* Postfix's, of what is deferred; "" elsewhere */
};

/* The mail to this recipient. */
struct queue_mail queue_find(const struct setup_run *r, const char *to);

/* Postfix looks at it now, and not when it would by itself: daemons that missed
 * that there is mail wake up after a minute (pickup) or five (qmgr). */
void queue_hurry(const struct setup_run *r, const struct queue_mail *m);

/* Mail to recipients of this domain ("@DOMAIN") is deleted, without a bounce. */
void queue_clean(const struct setup_run *r, const char *at_domain);

#endif
