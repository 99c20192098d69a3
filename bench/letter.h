/* letter: the messages that milter_load sends, made before it begins. */
#ifndef BENCH_LETTER_H
#define BENCH_LETTER_H

#include "base/arena.h"
#include "crypto/privkey.h"

/* In domain and field '%' is the number of the message. */
struct letter_plan {
	str domain; /* of the author and the envelope */
	str field; /* put on top, without a line end; or empty */
	str file; /* the message, sent as it is; empty: one of 2 KB */
	struct privkey *key; /* signs as s1 of the domain; or NULL */
};

struct letter {
	str sender; /* of the envelope, in angle brackets */
	str header; /* lines end in LF */
	str body; /* lines end in CRLF */
};

struct letter letter_make(const struct letter_plan *plan, size_t number,
			  struct arena *arena);

/* The field that begins at *at of a header, without its line end; moves on. */
bool letter_field(str header, size_t *at, str *field);

#endif
