/* lex: what all structured fields share: comments, folding white space, quoted
 * strings (RFC 5322 3.2.1 - 3.2.4) and UTF-8 in them (RFC 6532 3.1). */
#ifndef MAIL_LEX_H
#define MAIL_LEX_H

#include "base/arena.h"
#include "base/cur.h"

/* [CFWS]: skips comments, nested to LIMIT_COMMENT_DEPTH, and white space; a
 * CRLF counts only before white space or at the end.  False, position kept:
 * a comment that does not end or nests too deep. */
bool lex_cfws(struct cur *c);

/* The same, and *comment is the inside of the first comment, as written; not
 * changed when there is none. */
bool lex_cfws_comment(struct cur *c, str *comment);

/* A quoted string.  *out is its content, quoted pairs undone and folds unfolded
 * (copied into the arena only when that changes it).  False, position kept:
 * none stands here, or it does not end, or holds a NUL or a bare CR or LF. */
bool lex_quoted(struct arena *arena, struct cur *c, str *out);

/* The same, only to get past it. */
bool lex_quoted_skip(struct cur *c);

/* Well-formed UTF-8 without overlong forms and surrogates (RFC 3629). */
bool lex_utf8(str s);

#endif
