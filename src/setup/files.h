/* files: a file as it is, bytes, mode and owner, and another one in its place
 * at once: written beside it, synced, then renamed over it. */
#ifndef SETUP_FILES_H
#define SETUP_FILES_H

#include "base/arena.h"
#include "base/err.h"

#include <sys/stat.h>

struct file_state {
	bool exists;
	str bytes; /* absent when it does not exist */
	mode_t mode; /* permission bits */
	uid_t uid;
	gid_t gid;
	struct timespec mtime;
};

/* A path below the root that setup works on ("" or "/dir"), in the arena. */
const char *path_below(struct arena *arena, const char *root, const char *path);
/* Joined with "/". */
const char *path_join(struct arena *arena, const char *dir, const char *name);
const char *path_parent(struct arena *arena, const char *path);

/* A regular file, or none.  False: something else, or unreadable. */
bool file_look(struct arena *arena, const char *path, struct file_state *out,
	       struct err *e);

/* Writes what file_put would put in place, and leaves it beside: what can fail
 * for want of room fails here. */
bool file_prepare(struct arena *arena, const char *path,
		  const struct file_state *to, struct err *e);
/* Puts it in place; with nothing prepared it is written first.  to->exists
 * false removes the file. */
bool file_put(struct arena *arena, const char *path,
	      const struct file_state *to, struct err *e);
/* Removes what was prepared and not put in place. */
void file_forget(struct arena *arena, const char *path);

bool dir_sync(const char *path, struct err *e);
/* A directory with exactly this mode and owner; one that is there stays. */
bool dir_make(const char *path, mode_t mode, uid_t uid, gid_t gid,
	      struct err *e);
/* A directory and everything in it, two levels deep at most. */
void dir_remove(struct arena *arena, const char *path);

#endif
