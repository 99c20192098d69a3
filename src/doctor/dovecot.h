/* dovecot: the settings of Dovecot's configuration files, flat: each with the
 * sections it stands in.  One file is read at a time; what !include names is
 * for the caller. */
#ifndef DOCTOR_DOVECOT_H
#define DOCTOR_DOVECOT_H

#include "base/arena.h"

struct dovecot_item {
	struct dovecot_item *next;
	str section; /* "service auth/unix_listener /path"; empty: none */
	str name, value; /* name empty: the section begins */
	str file;
	unsigned line;
};

struct dovecot {
	struct arena *arena;
	struct dovecot_item *first, **end;
	str bad_file; /* the first line that cannot be read */
	unsigned bad_line; /* 0: none */
};

void dovecot_init(struct dovecot *d, struct arena *arena);

/* include is called for "!include PATTERN" and "!include_try PATTERN" at their
 * place. */
typedef void dovecot_include(void *arg, str pattern);
void dovecot_parse(struct dovecot *d, str text, str file,
		   dovecot_include *include, void *arg);

/* The value that counts: the last.  NULL: not set. */
const struct dovecot_item *dovecot_find(const struct dovecot *d, str section,
					str name);
/* Is there such a section, even an empty one? */
bool dovecot_has_section(const struct dovecot *d, str section);

#endif
