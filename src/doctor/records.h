/* records: the DNS records of the domains, as far as they are known: each check
 * is run again when answers came in (dns/asks.h), and its findings with it. */
#ifndef DOCTOR_RECORDS_H
#define DOCTOR_RECORDS_H

#include "base/ip.h"
#include "dns/asks.h"
#include "doctor/areas.h"

enum { RECORDS_ADDRESSES_MAX = 32 };

struct records_check {
	struct findings *f;
	const struct machine *m;
	struct asks *asks;
	bool pending; /* an answer is missing: run again */
	const str *domains;
	size_t n_domains;
	str host; /* the name that it gives itself (HELO); empty: not known */
	bool zones_only; /* answers come from --zone: the rest does not exist */
	int64_t now;
};

/* All of them.  r->pending: the findings are not whole yet. */
void check_records(struct records_check *r);

void check_host(struct records_check *r);
void check_mx(struct records_check *r, str domain);
void check_spf(struct records_check *r, str domain);
void check_key_records(struct records_check *r);
void check_dmarc(struct records_check *r, str domain);
void check_policies(struct records_check *r, str domain);

/* The answer, or NULL: pending.  What could not be answered is told as code,
 * skipped, and is NULL too. */
const struct dns_answer *records_ask(struct records_check *r,
				     enum finding_code code, enum dns_type type,
				     str name);
/* A name below another: "_dmarc" "." "example.org". */
str records_name(const struct machine *m, str label, str domain);
/* "NAME. 3600 IN TXT \"VALUE\"", strings of 255 octets. */
str records_line(const struct machine *m, str name, str value);
/* The host's addresses by its A and AAAA records.  False: pending. */
bool records_addresses(struct records_check *r, str host,
		       struct ip ips[RECORDS_ADDRESSES_MAX], size_t *n);
/* How many TXT records satisfy is(), and the first of them. */
size_t records_count(const struct dns_answer *a, bool (*is)(str), str *first);

#endif
