/* record: RFC 6376 3.6.1, a public key record. */
#ifndef DKIM_RECORD_H
#define DKIM_RECORD_H

#include "crypto/hash.h"
#include "crypto/pubkey.h"

struct dkim_record {
	enum key_type type; /* k= */
	str key; /* p= decoded; empty: revoked */
	str key_text; /* p= without white space */
	bool revoked;
	bool sha1, sha256; /* h= allows it */
	bool email; /* s= holds "*" or "email" */
	bool testing; /* t=y */
	bool exact_identity; /* t=s: i= must be at d= itself */
	bool has_version, has_granularity; /* v=, g= are there */
	str notes; /* n= */
};

enum dkim_record_status {
	DKIM_RECORD_OK,
	DKIM_RECORD_FOREIGN, /* no key record: ignore it (another TXT) */
	DKIM_RECORD_BAD /* *why says what is wrong */
};

enum dkim_record_status dkim_record_parse(struct arena *arena, str text,
					  struct dkim_record *r,
					  const char **why);

#endif
