/* mta_sts: MTA-STS policies (RFC 8461) and the records for transport: MTA-STS's
 * and TLS-RPT's (RFC 8460).  Pure. */
#ifndef DOCTOR_MTA_STS_H
#define DOCTOR_MTA_STS_H

#include "base/arena.h"

#include <stdint.h>

enum mta_sts_mode { MTA_STS_NONE, MTA_STS_TESTING, MTA_STS_ENFORCE };

enum { MTA_STS_MX_MAX = 100 };

struct mta_sts_policy {
	enum mta_sts_mode mode;
	uint32_t max_age; /* seconds */
	str mx[MTA_STS_MX_MAX];
	size_t n_mx;
};

/* NULL: *out is whole (RFC 8461 3.2); else what is wrong.  Slices of text. */
const char *mta_sts_parse(str text, struct mta_sts_policy *out);
/* One number for what a policy says, whatever its lines look like. */
uint64_t mta_sts_digest(struct arena *arena, const struct mta_sts_policy *p);
/* A leading "*" stands for one label (RFC 8461 4.1). */
bool mta_sts_has(const struct mta_sts_policy *p, str host);

/* NULL: a record as RFC 8461 3.1 and RFC 8460 3 have it; else what is wrong. */
const char *mta_sts_record_problem(str txt);
/* The id of a record without a problem. */
str mta_sts_record_id(str txt);
const char *tls_rpt_record_problem(str txt);

#endif
