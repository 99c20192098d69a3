#include "doctor/maincf.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/limits.h"
#include "doctor/postlex.h"

static void add(struct arena *arena, struct maincf *m,
		const struct maincf_setting *found)
{
	struct maincf_setting *s = arena_new_of(arena, struct maincf_setting);
	void **slot;

	*s = *found;
	slot = map_put(&m->settings, s->name);
	if (*slot) {
		struct maincf_setting *used = *slot;

		/* the later one counts; it takes the place of the earlier */
		*s = *used;
		*used = *found;
		used->earlier = s;
		return;
	}
	*slot = s;
	if ((m->n & (m->n - 1)) == 0)
		m->in_order = arena_grow(
			arena, m->in_order, m->n * sizeof(void *),
			(m->n ? m->n * 2 : 1) * sizeof(void *));
	m->in_order[m->n++] = s;
}

void maincf_parse(struct arena *arena, str text, struct map_seed seed,
		  struct maincf *out)
{
	struct postlex l = postlex_of(text);
	unsigned line;
	str at;

	*out = (struct maincf){ .settings = map_of(arena, seed, false) };
	while (postlex_next(&l, arena, &at, &line)) {
		size_t eq = str_find(at, '=');
		str name = str_trim(str_head(at, eq));

		if (eq == at.n || !name.n) {
			out->bad_line = out->bad_line ? out->bad_line : line;
			continue;
		}
		add(arena, out,
		    &(struct maincf_setting){ name,
					      str_trim(str_skip(at, eq + 1)),
					      line, l.end, NULL });
	}
}

const struct maincf_setting *maincf_find(const struct maincf *m, str name)
{
	return map_find(&m->settings, name);
}

struct expansion {
	struct buf out;
	maincf_lookup *lookup;
	const void *arg;
	unsigned *left; /* parts to be expanded: names may double each level */
};

static void expand(struct expansion *x, str text, unsigned depth);

static bool is_name(char c)
{
	return ascii_is(c, ASCII_ALPHA | ASCII_DIGIT) || c == '_';
}

/* Up to the partner of the bracket before c, which is taken too. */
static str bracketed(struct cur *c, char open, char close)
{
	const char *start = c->p;
	unsigned depth = 1;

	for (; !cur_done(c); c->p++) {
		depth += *c->p == open;
		depth -= *c->p == close;
		if (!depth)
			break;
	}

	str in = { start, (size_t)(c->p - start) };

	(void)cur_char(c, close);
	return in;
}

/* "{text}", or all that is there when braces are not used. */
static str branch(struct cur *c)
{
	cur_wsp(c);
	if (cur_char(c, '{'))
		return str_trim(bracketed(c, '{', '}'));

	str all = cur_rest(c);

	c->p = c->end;
	return all;
}

/* Recursion: LIMIT_MAINCF_DEPTH deep, LIMIT_MAINCF_PARTS times in all. */
/* NOLINTBEGIN(misc-no-recursion) */

/* What follows the name or the comparison: "?a", ":b", "?{a}:{b}". */
static void choose(struct expansion *x, struct cur *c, bool yes, unsigned depth)
{
	str a = { NULL, 0 }, b = { NULL, 0 };

	cur_wsp(c);
	if (cur_char(c, '?')) {
		a = branch(c);
		cur_wsp(c);
	}
	if (cur_char(c, ':'))
		b = branch(c);
	expand(x, yes ? a : b, depth + 1);
}

/* Its text so far is thrown away when it is only compared. */
static str apart(struct expansion *x, str text, unsigned depth)
{
	struct expansion y = *x;

	y.out = buf_of(x->out.arena, x->out.max);
	expand(&y, text, depth + 1);
	return str_trim(buf_str(&y.out));
}

/* ${{a} == {b} ? ...}; comparisons by size are taken as false. */
static void compare(struct expansion *x, struct cur *c, unsigned depth)
{
	str a, b, op;

	(void)cur_char(c, '{');
	a = apart(x, bracketed(c, '{', '}'), depth);
	op = str_trim(cur_until(c, '{'));
	if (!cur_char(c, '{'))
		return;
	b = apart(x, bracketed(c, '{', '}'), depth);
	choose(x, c,
	       (str_eq(op, STR("==")) && str_eq(a, b)) ||
		       (str_eq(op, STR("!=")) && !str_eq(a, b)),
	       depth);
}

static str name_at(struct cur *c)
{
	const char *start = c->p;

	while (!cur_done(c) && is_name(*c->p))
		c->p++;
	return (str){ start, (size_t)(c->p - start) };
}

/* Between the brackets of ${...}. */
static void inside(struct expansion *x, str text, unsigned depth)
{
	struct cur c = cur_of(text);
	str name, value;
	bool known;

	cur_wsp(&c);
	if (cur_peek(&c) == '{') {
		compare(x, &c, depth);
		return;
	}
	name = name_at(&c);
	cur_wsp(&c);
	known = x->lookup(x->arg, name, &value);
	if (cur_done(&c))
		expand(x, known ? value : STR(""), depth + 1);
	else
		choose(x, &c, known && apart(x, value, depth).n > 0, depth);
}

static void expand(struct expansion *x, str text, unsigned depth)
{
	struct cur c = cur_of(text);
	str value;

	if (depth > LIMIT_MAINCF_DEPTH || !*x->left)
		return;
	--*x->left;
	while (!cur_done(&c) && !x->out.overflow) {
		buf_put(&x->out, cur_until(&c, '$'));
		if (!cur_char(&c, '$'))
			return;
		if (cur_char(&c, '$'))
			buf_putc(&x->out, '$');
		else if (cur_char(&c, '{'))
			inside(x, bracketed(&c, '{', '}'), depth);
		else if (cur_char(&c, '('))
			inside(x, bracketed(&c, '(', ')'), depth);
		else if (x->lookup(x->arg, name_at(&c), &value))
			expand(x, value, depth + 1);
	}
}

/* NOLINTEND(misc-no-recursion) */

str maincf_expand(struct arena *arena, str value, maincf_lookup *lookup,
		  const void *arg)
{
	unsigned left = LIMIT_MAINCF_PARTS;
	struct expansion x = { buf_of(arena, LIMIT_MAINCF_VALUE), lookup, arg,
			       &left };

	expand(&x, value, 0);
	return str_trim(buf_str(&x.out));
}
