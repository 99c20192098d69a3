/* keystore: the private keys of one configuration, by where they come from (a
 * path, or the key's own text).  Any thread may ask.
 *
 * A key is read once.  A new configuration takes over what the last one had:
 * a file that did not change is not read again, and one that cannot be read any
 * more keeps its last good key.  At most 2 * LIMIT_KEYS_LOADED keys stay in
 * memory; beyond that the longest unused are forgotten and read again. */
#ifndef CONF_KEYSTORE_H
#define CONF_KEYSTORE_H

#include "base/map.h"
#include "conf/safety.h"
#include "crypto/privkey.h"
#include "sign/keytable.h"

struct keystore;

/* old: the last configuration's, or NULL; it stays as it is.  NULL: out of
 * memory. */
struct keystore *keystore_new(const struct identity *who, bool safe,
			      struct map_seed seed, struct keystore *old);
void keystore_free(struct keystore *ks);

enum keystore_news {
	KEYSTORE_FINE,
	KEYSTORE_UNSAFE, /* loaded although others can read or change it */
	KEYSTORE_ROOT_ONLY, /* loaded as root; `who` could not read it again */
	KEYSTORE_KEPT, /* cannot be loaded: this is the last good one */
	KEYSTORE_FAILED /* no key */
};

/* One share of the key (privkey_free ends it), or NULL.  *e is filled when the
 * news are not fine. */
struct privkey *keystore_get(struct keystore *ks, const struct key_entry *from,
			     enum keystore_news *news, struct err *e);

/* Keys in memory. */
size_t keystore_count(struct keystore *ks);

#endif
