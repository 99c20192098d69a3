/* policies: what senders are told of TLS, held against what the mail exchangers
 * show: MTA-STS (RFC 8461) with its file, and DANE (RFC 7672). */
#ifndef DOCTOR_POLICIES_H
#define DOCTOR_POLICIES_H

#include "dns/client.h"
#include "doctor/ports.h"

/* After check_ports; both wait.  On another machine's files: nothing. */
void check_mta_sts(struct ports_check *p);
/* dns: one that validates; NULL: there is none. */
void check_dane(struct ports_check *p, struct dns_client *dns);

#endif
