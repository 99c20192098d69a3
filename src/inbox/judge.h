/* judge: one message scored: what score/score.h wants to know is read from the
 * message, its envelope and DNS.  Waits for answers.
 *
 *	j = judge_new(arena, &options);
 *	... a feed into judge_sink(j), to its end ...
 *	judge_end(j) && ... j->score ...
 *	judge_free(j);
 *
 * All of it lives until judge_free, or the end of the arena, whose boundary the
 * caller has entered. */
#ifndef INBOX_JUDGE_H
#define INBOX_JUDGE_H

#include "dns/client.h"
#include "mail/feed.h"
#include "score/score.h"

enum { JUDGE_LISTS_MAX = 20 };

struct judge_options {
	int64_t now;
	struct dns_client *dns; /* NULL: offline */
	const char *const *lists; /* DNS blocklists */
	size_t n_lists;
	/* The envelope, as far as it is known: the rest is read from Received
	 * and Return-Path.  IP_NONE, absent. */
	struct ip ip;
	str helo, mail_from;
	/* Mail that a user of this machine hands in leaves from here: for mail
	 * that came to us just now.  IP_NONE: not known, or a saved message. */
	bool arrived;
	struct ip own_ip;
	str own_helo;
};

struct judge {
	struct arena *arena;
	const struct judge_options *o; /* the caller's */
	struct resolver offline;
	struct resolver *resolver;
	struct verify *v;
	struct feed_sink sink;
	struct received received;
	struct score_facts facts;
	bool own; /* it was handed in here */
	struct score score; /* after judge_end */
};

/* NULL: no memory. */
struct judge *judge_new(struct arena *arena, const struct judge_options *o);
const struct feed_sink *judge_sink(const struct judge *j);
/* False: no memory, nothing is known. */
bool judge_end(struct judge *j);
void judge_free(struct judge *j); /* NULL is fine */

#endif
