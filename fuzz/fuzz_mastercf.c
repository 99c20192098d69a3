/* master.cf: services and their options. */
#include "doctor/mastercf.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	struct mastercf m;

	mastercf_parse(a, (str){ (const char *)data, size }, &m);
	for (const struct mastercf_service *s = m.first; s; s = s->next) {
		str value;

		if (!s->name.n || !s->command.p)
			abort();
		(void)mastercf_option(s, STR("smtpd_milters"), &value);
	}
	arena_free(a);
	return 0;
}
