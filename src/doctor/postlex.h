/* postlex: the lines of Postfix's main.cf and master.cf (postconf(5)): blank
 * lines and those whose first character is "#" do not count, wherever they
 * stand; a line that begins with white space goes on with the one before. */
#ifndef DOCTOR_POSTLEX_H
#define DOCTOR_POSTLEX_H

#include "base/arena.h"
#include "base/cur.h"

struct postlex {
	struct cur in;
	unsigned line; /* read so far */
	unsigned end; /* the last line of what was taken last */
};

struct postlex postlex_of(str text);

/* The next logical line without white space around it, its physical lines
 * joined as they are (in the arena when there are several), and where it
 * begins.  False at the end. */
bool postlex_next(struct postlex *l, struct arena *arena, str *text,
		  unsigned *line);

/* The next word of a list: words are apart by white space or commas, "{ }"
 * holds one together and is taken off.  False at the end. */
bool postlex_word(struct cur *c, str *word);

#endif
