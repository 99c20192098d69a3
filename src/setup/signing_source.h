/* signing_source: a configuration that signs already, OpenDKIM's or inkan's: its text,
 * its tables and its keys. */
#ifndef SETUP_SIGNING_SOURCE_H
#define SETUP_SIGNING_SOURCE_H

#include "setup/site.h"

/* path is without root.  No such file, or one without keys: true, and
 * out->path is NULL.  False: it signs in a way that setup does not know. */
bool signing_source_read(struct site *m, const char *path,
			 struct signing_source *out, struct err *e);

#endif
