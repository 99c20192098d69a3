#include "web/link.h"

enum { LINK_MAX = 16384 };

struct link link_to(const char *path)
{
	return (struct link){ .path = path };
}

void link_set(struct link *l, const char *name, str value)
{
	str key = str_of(name);
	size_t i = 0;

	while (i < l->n && !str_eq(l->arg[i].name, key))
		i++;
	if (!value.n) {
		if (i < l->n)
			l->arg[i].value = STR("");
		return;
	}
	if (i == WEB_ARGS)
		return;
	l->arg[i] = (struct web_arg){ key, value };
	if (i == l->n)
		l->n++;
}

void link_keep(struct link *l, const struct web_request *r, const char *name)
{
	link_set(l, name, web_arg(r, name));
}

str link_text(struct arena *arena, const struct link *l)
{
	struct buf b = buf_of(arena, LINK_MAX);
	char before = '?';

	buf_put(&b, str_of(l->path));
	for (size_t i = 0; i < l->n; i++) {
		if (!l->arg[i].value.n)
			continue;
		buf_putc(&b, before);
		before = '&';
		web_encode(&b, l->arg[i].name);
		buf_putc(&b, '=');
		web_encode(&b, l->arg[i].value);
	}
	return buf_str(&b);
}
