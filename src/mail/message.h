/* message: a header block as fields.  A field keeps its bytes as they were
 * received, for the simple canonicalization: name, then everything after the
 * colon, with folds as CRLF + WSP and without the final CRLF.  Fields are never
 * changed; they live in the arena they were added with. */
#ifndef MAIL_MESSAGE_H
#define MAIL_MESSAGE_H

#include "base/arena.h"

struct field {
	str name; /* before the colon, without trailing WSP */
	str raw; /* all of it: name, WSP, colon, value */
	str value; /* raw from behind the colon */
};

struct header {
	struct arena *arena;
	struct field *fields; /* in the order of the message */
	size_t n, cap;
	size_t bytes; /* of all fields with their CRLFs */
	size_t max_bytes, max_fields;
	bool too_large; /* a field did not fit; it and later ones are not kept */
	bool malformed; /* a line that is no field was seen (and left out) */
};

/* Limits of 0 are LIMIT_HEADER_BYTES and LIMIT_HEADER_FIELDS. */
struct header header_of(struct arena *arena, size_t max_bytes,
			size_t max_fields);

/* A field as a milter gives it: LF folds become CRLF.  value begins with the
 * leading space that was received.  False when too large. */
bool header_add(struct header *h, str name, str value);

/* A whole field in one piece, "Name: value" with CRLF or LF folds. */
bool header_add_raw(struct header *h, str raw);

/* The n-th field of that name, counted from the top from 0; NULL if none. */
const struct field *header_find(const struct header *h, str name, size_t n);
size_t header_count(const struct header *h, str name);

#endif
