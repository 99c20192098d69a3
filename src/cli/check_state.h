/* check_state: what the last `inkan check --changes` saw, so that only news are
 * told: a line for every finding, STATUS CODE SUBJECT. */
#ifndef CLI_CHECK_STATE_H
#define CLI_CHECK_STATE_H

#include "base/err.h"
#include "doctor/finding.h"

/* Leaves in f only what is not as in the file (what was bad and is gone is ok
 * now), and writes the file anew.  Skipped findings count as before.  Without a
 * file all that is bad is new. */
bool changes_only(struct arena *arena, const char *path, struct findings *f,
		  struct err *e);

#endif
