/* out: what a command says: text with colours on a terminal, or JSON.  Bytes
 * from strangers go through out_text or json_of: no control byte and no broken
 * UTF-8 reaches a terminal or a script. */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>

#include <jansson.h>

enum out_style { OUT_PLAIN, OUT_GOOD, OUT_BAD, OUT_WARN, OUT_STRONG, OUT_DIM };

/* when: "auto", "always", "never" or NULL (auto).  False: none of them. */
bool out_color(const char *when);

/* Printable text in one line: folds are undone, a tab is a space, controls and
 * broken UTF-8 become "?". */
str out_text(struct arena *arena, str s);
/* The escape sequences around styled text; empty without colours. */
const char *out_begin(enum out_style style);
const char *out_end(void);

json_t *json_of(str s); /* as out_text; absent: null */
json_t *json_lines(str s); /* the same, line feeds stay */
json_t *json_words(const char *s); /* NULL: null */
void out_json(json_t *j); /* prints, and gives it up */

/* To standard error: "inkan: SENTENCE". */
void out_warning(const char *sentence);
/* The same with the text of e; returns the exit status of e. */
int out_error(const struct err *e);

/* Flushes standard output.  What could not be written is an error (73). */
int out_finish(int status);

#endif
