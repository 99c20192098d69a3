/* unbound: answers from name servers, by libunbound in its event form.
 *
 * One per thread: it shares nothing with others (its cache neither) and is
 * driven by the libevent loop given.  Answers that are cached come inside
 * ask(), all others from the loop, never from inside libunbound's own stack. */
#ifndef DNS_UNBOUND_H
#define DNS_UNBOUND_H

#include "base/err.h"
#include "dns/resolver.h"

struct event_base;

struct unbound_options {
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
	/* Questions under way at a time, each with a descriptor of its own; more
	 * wait for their turn.  0: 16, libunbound's own for programs. */
	unsigned max_sockets;
};

struct unbound_counters {
	uint64_t questions, cached; /* cached: answered inside ask() */
	uint64_t timeouts, failures; /* failures: SERVFAIL, refused, nonsense */
	uint64_t bogus;
	uint64_t cancelled;
};

/* NULL and *e: a name server that is no address, a file that cannot be read, no
 * name server at all, no memory. */
struct resolver *unbound_new(struct event_base *base,
			     const struct unbound_options *o, struct err *e);
struct unbound_counters unbound_counters(const struct resolver *r);

#endif
