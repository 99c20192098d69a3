/* source: the message that a command reads: a file or standard input, in
 * chunks, and a second time when it has to be printed again. */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdio.h>

struct source {
	int fd;
	const char *name; /* for messages */
};

/* path NULL or "-": standard input. */
bool source_open(struct source *s, const char *path, struct err *e);
/* Reads all of it; chunk may be NULL. */
bool source_read(struct source *s, void (*chunk)(void *arg, str bytes),
		 void *arg, struct err *e);
/* The same, and keeps a copy (an unlinked temporary file) when the source
 * cannot be read twice, so that source_copy works afterwards. */
bool source_read_twice(struct source *s, void (*chunk)(void *arg, str bytes),
		       void *arg, struct err *e);
/* The first line of it, to standard output; the rest is for source_copy. */
bool source_copy_line(struct source *s, struct err *e);
/* The whole message, as it came, to standard output. */
bool source_copy(struct source *s, struct err *e);
void source_close(struct source *s);

#endif
