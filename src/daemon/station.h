/* station: what a worker thread lends to the messages it works on.  Nothing in
 * here is shared with another thread but the counters, which only this one
 * writes. */
#ifndef DAEMON_STATION_H
#define DAEMON_STATION_H

#include "conf/snapshot.h"
#include "daemon/log.h"
#include "daemon/stats.h"
#include "dkim/keycache.h"
#include "dns/resolver.h"
#include "milter/session.h"

/* One configuration in use by one worker.  A message ends with the one it began
 * with, so after a reload there may be several. */
struct era {
	struct snapshot *conf; /* a share */
	struct resolver *resolver; /* owned */
	unsigned users; /* the station, and messages */
};

/* Takes over one share of conf, and the resolver.  NULL: no memory (nothing is
 * taken over). */
struct era *era_new(struct snapshot *conf, struct resolver *resolver);
struct era *era_hold(struct era *e);
void era_release(struct era *e); /* NULL is fine */

struct filter;
struct recorder;

struct station {
	struct era *era; /* for what begins now */
	struct milter_wish wish; /* its own, for negotiations */
	char mail_symbols[1024]; /* of wish */
	struct keycache *keys;
	struct stats stats;
	struct recorder *recorder; /* NULL: none */
	const char *host; /* this machine's name */
	int64_t fixed_time; /* of a test; -1: the clock's */
	struct log_limit limit_dns, limit_key, limit_protocol;
	/* An answer came: filter_resume() soon, from the loop. */
	void (*ready)(struct station *st, struct filter *f);
};

/* What begins from now on is done by this configuration; takes over the share. */
void station_use(struct station *st, struct era *e);

int64_t station_now(const struct station *st);

#endif
