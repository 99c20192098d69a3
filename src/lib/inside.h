/* inside: what the files of the library share. */
#ifndef LIB_INSIDE_H
#define LIB_INSIDE_H

#include "base/err.h"
#include "base/limits.h"
#include "crypto/privkey.h"
#include "dkim/keycache.h"
#include "dns/client.h"
#include "mail/feed.h"
#include "verify/verify.h"

/* the public header declares every symbol that is exported */
#include "../include/inkan.h"

struct inkan {
	struct dns_client *dns; /* NULL: DNS of the caller's */
	struct keycache *keys;
};

struct inkan_key {
	struct privkey *key;
	struct arena *arena;
	const char *record;
};

/* Fills *e (NULL is fine) and returns false. */
bool lib_error(struct inkan_error *e, enum inkan_code code, const char *text);
bool lib_error_from(struct inkan_error *e, const struct err *from);
bool lib_no_memory(struct inkan_error *e);

/* Copies options of the caller's version over the defaults already in *to.
 * False: size is none that ever was. */
bool lib_options(void *to, size_t size, const void *from);

#endif
