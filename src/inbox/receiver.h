/* receiver: mail for test addresses by SMTP, from our own MTA on this machine,
 * into the spool.  A thread of its own; sessions are few and bounded in time
 * and in what they may say. */
#ifndef INBOX_RECEIVER_H
#define INBOX_RECEIVER_H

#include "inbox/spool.h"
#include "net/sockaddr.h"

struct receiver;

struct receiver_options {
	struct net_address address; /* of this machine, for itself */
	struct spool *spool; /* must outlive it */
	const char *name; /* in the greeting */
	const char *prefix, *domain; /* of test addresses */
	/* A client may be silent and stay so long; 0: 300 (RFC 5321
	 * 4.5.3.2.7) and 900. */
	unsigned idle_seconds, session_seconds;
};

/* Listens; an address that others can reach is an error.  NULL: *e. */
struct receiver *receiver_new(const struct receiver_options *o, struct err *e);
/* Starts its thread, with the caller's signal mask.  False: *e. */
bool receiver_start(struct receiver *r, struct err *e);
/* Ends it and all sessions: what was not taken is for the MTA to keep. */
void receiver_free(struct receiver *r);

#endif
