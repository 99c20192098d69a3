/* flow_memory: sources that were added up already. */
#ifndef STORE_FLOW_MEMORY_H
#define STORE_FLOW_MEMORY_H

#include "store/flow.h"

/* All sources of the filter's domain and days, whatever its `failing`, in the
 * arena: remembered, or asked for and remembered.  memory may be NULL. */
bool flow_remember(struct flow_memory *memory, struct store *s,
		   const struct store_filter *f, struct arena *arena,
		   struct store_sources *out, struct err *e);

#endif
