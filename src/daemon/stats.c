#include "daemon/stats.h"

#include "daemon/log.h"

#include <stddef.h>

static const struct {
	const char *name;
	size_t at;
} counters[] = {
	{ "connections", offsetof(struct stats, connections) },
	{ "messages", offsetof(struct stats, messages) },
	{ "signed", offsetof(struct stats, signed_messages) },
	{ "verified", offsetof(struct stats, verified) },
	{ "passed", offsetof(struct stats, passed) },
	{ "failed", offsetof(struct stats, failed) },
	{ "unsigned", offsetof(struct stats, unsigned_messages) },
	{ "rejected", offsetof(struct stats, rejected) },
	{ "tempfailed", offsetof(struct stats, tempfailed) },
	{ "dns_errors", offsetof(struct stats, dns_errors) },
	{ "protocol_errors", offsetof(struct stats, protocol_errors) },
	{ "recorded", offsetof(struct stats, recorded) },
	{ "not_recorded", offsetof(struct stats, unrecorded) },
};

enum { COUNTERS = sizeof counters / sizeof *counters };

static const atomic_uint_fast64_t *counter(const struct stats *s, size_t i)
{
	return (const atomic_uint_fast64_t *)((const char *)s + counters[i].at);
}

void stats_sum(struct stats *sum, const struct stats *s)
{
	for (size_t i = 0; i < COUNTERS; i++)
		stats_add(
			(atomic_uint_fast64_t *)((char *)sum + counters[i].at),
			atomic_load_explicit(counter(s, i),
					     memory_order_relaxed));
}

void stats_log(const struct stats *sum)
{
	struct log_line l;

	log_begin(&l, STR(""));
	log_words(&l, "counters:");
	for (size_t i = 0; i < COUNTERS; i++)
		log_words(&l, " %s=%llu", counters[i].name,
			  (unsigned long long)atomic_load(counter(sum, i)));
	log_end(&l, LOG_NOTE);
}
