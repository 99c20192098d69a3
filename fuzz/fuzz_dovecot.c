/* Dovecot's configuration: sections and values. */
#include "doctor/dovecot.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void include(void *arg, str pattern)
{
	unsigned *n = arg;

	*n += pattern.n > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	struct dovecot d;
	unsigned n = 0;

	dovecot_init(&d, a);
	dovecot_parse(&d, (str){ (const char *)data, size }, STR("f"), include,
		      &n);
	for (const struct dovecot_item *i = d.first; i; i = i->next)
		if (!dovecot_has_section(&d, i->section))
			abort();
		else if (n++ > 100)
			break;
	arena_free(a);
	return 0;
}
