/* privkey_parse on what may stand in a key file. */
#include "crypto/privkey.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { .code = ERR_NONE };
	struct privkey *key = privkey_parse((str){ (const char *)data, size },
					    &e);

	assert(key || (e.code != ERR_NONE && e.text[0]));
	privkey_free(key);
	return 0;
}
