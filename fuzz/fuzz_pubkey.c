/* pubkey_new on DER and raw octets of strangers, and a verification with what
 * was accepted.  First octet: the type. */
#include "base/limits.h"
#include "crypto/pubkey.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char digest[32] = "digest", signature[64] = "signature";
	const char *why = NULL;
	struct pubkey *key;

	if (!size)
		return 0;
	key = pubkey_new(data[0] & 1 ? KEY_ED25519 : KEY_RSA,
			 (str){ (const char *)data + 1, size - 1 }, &why);
	if (key) {
		assert(pubkey_bits(key) <= LIMIT_RSA_BITS_MAX);
		assert(!pubkey_verify(key, HASH_SHA256, (str){ digest, 32 },
				      (str){ signature, 64 }));
	} else {
		assert(why);
	}
	pubkey_free(key);
	return 0;
}
