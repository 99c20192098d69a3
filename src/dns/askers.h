/* askers: those who wait for an answer, and those whose answer is there but was
 * not handed over yet: it comes from the loop, never from a resolver's stack. */
#ifndef DNS_ASKERS_H
#define DNS_ASKERS_H

#include "dns/asks.h"

struct asker { /* the first member of something allocated, or that itself */
	struct asker *prev, *next;
	struct asks *as;
	unsigned id;
	const struct dns_answer *answer; /* in the asks' arena, when known */
};

struct askers { /* oldest first */
	struct asker *first, *last;
};

void askers_add(struct askers *l, struct asker *a);
void askers_remove(struct askers *l, struct asker *a);
/* Frees those of one message; as NULL: all. */
void askers_drop(struct askers *l, const struct asks *as);
/* Hands over and frees all.  An answer may end other messages, whose askers are
 * dropped from the list meanwhile. */
void askers_deliver(struct askers *l);

/* Into the arena of as, from inside a callback: nothing is jumped over when
 * that is full; then it is a DNS_TEMPFAIL. */
const struct dns_answer *asker_copy(const struct asks *as,
				    const struct dns_answer *a);

#endif
