/* dkim_signature_parse: what it accepts keeps its promises. */
#include "dkim/signature.h"
#include "dns/name.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(8192);
	struct header h = header_of(a, 0, 0);
	struct dkim_signature s;
	enum dkim_result result = DKIM_PENDING;
	const char *why = NULL;
	str raw = { (const char *)data, size };

	if (!header_add(&h, STR("DKIM-Signature"), raw)) {
		arena_free(a);
		return 0;
	}
	if (dkim_signature_parse(a, &h.fields[0], &s, &result, &why)) {
		assert(dns_name_is_domain(s.domain_ascii, false));
		assert(dns_name_is_domain(s.selector_ascii, true));
		assert(dns_name_is_below(s.identity_domain, s.domain_ascii));
		assert(s.b.n && s.bh.n && s.n_names);
		assert(s.room.p >= s.field->raw.p &&
		       s.room.p + s.room.n <= s.field->raw.p + s.field->raw.n);
	} else {
		assert(why &&
		       (result == DKIM_NEUTRAL || result == DKIM_PERMERROR));
	}
	arena_free(a);
	return 0;
}
