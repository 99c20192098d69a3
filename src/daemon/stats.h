/* stats: counters.  Each worker has its own and only it writes them; whoever
 * reads them adds them up. */
#ifndef DAEMON_STATS_H
#define DAEMON_STATS_H

#include <stdatomic.h>
#include <stdint.h>

struct stats {
	atomic_uint_fast64_t connections, messages, signed_messages, verified,
		passed, failed, unsigned_messages, rejected, tempfailed,
		dns_errors, protocol_errors, recorded, unrecorded;
};

/* Only one thread writes: no lock prefix is needed. */
static inline void stats_add(atomic_uint_fast64_t *counter, uint64_t n)
{
	atomic_store_explicit(
		counter,
		atomic_load_explicit(counter, memory_order_relaxed) + n,
		memory_order_relaxed);
}

/* *sum += *s */
void stats_sum(struct stats *sum, const struct stats *s);
/* One line in the log. */
void stats_log(const struct stats *sum);

#endif
