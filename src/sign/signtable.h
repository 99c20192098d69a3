/* signtable: SigningTable, sender -> key name[:identity].
 *
 * Of patterns (refile:) those are taken that match user@domain, in the order of
 * the table.  Other tables are asked for user@full.domain, full.domain, then
 * for every parent user@.parent and .parent, then user@*, then *.  The first
 * match counts, or all with MultipleSignatures. */
#ifndef SIGN_SIGNTABLE_H
#define SIGN_SIGNTABLE_H

#include "sign/table.h"

struct sign_entry {
	str pattern; /* the key of the table that matched */
	str key_name; /* "%" replaced by the sender's domain */
	str identity; /* i=, "%" replaced; empty: none */
	uint32_t at; /* of the table: table_line() */
};

/* A value of the table, "%" left as it is.  False: without a key name. */
bool sign_entry_parse(const struct table_entry *from, struct sign_entry *out);

struct signtable_walk {
	const struct table *table;
	struct arena *arena;
	str user, domain;
	unsigned step; /* which form of the address is next */
	size_t dot; /* where the next parent begins in domain */
	uint32_t last;
};

/* user may be empty, domain is the sender's without final dot. */
void signtable_start(struct signtable_walk *w, const struct table *t,
		     struct arena *arena, str user, str domain);
bool signtable_next(struct signtable_walk *w, struct sign_entry *out);

/* Is the address, or its domain in any form, in a set?  (DontSignMailTo) */
bool address_set_find(const struct table *t, struct arena *arena, str user,
		      str domain, struct table_entry *by);

#endif
