/* client: answers for a program that waits for them: name servers or zone
 * files, with an event loop inside.
 *
 *	while (!verify_run(v) && dns_client_wait(c, asks))
 *		; */
#ifndef DNS_CLIENT_H
#define DNS_CLIENT_H

#include "base/err.h"
#include "dns/resolver.h"

struct dns_client;

struct dns_client_options {
	/* Master files.  With any, only they answer and nothing leaves the
	 * machine. */
	const char *const *zones;
	size_t n_zones;
	/* As in struct upstream_options. */
	const char *const *nameservers;
	size_t n_nameservers;
	const char *trust_anchor;
	unsigned timeout_ms; /* of one question; 0: 5000 */
	bool tcp;
};

/* NULL and *e: a file that cannot be read (with its line), a name server that
 * is no address, no name server at all. */
struct dns_client *dns_client_new(const struct dns_client_options *o,
				  struct err *e);
void dns_client_free(struct dns_client *c);

struct resolver *dns_client_resolver(struct dns_client *c);

/* Returns when an answer or more came to these asks, or at once when no
 * question is open.  Every question ends in its timeout, so this does too.
 * False: the loop failed, no answer will come. */
bool dns_client_wait(struct dns_client *c, const struct asks *as);
/* Waits for one answer.  NULL: none will come. */
const struct dns_answer *dns_client_ask(struct dns_client *c, struct asks *as,
					enum dns_type type, str name);
/* As dns_client_wait, and returns after timeout_ms too (0: no limit). */
bool dns_client_wait_for(struct dns_client *c, const struct asks *as,
			 unsigned timeout_ms);
/* For who has a loop of his own: what to wait for before dns_client_step().
 * *fd readable or *timeout_ms passed (-1: no limit); ask again before every
 * wait.  *fd is -1 with zone files, and stays the same and ours otherwise. */
bool dns_client_poll(struct dns_client *c, int *fd, int *timeout_ms,
		     struct err *e);
/* Takes the answers that are there; never waits. */
void dns_client_step(struct dns_client *c);

/* Waits until no question is open. */
bool dns_client_wait_all(struct dns_client *c, const struct asks *as);

#endif
