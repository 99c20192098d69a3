/* digests: up to which day a digest told of a domain. */
#ifndef STORE_DIGESTS_H
#define STORE_DIGESTS_H

#include "store/store.h"

/* *until: -1 when there was none. */
bool store_digest(struct store *s, str domain, int64_t *until, struct err *e);
bool store_put_digest(struct store *s, str domain, int64_t until,
		      struct err *e);

#endif
