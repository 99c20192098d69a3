/* TSIG keys: what is read has a name, an algorithm and a secret. */
#include "publish/tsig.h"

#include <stdint.h>
#include <stdlib.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	struct tsig_key key;
	struct err e;

	if (tsig_parse(a, (str){ (const char *)data, size }, &key, &e) &&
	    (!*key.secret || key.name[strlen(key.name) - 1] != '.' ||
	     strncasecmp(key.algorithm, "hmac-sha", 8) != 0))
		abort();
	arena_free(a);
	return 0;
}
