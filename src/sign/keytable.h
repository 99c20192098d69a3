/* keytable: KeyTable, key name -> domain:selector:key[:algorithm]. */
#ifndef SIGN_KEYTABLE_H
#define SIGN_KEYTABLE_H

#include "sign/table.h"

enum key_algorithm {
	KEY_ALGORITHM_ANY, /* not said: SignatureAlgorithm, or the key's type */
	KEY_ALGORITHM_RSA,
	KEY_ALGORITHM_ED25519,
	KEY_ALGORITHM_UNKNOWN /* said, but none we sign with */
};

struct key_entry {
	str name; /* in the KeyTable */
	str domain, selector; /* d= and s= */
	str key; /* a path, or the key itself */
	bool is_path;
	enum key_algorithm algorithm;
	str algorithm_text;
	uint32_t at; /* of the table: table_line() */
};

/* A value of the table.  NULL when good, else what is wrong with it, as the
 * end of a sentence; "%" is left as it is. */
const char *key_entry_parse(const struct table_entry *from,
			    struct key_entry *out);

/* Does the entry depend on the sender: "%" as domain or in the path? */
bool key_entry_has_percent(const struct key_entry *e);

/* The entry called name (case-sensitive), "%" replaced by the sender's domain.
 * NULL when good, else why not, as the end of a sentence. */
const char *keytable_find(const struct table *t, struct arena *arena, str name,
			  str sender_domain, struct key_entry *out);

/* text with every "%" replaced, in the arena; text itself when it has none. */
str percent_replace(struct arena *arena, str text, str by);

#endif
