/* table: a data set of opendkim: names, or names with values, from a list
 * ("csl:"), a file, a file of patterns ("refile:") or rows of a database.  Made once from its text,
 * which it keeps and points into; read by any number of threads.
 *
 * What opendkim's man page says about each kind holds, with these differences:
 * lines may have any length, and of patterns only those without any plain text
 * at one end are tried in turn (the others are found by hash, the first match
 * in the order of the file wins all the same). */
#ifndef SIGN_TABLE_H
#define SIGN_TABLE_H

#include "base/err.h"
#include "base/map.h"

enum table_kind {
	TABLE_LIST, /* a,b=c,d: one element each */
	TABLE_FILE, /* lines of KEY blanks VALUE; # begins a comment */
	TABLE_PATTERNS, /* the same; keys as in pattern.h */
	TABLE_ROWS /* KEY NUL VALUE NUL: rows of a database */
};

struct table_spec {
	enum table_kind kind;
	bool fold; /* keys are compared without ASCII case */
	str name; /* for messages: the path, or what holds the list */
	unsigned line; /* of a list, in the file that is its name; 0: none */
	str text; /* kept: it must live as long as the arena */
	struct map_seed seed;
};

struct table;

/* NULL: *e says why; with a line number when one line is wrong. */
struct table *table_new(struct arena *arena, const struct table_spec *spec,
			struct err *e);

struct table_entry {
	str key, value; /* into the text; value may be empty */
	uint32_t at; /* place in the table: later entries have more */
};

/* The first entry that matches key. */
bool table_find(const struct table *t, str key, struct table_entry *out);
/* The first one behind *last; *last is TABLE_START, or an entry's at. */
#define TABLE_START UINT32_MAX
bool table_find_next(const struct table *t, str key, uint32_t last,
		     struct table_entry *out);

/* All entries in order: begin with *at 0, false at the end. */
bool table_next(const struct table *t, size_t *at, struct table_entry *out);

/* Entries with the same key as an earlier one, in no order: begin with *i 0,
 * false at the end.  Patterns that are tried in turn are left out. */
bool table_next_double(const struct table *t, size_t *i,
		       struct table_entry *earlier, struct table_entry *later);

size_t table_count(const struct table *t);
enum table_kind table_kind(const struct table *t);
size_t table_size(const struct table *t); /* every at is below */
str table_name(const struct table *t);
/* Of rows: the row's number.  0: none. */
unsigned table_line(const struct table *t, uint32_t at);
/* Patterns that are tried one after the other. */
size_t table_slow_patterns(const struct table *t);

/* Takes the part before the next ":" off *value; the last part (n == 1) keeps
 * all colons.  Without blanks around it. */
str table_field(str *value, unsigned n);

#endif
