/* check_state: what the last `inkan check --changes` saw, so that only news are
 * told: a line for every finding, STATUS CODE SUBJECT; and a line for every MTA-STS
 * policy, policy DOMAIN ID DIGEST. */
#ifndef CLI_CHECK_STATE_H
#define CLI_CHECK_STATE_H

#include "base/err.h"
#include "base/map.h"
#include "doctor/finding.h"

struct changes {
	const char *path; /* of the file */
	const struct map *policies; /* to be kept */
	/* Is it told at all (--only)?  What is not stays in the file as it is. */
	bool (*wanted)(void *arg, const struct finding *x);
	void *arg;
};

/* Leaves in f only what is wanted and not as in the file (what was bad and is
 * gone is ok now), and writes the file anew.  Skipped findings count as before.
 * Without a file all that is bad is new. */
bool changes_only(struct arena *arena, const struct changes *c,
		  struct findings *f, struct err *e);

/* The policies of the file, as struct ports_check wants them.  Without a file
 * none.  False: it cannot be read. */
bool policies_read(struct arena *arena, const char *path, struct map *policies,
		   struct err *e);

#endif
