#include "setup/conf_file.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/limits.h"

struct conf_line {
	str line; /* without its line end */
	str name, value;
};

static bool line_next(str text, size_t *at, struct conf_line *out)
{
	str rest = str_skip(text, *at);
	struct cur c;

	if (!rest.n)
		return false;
	out->line = str_head(rest, str_find(rest, '\n'));
	*at += out->line.n + (out->line.n < rest.n);
	c = cur_of(str_head(out->line, str_find(out->line, '#')));
	cur_wsp(&c);
	out->name.p = c.p;
	while (!cur_done(&c) && !ascii_is(*c.p, ASCII_SPACE))
		c.p++;
	out->name.n = (size_t)(c.p - out->name.p);
	cur_wsp(&c);
	out->value = cur_rest(&c);
	while (out->value.n &&
	       ascii_is(out->value.p[out->value.n - 1], ASCII_SPACE))
		out->value.n--;
	return true;
}

static bool find(str text, str name, struct conf_line *out)
{
	struct conf_line l;
	bool found = false;
	size_t at = 0;

	while (line_next(text, &at, &l))
		if (l.name.n && str_ieq(l.name, name)) {
			*out = l;
			found = true;
		}
	return found;
}

str conffile_get(str text, str name)
{
	struct conf_line l;

	return find(text, name, &l) ? l.value : (str){ NULL, 0 };
}

static void put_setting(struct buf *b, str name, str value)
{
	buf_printf(b, "%-23.*s %.*s", STR_ARG(name), STR_ARG(value));
}

str conffile_set(struct arena *arena, str text, str name, str value)
{
	struct buf b = buf_of(arena, (size_t)LIMIT_CONFIG_BYTES * 2);
	struct conf_line l;

	if (!find(text, name, &l)) {
		buf_put(&b, text);
		if (text.n && text.p[text.n - 1] != '\n')
			buf_putc(&b, '\n');
		put_setting(&b, name, value);
		buf_putc(&b, '\n');
		return buf_str(&b);
	}
	if (str_eq(l.value, value))
		return text;

	size_t before = (size_t)(l.value.p - text.p);

	buf_put(&b, str_head(text, before));
	if (!l.value.n)
		buf_putc(&b, ' ');
	buf_put(&b, value);
	buf_put(&b, str_skip(text, before + l.value.n));
	return buf_str(&b);
}

str conffile_explain(struct arena *arena, str text, str name, str value,
		     const char *comment)
{
	struct buf b = buf_of(arena, (size_t)LIMIT_CONFIG_BYTES * 2);
	struct conf_line l;

	if (*comment && !find(text, name, &l)) {
		buf_put(&b, text);
		if (text.n && text.p[text.n - 1] != '\n')
			buf_putc(&b, '\n');
		buf_printf(&b, "\n%s", comment);
		text = buf_str(&b);
	}
	return conffile_set(arena, text, name, value);
}

str conffile_disable(struct arena *arena, str text, str name)
{
	struct buf b = buf_of(arena, (size_t)LIMIT_CONFIG_BYTES * 2);
	struct conf_line l;
	size_t at = 0, start = 0;

	if (!find(text, name, &l))
		return text;
	for (; line_next(text, &at, &l); start = at) {
		if (l.name.n && str_ieq(l.name, name))
			buf_putc(&b, '#');
		buf_put(&b, str_head(str_skip(text, start), at - start));
	}
	return buf_str(&b);
}
