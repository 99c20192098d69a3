/* suffixes: the Public Suffix List, for DMARC as RFC 7489 knew it, in place of
 * the tree walk. */
#ifndef CONF_SUFFIXES_H
#define CONF_SUFFIXES_H

#include "base/err.h"
#include "dmarc/check.h"

/* path: a list as publicsuffix.org has it, or NULL for the system's.  NULL and
 * *e: it cannot be read. */
struct suffix_list *suffixes_load(const char *path, struct err *e);
void suffixes_free(struct suffix_list *list); /* NULL is fine */

#endif
