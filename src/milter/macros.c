#include "milter/macros.h"

#include "milter/codec.h"

#include <stdlib.h>

enum { STAGE_MAX = 65536, CAP_MIN = 64 };

bool milter_macros_put(struct milter_macros *m, enum milter_stage stage,
		       str pairs)
{
	if (pairs.n > STAGE_MAX)
		return false;
	if (pairs.n > m->stage[stage].cap) {
		size_t cap = pairs.n < CAP_MIN ? CAP_MIN : pairs.n;
		char *p = realloc(m->stage[stage].p, cap);

		if (!p)
			return false;
		m->stage[stage].p = p;
		m->stage[stage].cap = cap;
	}
	if (pairs.n)
		memcpy(m->stage[stage].p, pairs.p, pairs.n);
	m->stage[stage].n = pairs.n;
	return true;
}

void milter_macros_clear(struct milter_macros *m, enum milter_stage from)
{
	for (unsigned i = from; i < MILTER_STAGES; i++)
		m->stage[i].n = 0;
}

void milter_macros_done(struct milter_macros *m)
{
	for (unsigned i = 0; i < MILTER_STAGES; i++)
		free(m->stage[i].p);
	*m = (struct milter_macros){ 0 };
}

static str without_braces(str name)
{
	if (name.n > 2 && name.p[0] == '{' && name.p[name.n - 1] == '}')
		return (str){ name.p + 1, name.n - 2 };
	return name;
}

static str find(const char *p, size_t n, str name)
{
	struct cur c = { p, p + n };
	str key, value;

	while (milter_take_string(&c, &key) && milter_take_string(&c, &value))
		if (str_eq(without_braces(key), name))
			return value;
	return (str){ 0 };
}

str milter_macro(const struct milter_macros *m, str name)
{
	for (unsigned i = MILTER_STAGES; i-- > 0;) {
		if (!m->stage[i].n)
			continue;
		str value = find(m->stage[i].p, m->stage[i].n, name);

		if (value.p)
			return value;
	}
	return (str){ 0 };
}
