#include "doctor/postlex.h"

#include "base/ascii.h"
#include "base/buf.h"

struct postlex postlex_of(str text)
{
	return (struct postlex){ .in = cur_of(text) };
}

static bool counts(str line)
{
	line = str_trim(line);
	return line.n && *line.p != '#';
}

static bool take(struct postlex *l, str *line)
{
	while (!cur_done(&l->in)) {
		*line = cur_until(&l->in, '\n');
		(void)cur_char(&l->in, '\n');
		l->line++;
		if (counts(*line))
			return true;
	}
	return false;
}

static bool goes_on(const struct postlex *l)
{
	int c = cur_peek(&l->in);

	return c == ' ' || c == '\t';
}

/* Comments and blank lines between two lines of one setting. */
static void skip_idle(struct postlex *l)
{
	while (!cur_done(&l->in)) {
		struct cur back = l->in;

		if (counts(cur_until(&l->in, '\n'))) {
			l->in = back;
			return;
		}
		(void)cur_char(&l->in, '\n');
		l->line++;
	}
}

bool postlex_next(struct postlex *l, struct arena *arena, str *text,
		  unsigned *line)
{
	struct buf b;
	str more;

	if (!take(l, text))
		return false;
	*line = l->end = l->line;
	skip_idle(l);
	if (goes_on(l)) {
		b = buf_of(arena, text->n + (size_t)(l->in.end - l->in.p) + 1);
		buf_put(&b, *text);
		while (goes_on(l) && take(l, &more)) {
			buf_putc(&b, ' ');
			buf_put(&b, str_trim(more));
			l->end = l->line;
			skip_idle(l);
		}
		*text = buf_str(&b);
	}
	*text = str_trim(*text);
	return true;
}

static bool divides(char c)
{
	return ascii_is(c, ASCII_SPACE) || c == ',';
}

/* What stands between a brace and its partner; all when there is none. */
static str braced(struct cur *c)
{
	const char *start = ++c->p;
	unsigned depth = 1;

	for (; !cur_done(c); c->p++) {
		depth += *c->p == '{';
		depth -= *c->p == '}';
		if (!depth)
			break;
	}

	str in = { start, (size_t)(c->p - start) };

	(void)cur_char(c, '}');
	return str_trim(in);
}

bool postlex_word(struct cur *c, str *word)
{
	const char *start;

	while (!cur_done(c) && divides(*c->p))
		c->p++;
	if (cur_done(c))
		return false;
	if (*c->p == '{') {
		*word = braced(c);
		return true;
	}
	start = c->p;
	while (!cur_done(c) && !divides(*c->p))
		c->p++;
	*word = (str){ start, (size_t)(c->p - start) };
	return true;
}
