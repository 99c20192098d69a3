/* A reply packet, behind one octet that chooses the type asked for. */
#include "base/limits.h"
#include "dns/query.h"
#include "dns/wire.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum dns_type types[] = { DNS_TXT, DNS_A,    DNS_AAAA,
					       DNS_MX,  DNS_PTR,  DNS_NS,
					       DNS_SOA, DNS_CNAME };
	struct arena *arena = arena_new(4096);
	const struct dns_answer *a;
	char room[DNS_QUERY_MAX];
	struct dns_query query = { .packet = room };
	str packet = { (const char *)data, size };

	if (size && arena) {
		a = dns_wire_answer(arena, str_skip(packet, 1),
				    types[data[0] & 7], STR("a.example"));
		dns_query_write(&query, 0x6162, types[data[0] & 7],
				STR("a.example"), data[0] & 8);
		assert(query.n <= dns_query_room(STR("a.example")));
		/* what is taken for an answer names our question */
		if (dns_reply_of(&query, str_skip(packet, 1)) ==
		    DNS_REPLY_ANSWER)
			assert(size > query.question);
		assert((a->status == DNS_OK) == (a->n > 0));
		assert(a->n <= LIMIT_RECORDS);
		for (size_t i = 0; i < a->n; i++)
			assert(a->rr[i].data.n <= size + 512);
		assert(arena_used(arena) <= 65536 + 3 * size);
	}
	arena_free(arena);
	return 0;
}
