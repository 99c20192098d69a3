/* originals: reports as they came, packed, for so many days after their import. */
#ifndef STORE_ORIGINALS_H
#define STORE_ORIGINALS_H

#include "base/buf.h"
#include "store/store.h"

/* Larger ones are not kept: packed XML has 40 octets a row. */
enum { STORE_ORIGINAL_MAX = 4 << 20 };

/* Of the report that is being put; what is absent or too large is not. */
bool store_put_original(struct store *s, str octets, int64_t now,
			struct err *e);
/* Into out, which has room for STORE_ORIGINAL_MAX; none: it stays empty. */
bool store_original(struct store *s, str domain, uint64_t report,
		    struct buf *out, struct err *e);
/* Removes those that were imported before that day, outside of batches. */
bool store_prune_originals(struct store *s, int64_t before, struct err *e);

#endif
