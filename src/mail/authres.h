/* authres: Authentication-Results fields (RFC 8601): read, written, and told
 * from forged ones.  Reading accepts what real mail holds beyond the grammar
 * and says so (sloppy); writing never goes beyond it. */
#ifndef MAIL_AUTHRES_H
#define MAIL_AUTHRES_H

#include "base/buf.h"

struct authres_property {
	str ptype, name, value; /* "header" "d" "example.org" */
};

struct authres_result {
	str method, result; /* lower case */
	unsigned version; /* of the method; 1 unless written */
	str reason; /* absent when there is none */
	str comment; /* behind the result, without its parentheses; may be absent */
	struct authres_property *properties;
	size_t n;
};

struct authres {
	str id; /* authserv-id */
	unsigned version; /* 1 unless written */
	struct authres_result *results; /* n is 0 for "none" */
	size_t n;
	bool sloppy; /* readable, but outside the grammar */
	bool utf8; /* writing: the message may hold UTF-8 (RFC 6532) */
	const char *why; /* of a field that cannot be read; a static sentence */
};

/* The value of a field (or of an ARC-Authentication-Results behind its "i=n;").
 * What is read lies in the arena or the value.  False: unreadable, or another
 * version than 1, in which case id and version are set (RFC 8601 2.2). */
bool authres_parse(struct arena *arena, str value, struct authres *out);

/* Writes a value behind `column` octets of its first line ("Name:" or "Name:
 * i=1;"), beginning with a space, folded by CRLF + SP before each result and
 * where a line would pass 78 octets.  A property that cannot be said within the
 * grammar is left out: control bytes, a domain that is none.  So is a result
 * that would pass LIMIT_AUTHRES_BYTES, with a comment that says so. */
void authres_write(struct buf *out, size_t column, const struct authres *a);

/* Does this field claim to come from one of these hosts?  An id that begins
 * with "." stands for every host below that domain.  Case, quotes, comments, a
 * version, a "/job", a trailing dot and folds do not matter; a field that is
 * not well-formed claims every host that it names before its first result. */
bool authres_claims(str value, const str *ids, size_t n);

/* False when the field has another version than 1, which no reader may trust
 * and a border must remove whatever its id (RFC 8601 5). */
bool authres_version_known(str value);

#endif
