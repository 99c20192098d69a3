/* crosscheck: every table against every other.  Internal to conf. */
#ifndef CONF_CROSSCHECK_H
#define CONF_CROSSCHECK_H

#include "conf/snapshot.h"

/* SigningTable, KeyTable, host sets, files that nothing names. */
void crosscheck_tables(struct snapshot *s, enum snapshot_purpose purpose);

/* Opens keys (of a large table the first ones) and tells what is wrong. */
void crosscheck_keys(struct snapshot *s, enum snapshot_purpose purpose);

/* What is wrong with one entry of the KeyTable; false when it has no key. */
bool crosscheck_key(const struct snapshot *s, const struct key_entry *k,
		    enum problem_level level, struct problems *out);

#endif
