/* tags: RFC 6376 3.2 tag=value lists, as DKIM, ARC and DMARC use them.
 * Strict: a duplicate name, an empty element, a control character or too many
 * tags make the whole list invalid; one final ";" is fine. */
#ifndef DKIM_TAGS_H
#define DKIM_TAGS_H

#include "base/arena.h"

struct tag {
	str name; /* case-sensitive */
	str value; /* without surrounding FWS */
	str room; /* everything between "=" and the next ";" or the end */
};

struct tags {
	struct tag *tag; /* in the order written */
	size_t n;
};

/* All slices point into text.  False: *why says what is wrong. */
bool tags_parse(struct arena *arena, str text, struct tags *out,
		const char **why);

const struct tag *tags_find(const struct tags *tags, const char *name);

/* The value of the tag, or `otherwise` when it is absent. */
str tags_value(const struct tags *tags, const char *name,
	       const char *otherwise);

/* The next element of a colon-separated list, without FWS around it (RFC 6376
 * h=, q=, s=, t=).  False at the end. */
bool tags_element(str *rest, str *element);

#endif
