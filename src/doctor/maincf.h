/* maincf: Postfix's main.cf: settings, and their values with "$name" expanded
 * (postconf(5)): $name, ${name}, $(name), ${name?text}, ${name:text},
 * ${name?{text}:{text}}, ${{a}=={b}?{text}:{text}}, $$. */
#ifndef DOCTOR_MAINCF_H
#define DOCTOR_MAINCF_H

#include "base/map.h"

struct maincf_setting {
	str name, value; /* value as written, lines joined */
	unsigned line, end; /* its lines, comments between them too */
	const struct maincf_setting *earlier; /* of the same name: not used */
};

struct maincf {
	struct map settings; /* struct maincf_setting by name */
	struct maincf_setting **in_order; /* those that are used */
	size_t n;
	unsigned bad_line; /* the first that is no NAME = VALUE, 0: none */
};

/* Slices point into text or the arena. */
void maincf_parse(struct arena *arena, str text, struct map_seed seed,
		  struct maincf *out);

const struct maincf_setting *maincf_find(const struct maincf *m, str name);

/* Where the names in a value lead.  False: there is no such setting. */
typedef bool maincf_lookup(const void *arg, str name, str *value);

/* A value with its names replaced, in the arena; what is nested too deeply or
 * becomes too long is cut. */
str maincf_expand(struct arena *arena, str value, maincf_lookup *lookup,
		  const void *arg);

#endif
