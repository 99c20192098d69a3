/* problems: what is wrong with a configuration, all of it in one list, each
 * with its file, line and cure, so that a person mends everything at once. */
#ifndef CONF_PROBLEMS_H
#define CONF_PROBLEMS_H

#include "base/buf.h"

enum problem_level {
	PROBLEM_NOTE, /* works, but probably not as meant */
	PROBLEM_WARNING, /* works, less well than it could */
	PROBLEM_ERROR /* the program must not start with this */
};

struct problem {
	struct problem *next;
	enum problem_level level;
	str file; /* a path, or what set it ("-b"); absent when unknown */
	unsigned line; /* 0: none */
	str text;
};

struct problems {
	struct arena *arena;
	struct problem *first, **end; /* in the order found */
	/* by level; the texts of the first 200 of each are kept */
	size_t count[3];
	bool unsafe_key_told; /* once is enough (RequireSafeKeys no) */
	bool algorithm_told; /* SignatureAlgorithm, likewise */
};

void problems_init(struct problems *p, struct arena *arena);
void problem_add(struct problems *p, enum problem_level level, str file,
		 unsigned line, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

static inline bool problems_fatal(const struct problems *p)
{
	return p->count[PROBLEM_ERROR] > 0;
}

/* "FILE:LINE: error: TEXT", without a line end and without control bytes. */
void problem_write(struct buf *b, const struct problem *p);

#endif
