#include "doctor/mastercf.h"

#include "doctor/postlex.h"

enum { FIELDS = 8 };

static void set(struct arena *arena, struct mastercf_service *s, str text)
{
	struct mastercf_option *o;
	size_t eq = str_find(text, '=');

	if (eq == text.n)
		return;
	o = arena_new_of(arena, struct mastercf_option);
	*o = (struct mastercf_option){ s->options, str_trim(str_head(text, eq)),
				       str_trim(str_skip(text, eq + 1)) };
	s->options = o;
}

/* CR too: files written elsewhere end their lines with it. */
static bool is_blank(const struct cur *c)
{
	return !cur_done(c) && (*c->p == ' ' || *c->p == '\t' || *c->p == '\r');
}

/* Words are apart by white space only: a comma belongs to a value. */
static bool word(struct cur *c, str *out)
{
	const char *start;

	while (is_blank(c))
		c->p++;
	if (cur_peek(c) == '{')
		return postlex_word(c, out) && out->n > 0;
	start = c->p;
	while (!cur_done(c) && !is_blank(c))
		c->p++;
	*out = (str){ start, (size_t)(c->p - start) };
	return out->n > 0;
}

static void arguments(struct arena *arena, struct mastercf_service *s,
		      struct cur c)
{
	str w;

	while (word(&c, &w))
		if (str_eq(w, STR("-o"))) {
			if (word(&c, &w))
				set(arena, s, w);
		} else if (str_starts(w, STR("-o"))) {
			set(arena, s, str_skip(w, 2));
		}
}

static bool service(struct arena *arena, str text, unsigned line,
		    struct mastercf_service *s)
{
	struct cur c = cur_of(text);
	str field[FIELDS];

	for (size_t i = 0; i < FIELDS; i++)
		if (!word(&c, &field[i]))
			return false;
	*s = (struct mastercf_service){ .name = field[0],
					.type = field[1],
					.chroot = field[4].p[0],
					.command = field[7],
					.line = line };
	arguments(arena, s, c);
	return true;
}

void mastercf_parse(struct arena *arena, str text, struct mastercf *out)
{
	struct postlex l = postlex_of(text);
	struct mastercf_service **end = &out->first;
	unsigned line;
	str at;

	*out = (struct mastercf){ .bad_line = 0 };
	while (postlex_next(&l, arena, &at, &line)) {
		struct mastercf_service *s = arena_new_of(
			arena, struct mastercf_service);

		if (!service(arena, at, line, s)) {
			out->bad_line = out->bad_line ? out->bad_line : line;
			continue;
		}
		*end = s;
		end = &s->next;
	}
}

bool mastercf_option(const struct mastercf_service *s, str name, str *value)
{
	for (const struct mastercf_option *o = s->options; o; o = o->next)
		if (str_eq(o->name, name)) {
			*value = o->value;
			return true;
		}
	return false;
}
