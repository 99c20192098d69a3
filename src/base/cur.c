#include "base/cur.h"

#include "base/ascii.h"

bool cur_char(struct cur *c, char want)
{
	if (cur_done(c) || *c->p != want)
		return false;
	c->p++;
	return true;
}

bool cur_word(struct cur *c, const char *lower_word)
{
	size_t n = strlen(lower_word);

	if ((size_t)(c->end - c->p) < n ||
	    !str_ieq((str){ c->p, n }, (str){ lower_word, n }))
		return false;
	c->p += n;
	return true;
}

bool cur_uint(struct cur *c, uint32_t max, uint32_t *out)
{
	const char *p = c->p;
	uint32_t v = 0;

	while (p < c->end && *p >= '0' && *p <= '9') {
		uint32_t digit = (uint32_t)(*p++ - '0');

		if (digit > max || v > (max - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	if (p == c->p)
		return false;
	c->p = p;
	*out = v;
	return true;
}

str cur_until(struct cur *c, char stop)
{
	const char *start = c->p;

	while (!cur_done(c) && *c->p != stop)
		c->p++;
	return (str){ start, (size_t)(c->p - start) };
}

void cur_spaces(struct cur *c)
{
	while (!cur_done(c) && *c->p == ' ')
		c->p++;
}

void cur_wsp(struct cur *c)
{
	(void)cur_while(c, ASCII_WSP);
}

str cur_while(struct cur *c, unsigned classes)
{
	const char *start = c->p;

	while (!cur_done(c) && ascii_is(*c->p, classes))
		c->p++;
	return (str){ start, (size_t)(c->p - start) };
}
