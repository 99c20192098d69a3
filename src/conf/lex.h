/* lex: the lines of an opendkim.conf, as opendkim(8) reads them: NAME blank
 * VALUE; "#" ends a line wherever it stands, CR too; nothing is quoted. */
#ifndef CONF_LEX_H
#define CONF_LEX_H

#include "base/cur.h"

struct lex {
	struct cur in;
	unsigned line; /* of what was taken last */
	bool nul; /* the line taken last held a NUL byte */
};

struct lex lex_of(str text);

/* The next line that is not blank; value is empty when there is none.  False
 * at the end. */
bool lex_next(struct lex *l, str *name, str *value);

#endif
