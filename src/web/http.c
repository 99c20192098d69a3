#include "web/http.h"

str web_arg(const struct web_request *r, const char *name)
{
	for (size_t i = 0; i < r->n_args; i++)
		if (str_eq(r->arg[i].name, str_of(name)))
			return r->arg[i].value;
	return (str){ NULL, 0 };
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static str decode(struct arena *arena, str s)
{
	char *to = arena_alloc(arena, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '+') {
			c = ' ';
		} else if (c == '%' && i + 2 < s.n && hex(s.p[i + 1]) >= 0 &&
			   hex(s.p[i + 2]) >= 0) {
			c = (char)(hex(s.p[i + 1]) << 4 | hex(s.p[i + 2]));
			i += 2;
		}
		to[n++] = c;
	}
	return (str){ to, n };
}

void web_args_parse(struct arena *arena, str query, struct web_arg *arg,
		    size_t *n)
{
	str part;

	*n = 0;
	while (*n < WEB_ARGS && query.n && str_split(&query, '&', &part)) {
		size_t equal = str_find(part, '=');

		if (!part.n)
			continue;
		arg[*n].name = decode(arena, str_head(part, equal));
		arg[*n].value = decode(arena, str_skip(part, equal + 1));
		++*n;
	}
}

void web_encode(struct buf *out, str s)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
			buf_putc(out, (char)c);
		else if ((c >= '0' && c <= '9') || c == '-' || c == '.' ||
			 c == '_' || c == '~')
			buf_putc(out, (char)c);
		else {
			buf_putc(out, '%');
			buf_putc(out, digits[c >> 4]);
			buf_putc(out, digits[c & 15]);
		}
	}
}
