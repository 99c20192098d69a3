/* replace: a file's content changed at once or not at all. */
#ifndef FILE_REPLACE_H
#define FILE_REPLACE_H

#include "base/err.h"
#include "base/str.h"

#include <sys/stat.h>

/* Writes text beside the file, syncs it, and renames it into place; the folder
 * is synced too.  like: owner, group and mode for it, or NULL (0600, ours). */
bool replace_file(const char *path, str text, const struct stat *like,
		  struct err *e);

/* The folder of a path is on the disk. */
bool replace_sync_folder(const char *path, struct err *e);

#endif
