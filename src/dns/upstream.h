/* upstream: answers from name servers.  With a trust anchor libunbound asks and
 * validates (dns/unbound.h), without one the stub does (dns/stub.h): what is
 * left then is to ask a recursive server, for a tenth of the memory and time.
 *
 * One per thread: it shares nothing with others (its cache neither) and is
 * driven by the libevent loop given.  Answers that are cached come inside
 * ask(), all others from the loop, never from inside the resolver's own stack. */
#ifndef DNS_UPSTREAM_H
#define DNS_UPSTREAM_H

#include "base/err.h"
#include "dns/resolver.h"

struct event_base;

struct upstream_options {
	/* "192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:53".
	 * None: those of resolv_conf. */
	const char *const *nameservers;
	size_t n_nameservers;
	const char *resolv_conf; /* NULL: /etc/resolv.conf */
	/* DS or DNSKEY records in master file form.  NULL: no validation, and
	 * no answer is ever `secure`. */
	const char *trust_anchor;
	unsigned timeout_ms; /* of one question, retries included; 0: 5000 */
	bool tcp; /* never ask by UDP */
	/* Descriptors that may be open at a time; questions beyond wait for
	 * their turn or share one.  0: what suits a program. */
	unsigned max_sockets;
};

/* NULL and *e: a name server that is no address, a file that cannot be read, no
 * name server at all, no memory. */
struct resolver *upstream_new(struct event_base *base,
			      const struct upstream_options *o, struct err *e);

#endif
