/* client: a resolver with its own event loop, for programs that wait: name
 * servers or zone files, behind one pair of calls. */
#ifndef DNS_CLIENT_H
#define DNS_CLIENT_H

#include "base/err.h"
#include "dns/resolver.h"

struct dns_client;

struct dns_client_options {
	const char *const *nameservers; /* as in dns/unbound.h */
	size_t n_nameservers;
	const char *const
		*zones; /* master files; with any, no network at all */
	size_t n_zones;
	unsigned timeout_ms; /* of one question; 0 is 5000 */
	const char *trust_anchor; /* or NULL */
};

struct dns_client *dns_client_new(const struct dns_client_options *options,
				  struct err *e);
struct resolver *dns_client_resolver(struct dns_client *c);

/* Returns when at least one of the open questions is answered, at once when
 * there is none.  Loop: run the checks; until they are settled, wait. */
void dns_client_wait(struct dns_client *c, const struct asks *asks);

void dns_client_free(struct dns_client *c); /* NULL is fine */

#endif
