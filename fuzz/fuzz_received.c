/* Received fields: what is taken is a part of the field. */
#include "mail/received.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str value = { size ? (const char *)data : "", size };
	struct received r = received_parse(value);

	if (r.helo.n &&
	    (r.helo.p < value.p || r.helo.p + r.helo.n > value.p + value.n))
		abort();
	return 0;
}
