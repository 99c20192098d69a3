/* cur: a bounded reading position in untrusted bytes.
 *
 * Every take either advances and succeeds, or leaves the position alone and
 * returns false.  Nothing here can read at or past end, and nothing copies:
 * what is taken is a str into the input. */
#ifndef BASE_CUR_H
#define BASE_CUR_H

#include "base/str.h"

#include <stdint.h>

struct cur {
	const char *p;
	const char *end;
};

static inline struct cur cur_of(str s)
{
	return (struct cur){ s.p, s.p + s.n };
}

static inline bool cur_done(const struct cur *c)
{
	return c->p == c->end;
}

bool cur_char(struct cur *c, char want);
bool cur_word(struct cur *c, const char *lower_word); /* ASCII case-blind */
bool cur_uint(struct cur *c, uint32_t max, uint32_t *out);
str cur_until(struct cur *c, char stop); /* up to stop or the end */
void cur_spaces(struct cur *c); /* SP only */
void cur_wsp(struct cur *c); /* SP and HTAB */
/* The longest run of bytes of these ascii.h classes, maybe empty. */
str cur_while(struct cur *c, unsigned classes);

static inline str cur_rest(const struct cur *c)
{
	return (str){ c->p, (size_t)(c->end - c->p) };
}

/* The byte at the position, or -1 at the end. */
static inline int cur_peek(const struct cur *c)
{
	return cur_done(c) ? -1 : (unsigned char)*c->p;
}

#endif
