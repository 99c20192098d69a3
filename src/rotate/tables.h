/* tables: the lines of a KeyTable and a SigningTable that name a domain's keys,
 * read and rewritten.  Comments, order and everything else stay. */
#ifndef ROTATE_TABLES_H
#define ROTATE_TABLES_H

#include "rotate/rotation.h"

struct rotate_tables {
	const char *key_table, *signing_table; /* paths, links followed */
	const char *pid_file, *socket; /* or NULL */
};

/* What the configuration names.  False: it has no such tables in files. */
bool tables_find(struct arena *arena, const char *config,
		 struct rotate_tables *out, struct err *e);

/* Fills old, type, bits and sender of every key that signs for the domain. */
bool tables_keys(struct arena *arena, const struct rotate_tables *t,
		 struct rotation *r, struct err *e);

/* Is the key name in the KeyTable? */
bool tables_have(struct arena *arena, const struct rotate_tables *t, str name,
		 bool *out, struct err *e);

/* The KeyTable has the new keys, then the SigningTable names them in place of
 * the old ones: each file changes at once, and nothing when it did before. */
bool tables_switch(struct arena *arena, const struct rotate_tables *t,
		   const struct rotation *r, struct err *e);

/* The KeyTable loses the old keys.  Refused while anything names them. */
bool tables_clean(struct arena *arena, const struct rotate_tables *t,
		  const struct rotation *r, struct err *e);

/* The pure parts, for the above and their tests. */
str tables_add_keys(struct arena *arena, str text, const struct rotation *r);
str tables_remove_keys(struct arena *arena, str text, const struct rotation *r);
str tables_rename_keys(struct arena *arena, str text, const struct rotation *r);

#endif
