/* Master files: a zone, and trust anchors; then its first names are asked for. */
#include "dns/anchor.h"
#include "dns/asks.h"
#include "dns/zone.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *arg, const char *record, struct err *e)
{
	(void)e;
	assert(record[0]);
	return ++*(unsigned *)arg < 100;
}

static void ask_all(struct arena *arena, struct zone *z, str text)
{
	static const enum dns_type types[] = { DNS_TXT, DNS_A, DNS_MX };
	struct asks *asks = asks_new(arena, zone_resolver(z), 60);
	str name;

	for (unsigned i = 0; i < 20 && str_split(&text, ' ', &name); i++) {
		const struct dns_answer *a;

		if (!name.n || name.n > 253)
			continue;
		a = ask(asks, types[i % 3], name);
		assert(!a || a->n == 0 || a->status == DNS_OK);
	}
	asks_cancel(asks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("zone", MFD_CLOEXEC);
	struct zone *z = zone_new();
	struct arena *arena = arena_new(4096);
	struct err e = { .text = "" };
	unsigned anchors = 0;
	char path[64];

	assert(fd >= 0 && z && arena);
	assert(write(fd, data, size) == (ssize_t)size);
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (!zone_load(z, path, &e))
		assert(e.text[0]);
	ask_all(arena, z, (str){ (const char *)data, size });
	if (!dns_anchor_read(path, take, &anchors, &e))
		assert(e.text[0] || anchors);
	resolver_free(zone_resolver(z));
	arena_free(arena);
	close(fd);
	return 0;
}
