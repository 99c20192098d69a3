/* https: one small file of a web server whose certificate holds.  No redirects,
 * no caches. */
#ifndef DOCTOR_HTTPS_H
#define DOCTOR_HTTPS_H

#include "net/dialog.h"

struct https_request {
	struct ip ip;
	str host;
	const char *path;
	const char *ca_file; /* or NULL: the system's roots */
	int64_t now;
	unsigned timeout_ms;
	size_t max; /* octets of the file */
};

/* The file, in the arena.  False: *e, also for any status but 200. */
bool https_get(struct arena *arena, const struct https_request *r, str *out,
	       struct err *e);

#endif
