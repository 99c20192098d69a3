/* keyfiles: a new key and its record as files, as keygen and opendkim-genkey
 * leave them: SELECTOR.private and SELECTOR.txt. */
#ifndef CLI_KEYFILES_H
#define CLI_KEYFILES_H

#include "dkim/record_write.h"

struct keyfiles {
	enum key_type type;
	unsigned bits;
	const char *directory; /* "." for here */
	const char *domain, *selector;
	bool append_domain; /* the full name in the .txt */
	struct dkim_record_options record;
};

struct keyfiles_made {
	const char *private_path, *text_path; /* in the arena */
	struct privkey *key; /* the caller frees it */
	str record; /* the value, in one piece */
};

bool keyfiles_make(struct arena *arena, const struct keyfiles *k,
		   struct keyfiles_made *out, struct err *e);

/* One TXT record as a zone file has it, in opendkim-genkey's layout. */
str keyfiles_zone_text(struct arena *arena, const struct keyfiles *k,
		       str record, size_t key_at);

#endif
