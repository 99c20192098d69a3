/* KeyTable: the first line is the sender's domain, the second a key name. */
#include "dns/name.h"
#include "sign/keytable.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	str rest = { (const char *)data, size }, domain, name;
	struct table_spec spec = { .kind = TABLE_FILE, .name = STR("t") };
	struct key_entry k;
	struct table *t;
	struct err e;

	if (size < 65536 && str_split(&rest, '\n', &domain) &&
	    str_split(&rest, '\n', &name) && rest.p) {
		spec.text = rest;
		t = table_new(a, &spec, &e);
		if (t && !keytable_find(t, a, name, domain, &k) &&
		    (!dns_name_is_domain(k.domain, true) || !k.key.n))
			abort();
	}
	arena_free(a);
	return 0;
}
