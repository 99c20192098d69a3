/* filter: what inkand does with one milter connection: a session, the client,
 * and the message that is under way.  No sockets and no loop in here: bytes
 * come by the session, answers by filter_resume. */
#ifndef DAEMON_FILTER_H
#define DAEMON_FILTER_H

#include "daemon/station.h"

enum { FILTER_NAME_MAX = 255 };

struct filter {
	struct milter_session session;
	struct station *station;
	struct job *job; /* NULL between messages */
	struct ip client_ip;
	unsigned char client_n, helo_n;
	char client[FILTER_NAME_MAX], helo[FILTER_NAME_MAX];
	struct filter *next_ready; /* the worker's */
	bool is_ready;
};

void filter_init(struct filter *f, struct station *st);
void filter_done(struct filter *f);

str filter_client(const struct filter *f);
str filter_helo(const struct filter *f);

/* The message waits for DNS. */
bool filter_waiting(const struct filter *f);
/* Answers came: goes on, and puts the reply if that was all.  session.out must
 * be set. */
void filter_resume(struct filter *f);
/* The deadline: what is open becomes a temporary error, and the reply is put. */
void filter_give_up(struct filter *f);
/* The message cannot go on and the MTA should try again (stopping). */
void filter_tempfail(struct filter *f);

#endif
