/* postfix_file: Postfix's main.cf and master.cf as text (postconf(5),
 * master(5)): one setting or option is changed, every other byte stays as the
 * administrator wrote it.
 *
 * A logical line begins without white space; lines that begin with it go on;
 * blank lines and comments are skipped, also between those. */
#ifndef SETUP_POSTFIX_FILE_H
#define SETUP_POSTFIX_FILE_H

#include "base/arena.h"

struct mainfile_setting {
	str name, value;
};

/* The value of the last line that sets name, line ends removed, in the arena.
 * Absent: not set. */
str mainfile_get(struct arena *arena, str text, str name);

/* text with these settings: the last line that sets one is replaced, what is
 * not there is appended under one comment.  A value that is there already
 * changes nothing. */
str mainfile_set(struct arena *arena, str text,
		 const struct mainfile_setting *settings, size_t n);

/* text with every line that sets name made a comment. */
str mainfile_disable(struct arena *arena, str text, str name);

struct masterfile_service {
	str name, type, chroot, command; /* "smtp", "inet", "y", "smtpd" */
	str args; /* the rest of the logical line, as it stands */
};

/* Walks the services: begin with *at 0; false at the end. */
bool masterfile_next(str text, size_t *at, struct masterfile_service *out);

/* The value of "-o name=value" (the last one), a piece of text.  False: the
 * service has none. */
bool masterfile_option(const struct masterfile_service *s, str name,
		       str *value);

/* text with "-o name=value" as the service's last option, in a line of its
 * own. */
str masterfile_add(struct arena *arena, str text,
		   const struct masterfile_service *s, str name, str value);

/* text with a piece of itself replaced. */
str text_replace(struct arena *arena, str text, str piece, str by);

/* Elements of a list with commas and blanks between, { groups } in one piece:
 * false at the end.  What is taken comes off *rest. */
bool postfix_list_next(str *rest, str *element);

#endif
