/* MTA-STS policies, and the records for transport. */
#include "crypto/dane.h"
#include "doctor/mta_sts.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str text = { (const char *)data, size };
	struct mta_sts_policy p;

	if (!mta_sts_parse(text, &p))
		for (size_t i = 0; i < p.n_mx; i++)
			if (p.mx[i].p[0] != '*' && !mta_sts_has(&p, p.mx[i]))
				abort();
	(void)mta_sts_record_problem(text);
	(void)tls_rpt_record_problem(text);
	(void)dane_matches(text, STR(""), STR("a.test"), 0);
	return 0;
}
