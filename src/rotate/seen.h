/* seen: what every name server of a zone, and the resolver, show of a key. */
#ifndef ROTATE_SEEN_H
#define ROTATE_SEEN_H

#include "crypto/privkey.h"
#include "dns/client.h"

enum seen_want {
	SEEN_KEY, /* the record of this private key */
	SEEN_REVOKED, /* a record with an empty p=, or none */
	SEEN_NOTHING /* no record: only the name servers are asked */
};

struct seen_place {
	const char *server; /* an address, or NULL: the resolver */
	const char *what; /* untranslated: what it shows */
	bool ok, silent; /* silent: no answer, or none for this zone */
};

struct seen {
	struct seen_place *place;
	size_t n;
	bool all; /* every one is ok, and there is one */
};

/* The resolver is asked last, and only once all servers are ok: what it does not
 * find now it would remember.  False: the zone's servers cannot be found, *e. */
bool seen_check(struct arena *arena, struct dns_client *dns, str domain,
		str selector, enum seen_want want, const struct privkey *key,
		unsigned timeout_ms, struct seen *out, struct err *e);

/* "SELECTOR._domainkey.DOMAIN" */
str seen_name(struct arena *arena, str selector, str domain);

#endif
