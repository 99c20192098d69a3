/* record_write: the text of a key's DNS record (RFC 6376 3.6.1). */
#ifndef DKIM_RECORD_WRITE_H
#define DKIM_RECORD_WRITE_H

#include "crypto/privkey.h"

struct dkim_record_options {
	str hashes; /* h=, or empty */
	str notes; /* n=, or empty */
	bool testing; /* t=y */
	bool exact_identity; /* t=s */
	bool email_only; /* s=email */
};

/* "v=DKIM1; h=sha256; k=rsa; p=...", in the arena.  *key_at is where "p="
 * begins. */
str dkim_record_write(struct arena *arena, const struct privkey *key,
		      const struct dkim_record_options *options,
		      size_t *key_at);

#endif
