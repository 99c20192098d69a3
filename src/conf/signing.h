/* signing: what a configuration says about a signature that its tables chose,
 * for the daemon and the tool alike. */
#ifndef CONF_SIGNING_H
#define CONF_SIGNING_H

#include "conf/snapshot.h"
#include "dkim/sign.h"

/* The sender's address as SenderHeaders finds it in the header.  False: none of
 * these fields has an address. */
bool signing_sender(const struct snapshot *s, const struct header *header,
		    struct arena *arena, str *user, str *domain);

/* The options of one signature; key stays the caller's.  now: seconds since
 * 1970. */
struct dkim_sign_options signing_options(const struct snapshot *s,
					 const struct sign_key *chosen,
					 struct privkey *key, int64_t now);

/* NULL, or why this key cannot make that signature (it is of another type than
 * the KeyTable or SignatureAlgorithm says). */
const char *signing_trouble(const struct snapshot *s,
			    const struct sign_key *chosen,
			    const struct privkey *key);

#endif
