/* conf_file: an opendkim.conf or inkan.conf as text: one setting is changed,
 * every other byte stays as it was. */
#ifndef SETUP_CONF_FILE_H
#define SETUP_CONF_FILE_H

#include "base/arena.h"

/* The value of the last line that sets name (case-blind), a piece of text;
 * absent: not set. */
str conffile_get(str text, str name);

/* text with name set to value: the last line that sets it is changed, or a line
 * is appended. */
str conffile_set(struct arena *arena, str text, str name, str value);

/* The same; a line that is appended has `comment` above it: whole lines of a
 * file, or "" for one that belongs to the line before. */
str conffile_explain(struct arena *arena, str text, str name, str value,
		     const char *comment);

/* text with every line that sets name made a comment. */
str conffile_disable(struct arena *arena, str text, str name);

#endif
