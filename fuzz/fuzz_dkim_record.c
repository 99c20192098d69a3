/* dkim_record_parse, and the key that it found. */
#include "dkim/record.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(8192);
	str text = { (const char *)data, size };
	struct dkim_record r;
	const char *why = NULL;
	enum dkim_record_status status = dkim_record_parse(a, text, &r, &why);

	if (status == DKIM_RECORD_BAD)
		assert(why);
	if (status == DKIM_RECORD_OK && !r.revoked) {
		struct pubkey *key = pubkey_new(r.type, r.key, &why);

		assert(r.key_text.n && (key || why));
		pubkey_free(key);
	}
	arena_free(a);
	return 0;
}
