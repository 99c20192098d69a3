/* file: a whole file in memory, for configuration and tables.  Never waits:
 * a FIFO, a device or a directory is refused at once. */
#ifndef CONF_FILE_H
#define CONF_FILE_H

#include "base/arena.h"
#include "base/err.h"

/* At most max bytes, with a NUL behind them; they live as long as the arena. */
bool file_read(struct arena *arena, const char *path, size_t max, str *out,
	       struct err *e);
/* The same from an open descriptor, which stays open. */
bool file_read_fd(struct arena *arena, int fd, const char *path, size_t max,
		  str *out, struct err *e);

#endif
