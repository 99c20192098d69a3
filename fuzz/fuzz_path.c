/* Paths of MAIL FROM and RCPT TO. */
#include "mail/address.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct path path;
	bool ok = path_parse((str){ (const char *)data, size }, &path);

	assert(!path.null || (ok && !path.local.n && !path.domain.n));
	if (ok)
		assert(str_find(path.domain, '@') == path.domain.n);
	return 0;
}
