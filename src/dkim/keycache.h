/* keycache: public keys made ready, by the text of p=.  Making a key ready
 * costs several verifications, and most mail comes from few domains.  One owner,
 * one thread; bounded: two generations, of which the older is forgotten when
 * the younger is full. */
#ifndef DKIM_KEYCACHE_H
#define DKIM_KEYCACHE_H

#include "crypto/pubkey.h"

struct keycache;

/* max: keys kept, at least 2.  NULL when there is no memory. */
struct keycache *keycache_new(unsigned max);
void keycache_free(struct keycache *c);

/* The key in p=: text is its base64 without white space, bytes what it decodes
 * to.  The caller owns one share of it (pubkey_free).  NULL: *why. */
struct pubkey *keycache_get(struct keycache *c, enum key_type type, str text,
			    str bytes, const char **why);

#endif
