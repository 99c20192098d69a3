/* safety: may a private key be where it is?  (RequireSafeKeys)
 *
 * The path is walked from its beginning with descriptors, so that what was
 * judged is what is read.  The file: owned by root or the user the program runs
 * as, no write for group, nothing for others; readable by a group only when the
 * program is in it.  Every directory and symbolic link on the way: owned by
 * root or that user; a directory that others can write to has the sticky bit,
 * one that a group can write to belongs to root's group or the program's. */
#ifndef CONF_SAFETY_H
#define CONF_SAFETY_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

/* As whom the program runs, or will after giving up root. */
struct identity {
	uid_t uid;
	gid_t gid;
	gid_t groups[64];
	int n_groups;
	char name[64]; /* for messages */
};

/* UserID, "user[:group]"; NULL: as the process runs now. */
bool identity_find(const char *user_id, struct identity *out, struct err *e);

/* Opens path for reading; never waits.  -1: *e says why.  *unsafe says whether
 * it is about safety; with strict false that is no error: the descriptor comes
 * and *e is filled. */
int safety_open(const char *path, const struct identity *who, bool strict,
		bool *unsafe, struct err *e);

/* Could `who` read this file, by its mode? */
bool safety_readable(int fd, const struct identity *who);

#endif
