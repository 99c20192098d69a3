/* propagation: has what the zone holds arrived everywhere: every name server of
 * the zone is asked, and compared with what the resolver says. */
#ifndef DOCTOR_PROPAGATION_H
#define DOCTOR_PROPAGATION_H

#include "dns/client.h"
#include "doctor/areas.h"

struct propagation {
	struct findings *f;
	const struct machine *m;
	struct dns_client *dns; /* the resolver */
	const str *domains;
	size_t n_domains;
	unsigned timeout_ms; /* of one server */
};

/* Waits for the answers.  True: all is the same everywhere. */
bool check_propagation(struct propagation *p);

#endif
