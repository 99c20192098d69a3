/* tree: the files of a machine, below a directory: "/" of this one, or a copy
 * of another's (a container, a backup).  Links lead to where they would lead on
 * that machine and never out of the tree. */
#ifndef DOCTOR_TREE_H
#define DOCTOR_TREE_H

#include "base/arena.h"
#include "base/err.h"

#include <sys/stat.h>

struct tree {
	int dir;
	bool live; /* "/": processes, sockets and the network are there too */
};

bool tree_open(struct tree *t, const char *root, struct err *e);
void tree_close(struct tree *t);

/* open(2) below the root, path absolute or not; -1 and errno. */
int tree_fd(const struct tree *t, const char *path, int flags);
/* A regular file of at most max bytes, as file_read. */
bool tree_read(const struct tree *t, struct arena *arena, const char *path,
	       size_t max, str *out, struct err *e);
/* Links are followed.  False: there is no such file. */
bool tree_stat(const struct tree *t, const char *path, struct stat *st);
bool tree_has(const struct tree *t, const char *path);
/* Behind a folder that only others may enter: nobody knows. */
bool tree_hides(const struct tree *t, const char *path);
/* The paths that a shell pattern in the last part of a path matches, sorted,
 * at most max. */
size_t tree_glob(const struct tree *t, struct arena *arena, const char *pattern,
		 const char **paths, size_t max);

#endif
