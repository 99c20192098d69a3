/* The input: a line with the author domain, a line with a signing domain, and
 * answers for whatever is asked.  Whatever comes, the check ends, and it never
 * passes a domain that shares no ending with the author's. */
#include "dmarc/check.h"
#include "dns/name.h"
#include "dns/script.h"

#include <stdlib.h>

static void judge(struct arena *arena, str input)
{
	struct script *s = script_new(arena);
	struct asks *asks = asks_new(arena, script_resolver(s), 60);
	str from = { NULL, 0 }, signer = { NULL, 0 };
	struct dmarc_record record;
	struct dmarc_verdict v;

	(void)str_split(&input, '\n', &from);
	(void)str_split(&input, '\n', &signer);
	if (!dns_name_is_domain(from, true))
		return;
	if (dmarc_is_record(input))
		dmarc_record_parse(arena, input, &record);
	script_feed(s, input);

	struct dmarc_identifier id = { DMARC_DKIM, DMARC_ID_PASS, signer };
	struct dmarc_query q = { from, &id, 1, NULL };

	while ((v = dmarc_check(asks, &q)).result == DMARC_PENDING)
		if (!script_next(s))
			abort();
	if (v.result == DMARC_PASS &&
	    !dns_name_is_below(signer, dns_name_last_labels(from, 1)))
		abort();
	if ((v.result == DMARC_PASS || v.result == DMARC_FAIL) && !v.record)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(4096);

	if (arena_enter(arena)) {
		judge(arena, (str){ (const char *)data, size });
		arena_leave(arena);
	}
	arena_free(arena);
	return 0;
}
