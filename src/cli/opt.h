/* opt: command lines.  A command has a table of options, from which its help is
 * printed and its arguments are read; what every command knows stands in one
 * more table.  An unknown option names the nearest known one. */
#ifndef CLI_OPT_H
#define CLI_OPT_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct opt {
	const char *name; /* without "--"; NULL ends the table */
	char letter; /* or '\0' */
	/* What its value is called; NULL: a flag.  "[SECONDS]": a number that
	 * may be left out. */
	const char *arg;
	const char *help; /* untranslated */
};

extern const struct opt opt_common[];

struct opt_set {
	const struct opt *opt;
	const char *value; /* NULL for a flag */
};

struct args {
	const struct opt_set *set; /* in the order given */
	size_t n_set;
	const char *const *rest; /* what is no option */
	size_t n_rest;
};

/* Reads argv[1..] by the table and opt_common.  Options may stand anywhere;
 * "--" ends them; "-" is no option.  False: *e says what is wrong. */
bool opt_parse(struct arena *arena, const struct opt *table, int argc,
	       char *const argv[], struct args *out, struct err *e);

/* Is this an option of every command whose value is the next argument? */
bool opt_takes_next(const char *text);

bool args_has(const struct args *a, const char *name);
/* The last value given, or NULL. */
const char *args_get(const struct args *a, const char *name);
/* Every value given, in order, in the arena. */
const char *const *args_all(const struct args *a, struct arena *arena,
			    const char *name, size_t *n);
/* A number from least to most; `otherwise` when not given.  False: *e. */
bool args_number(const struct args *a, const char *name, int64_t least,
		 int64_t most, int64_t otherwise, int64_t *out, struct err *e);

/* The lines of a table's options, translated. */
void opt_help(FILE *to, const struct opt *table);

#endif
