/* Host sets: the client's name and address in the first two lines. */
#include "sign/hosts.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(struct arena *a, enum table_kind kind, str text, str name,
		struct ip ip)
{
	struct table_spec spec = { .kind = kind,
				   .fold = true,
				   .name = STR("t"),
				   .text = text };
	struct table_entry by = { .at = 0 };
	struct err e;
	struct table *t = table_new(a, &spec, &e);
	enum hosts_answer answer;

	if (!t)
		return;
	answer = hosts_find(hosts_new(a, t, spec.seed), name, ip, &by);
	if (answer != HOSTS_UNKNOWN &&
	    (*by.key.p == '!') != (answer == HOSTS_OUT))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(4096);
	str rest = { (const char *)data, size }, name, address;
	struct ip ip = { .family = IP_NONE };

	if (size < 16384 && str_split(&rest, '\n', &name) &&
	    str_split(&rest, '\n', &address) && rest.p) {
		(void)ip_parse(address, &ip);
		ask(a, TABLE_LIST, rest, name, ip);
		ask(a, TABLE_FILE, rest, name, ip);
		ask(a, TABLE_PATTERNS, rest, name, ip);
	}
	arena_free(a);
	return 0;
}
