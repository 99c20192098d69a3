/* ports: what the mail servers of the domains really offer on ports 25, 587 and
 * 465: they are spoken to. */
#ifndef DOCTOR_PORTS_H
#define DOCTOR_PORTS_H

#include "base/map.h"
#include "doctor/records.h"

enum { PORTS_CHAINS_MAX = 16 };

/* What a mail exchanger showed on port 25, for DANE and MTA-STS. */
struct ports_chain {
	str host;
	str chain; /* PEM; empty: no TLS */
	bool reached;
	bool trusted; /* a root vouches for it, its time and name are right */
};

struct ports_check {
	struct findings *f;
	const struct machine *m;
	struct records_check *records; /* whose questions are answered */
	const char *ca_file; /* trusted roots, or NULL: the system's */
	/* of policies, by domain: "ID DIGEST" (str *) as last seen; NULL:
	 * nothing is kept */
	struct map *remembered;
	struct ports_chain chains[PORTS_CHAINS_MAX];
	size_t n_chains;
};

/* Speaks to this machine's own servers and to the domains' mail exchangers, and
 * waits for them. */
void check_ports(struct ports_check *p);
/* What the exchanger of that name showed; NULL: it was not spoken to. */
const struct ports_chain *ports_chain(const struct ports_check *p, str host);

#endif
