/* storefile: may the store be where Store says, for the user that inkand is?
 * Nothing is asked of a PostgreSQL. */
#ifndef DAEMON_STOREFILE_H
#define DAEMON_STOREFILE_H

#include "base/err.h"
#include "conf/safety.h"

/* False: *e names the folder or file and the cure.  who: in whose name, by a
 * child that becomes this user; NULL: in this process's. */
bool storefile_check(const char *url, const struct identity *who,
		     struct err *e);

/* Both are in one folder; a PostgreSQL is in any. */
bool storefile_same_folder(const char *first, const char *url);

/* The folder of an SQLite store, in `out` of `size` octets; NULL: none. */
const char *storefile_folder(const char *url, char *out, size_t size);

#endif
