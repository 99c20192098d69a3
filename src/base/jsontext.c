#include "base/jsontext.h"

#include "base/utf8.h"

static void put_special(struct buf *out, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	char u[] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

	switch (c) {
	case '"':
		buf_put(out, STR("\\\""));
		break;
	case '\\':
		buf_put(out, STR("\\\\"));
		break;
	case '\n':
		buf_put(out, STR("\\n"));
		break;
	case '\t':
		buf_put(out, STR("\\t"));
		break;
	default:
		buf_put(out, (str){ u, sizeof u });
	}
}

void jsontext_put(struct buf *out, str s)
{
	size_t start = 0, i = 0;

	buf_putc(out, '"');
	while (i < s.n) {
		unsigned char c = (unsigned char)s.p[i];
		size_t n = c < 0x80 ? 1 : utf8_at(str_skip(s, i));
		bool c1 = n == 2 && c == 0xc2 &&
			  (unsigned char)s.p[i + 1] < 0xa0;

		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f && n &&
		    !c1) {
			i += n;
			continue;
		}
		buf_put(out, (str){ s.p + start, i - start });
		if (n == 1)
			put_special(out, c);
		else
			buf_put(out, STR("\xef\xbf\xbd"));
		i += n ? n : 1;
		start = i;
	}
	buf_put(out, (str){ s.p + start, s.n - start });
	buf_putc(out, '"');
}

void jsontext_member(struct buf *out, bool *first, const char *name, str value)
{
	if (!*first)
		buf_putc(out, ',');
	*first = false;
	buf_putc(out, '"');
	buf_put(out, str_of(name));
	buf_put(out, STR("\":"));
	jsontext_put(out, value);
}
