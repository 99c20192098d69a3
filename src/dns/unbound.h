/* unbound: libunbound's event interface as a resolver.  Everything of one
 * resolver runs on its event base's thread; it has its own cache, so one per
 * thread.  An answer may come inside ask() when it is cached. */
#ifndef DNS_UNBOUND_H
#define DNS_UNBOUND_H

#include "base/err.h"
#include "dns/resolver.h"

struct event_base;

struct unbound_options {
	/* "192.0.2.1", "192.0.2.1:5353", "[2001:db8::1]:53", "2001:db8::1".
	 * None: the servers of /etc/resolv.conf. */
	const char *const *nameservers;
	size_t n_nameservers;
	unsigned timeout_ms; /* of one question; 0: no limit of our own */
	const char *trust_anchor; /* file for DNSSEC validation, or NULL */
	bool tcp; /* ask by TCP from the start */
};

struct unbound_counters {
	uint64_t questions, cached, timeouts, failures;
};

/* NULL: *e (a name server that is no address, an anchor file that cannot be
 * read).  The base must outlive the resolver. */
struct resolver *unbound_new(struct event_base *base,
			     const struct unbound_options *options,
			     struct err *e);
struct unbound_counters unbound_counters(const struct resolver *r);

#endif
