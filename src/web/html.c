#include "web/html.h"

#include "base/utf8.h"

#include <assert.h>

struct html html_new(struct arena *arena)
{
	return (struct html){ .out = buf_of(arena, HTML_MAX) };
}

/* C0 and C1, DEL; U+202A to U+202E and U+2066 to U+2069 */
static bool is_hidden(str s, size_t n)
{
	const unsigned char *c = (const unsigned char *)s.p;

	if (n == 1)
		return (c[0] < 0x20 && c[0] != '\n' && c[0] != '\t') ||
		       c[0] == 0x7f;
	if (n == 2)
		return c[0] == 0xc2 && c[1] < 0xa0;
	return n == 3 && c[0] == 0xe2 &&
	       ((c[1] == 0x80 && c[2] >= 0xaa && c[2] <= 0xae) ||
		(c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9));
}

static str entity(char c)
{
	switch (c) {
	case '<':
		return STR("&lt;");
	case '>':
		return STR("&gt;");
	case '&':
		return STR("&amp;");
	case '"':
		return STR("&quot;");
	case '\'':
		return STR("&#39;");
	default:
		return (str){ NULL, 0 };
	}
}

void html_escape(struct buf *out, str text)
{
	while (text.n) {
		size_t n = utf8_at(text);
		str e = entity(text.p[0]);

		if (e.p)
			buf_put(out, e);
		else if (!n || is_hidden(text, n))
			buf_put(out, STR("\xef\xbf\xbd"));
		else
			buf_put(out, str_head(text, n));
		text = str_skip(text, n ? n : 1);
	}
}

static void end_tag(struct html *h)
{
	if (h->in_tag)
		buf_putc(&h->out, '>');
	h->in_tag = false;
}

void html_void(struct html *h, const char *tag)
{
	if (h->mute)
		return;
	end_tag(h);
	buf_putc(&h->out, '<');
	buf_put(&h->out, str_of(tag));
	h->in_tag = true;
}

void html_open(struct html *h, const char *tag)
{
	assert(h->depth < HTML_DEPTH);
	h->open[h->depth++] = tag;
	html_void(h, tag);
}

void html_open_class(struct html *h, const char *tag, const char *class)
{
	html_open(h, tag);
	if (class)
		html_attr(h, "class", class);
}

void html_close(struct html *h)
{
	assert(h->depth > 0);
	h->depth--;
	if (h->mute)
		return;
	end_tag(h);
	buf_put(&h->out, STR("</"));
	buf_put(&h->out, str_of(h->open[h->depth]));
	buf_putc(&h->out, '>');
}

void html_attr_str(struct html *h, const char *name, str value)
{
	if (h->mute)
		return;
	assert(h->in_tag);
	buf_putc(&h->out, ' ');
	buf_put(&h->out, str_of(name));
	buf_put(&h->out, STR("=\""));
	html_escape(&h->out, value);
	buf_putc(&h->out, '"');
}

void html_attr(struct html *h, const char *name, const char *value)
{
	html_attr_str(h, name, str_of(value));
}

void html_attr_number(struct html *h, const char *name, int64_t value)
{
	if (h->mute)
		return;
	assert(h->in_tag);
	buf_printf(&h->out, " %s=\"%lld\"", name, (long long)value);
}

void html_flag(struct html *h, const char *name)
{
	if (h->mute)
		return;
	assert(h->in_tag);
	buf_putc(&h->out, ' ');
	buf_put(&h->out, str_of(name));
}

void html_str(struct html *h, str text)
{
	if (h->mute)
		return;
	end_tag(h);
	html_escape(&h->out, text);
}

void html_style(struct html *h, str sheet)
{
	for (str rest = sheet; rest.n >= 2; rest = str_skip(rest, 1))
		assert(rest.p[0] != '<');
	html_open(h, "style");
	end_tag(h);
	buf_put(&h->out, sheet);
	html_close(h);
}

void html_text(struct html *h, const char *words)
{
	html_str(h, str_of(words));
}

void html_leaf_str(struct html *h, const char *tag, const char *class, str text)
{
	html_open_class(h, tag, class);
	html_str(h, text);
	html_close(h);
}

void html_leaf(struct html *h, const char *tag, const char *class,
	       const char *words)
{
	html_leaf_str(h, tag, class, str_of(words));
}
