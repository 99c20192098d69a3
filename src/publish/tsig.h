/* tsig: keys of RFC 8945, from the files that name servers make:
 *
 *	key "NAME" { algorithm hmac-sha256; secret "BASE64"; };	tsig-keygen
 *	key: - id: NAME  algorithm: hmac-sha256  secret: BASE64	keymgr -t
 *	hmac-sha256:NAME:BASE64					nsupdate -y
 *
 * The first key of a file counts. */
#ifndef PUBLISH_TSIG_H
#define PUBLISH_TSIG_H

#include "base/arena.h"
#include "base/err.h"

struct tsig_key {
	/* Domain names with their final dot. */
	const char *name, *algorithm;
	const char *secret; /* base64 */
};

/* False: *e says what is missing or not supported; never the secret. */
bool tsig_parse(struct arena *arena, str text, struct tsig_key *out,
		struct err *e);
/* Refuses a file that everybody may read. */
bool tsig_read(struct arena *arena, const char *path, struct tsig_key *out,
	       struct err *e);

#endif
