#include "dns/upstream.h"

#include "dns/stub.h"
#include "dns/unbound.h"

struct resolver *upstream_new(struct event_base *base,
			      const struct upstream_options *o, struct err *e)
{
	return o->trust_anchor ? unbound_new(base, o, e) : stub_new(base, o, e);
}
