/* chain: RFC 8617 5.2, the Authenticated Received Chain of one message judged,
 * step by step until settled, as one signature is by dkim/check.
 *
 *	arc_chain_init		at the end of the headers
 *	arc_chain_ask		all keys leave together
 *	arc_chain_headers	before the first octet of the body
 *	arc_chain_step		after the body, until it returns true
 *
 * The registered results are none, pass and fail.  An answer that could not be
 * had makes a fail too (5.2.1), but `temporary` tells it: who rejects or seals
 * does better to answer with a tempfail. */
#ifndef ARC_CHAIN_H
#define ARC_CHAIN_H

#include "arc/set.h"

enum arc_result { ARC_PENDING, ARC_NONE, ARC_PASS, ARC_FAIL };

const char *arc_result_word(enum arc_result result);

enum { ARC_OLDEST_UNKNOWN = -1 };

struct arc_chain {
	enum arc_result result;
	const char *why; /* static sentence; NULL for none and pass */
	enum arc_part part; /* which field it speaks of */
	unsigned at; /* of which instance; 0: none, or not known */
	bool temporary; /* an answer of DNS is missing */

	/* The sets that were found, sets.n of them.  All three fields of each
	 * are there, and readable, when sets.why is NULL. */
	struct arc_sets sets;

	/* header.oldest-pass (RFC 8617 4.2.1 of the results): the lowest
	 * instance whose message signature, and those of all newer ones, pass;
	 * 0 when all do.  ARC_OLDEST_UNKNOWN unless the chain passes, and when
	 * an older signature was not evaluated (the limits; l= in it; its key
	 * could not be had). */
	int oldest_pass;

	/* inside */
	struct arena *arena;
	const struct header *header;
	struct buf *scratch;
	str *keys; /* the different names asked for */
	size_t n_keys;
	bool hashed; /* the seals */
	unsigned wanted; /* message signatures below this have no body hash */
};

/* The header must live, unchanged, as long as the chain.  It may be settled
 * after this: no ARC at all, or a broken structure. */
void arc_chain_init(struct arc_chain *c, struct arena *arena,
		    const struct header *header,
		    const struct dkim_policy *policy);
void arc_chain_ask(struct arc_chain *c, struct asks *asks);

/* Wants the hashes of the body.  header: as for init. */
void arc_chain_headers(struct arc_chain *c, const struct header *header,
		       struct bodyhash *bodyhash);

/* Goes as far as it can.  bodyhash: NULL until the body has ended (nothing is
 * done then).  True: settled. */
bool arc_chain_step(struct arc_chain *c, struct asks *asks,
		    const struct bodyhash *bodyhash);

/* Settles what waits for an answer or a body: a temporary fail. */
void arc_chain_give_up(struct arc_chain *c);

/* The reason as one piece, "ARC-Seal i=2: signature did not verify", in the
 * arena; absent when there is none. */
str arc_chain_reason(const struct arc_chain *c, struct arena *arena);

#endif
