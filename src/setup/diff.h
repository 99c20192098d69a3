/* diff: two texts as a unified diff, the form that diff -u and patch know. */
#ifndef SETUP_DIFF_H
#define SETUP_DIFF_H

#include "base/buf.h"

/* Puts nothing when they are equal.  before absent: the file is new.  context:
 * unchanged lines around each change. */
void diff_write(struct arena *arena, struct buf *out, const char *path,
		str before, str after, size_t context);

#endif
