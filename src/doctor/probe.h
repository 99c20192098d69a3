/* probe: can this machine reach port 25 of others?  A mail server that was named
 * is spoken to, up to where mail would begin; nobody else is. */
#ifndef DOCTOR_PROBE_H
#define DOCTOR_PROBE_H

#include "dns/client.h"
#include "doctor/areas.h"

struct probe {
	struct findings *f;
	const struct machine *m;
	struct dns_client *dns; /* NULL: nobody is asked */
	bool zones_only;
	const char *whom; /* a domain, a host or an address; NULL: nobody */
	str helo; /* who we are; empty: not known */
};

/* Waits: at most a minute. */
void check_probe(struct probe *p);

#endif
