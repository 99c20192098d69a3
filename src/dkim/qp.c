#include "dkim/qp.h"

#include "base/ascii.h"

static int upper_hex(char c)
{
	return c >= 'a' && c <= 'f' ? -1 : ascii_hex(c);
}

bool dkim_qp_decode(struct arena *arena, str text, str *out)
{
	char *to = arena_alloc(arena, text.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (ascii_is(c, ASCII_SPACE))
			continue;
		if (c == ';' || (unsigned char)c < ' ' || c == 0x7f)
			return false;
		if (c != '=') {
			to[n++] = c;
			continue;
		}
		if (i + 2 >= text.n || upper_hex(text.p[i + 1]) < 0 ||
		    upper_hex(text.p[i + 2]) < 0)
			return false;
		to[n++] = (char)(upper_hex(text.p[i + 1]) << 4 |
				 upper_hex(text.p[i + 2]));
		i += 2;
	}
	*out = (str){ to, n };
	return true;
}

void dkim_qp_encode(struct buf *out, str bytes, const char *also)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < bytes.n; i++) {
		unsigned char c = (unsigned char)bytes.p[i];

		if (c > ' ' && c < 0x7f && c != ';' && c != '=' &&
		    !strchr(also, c)) {
			buf_putc(out, bytes.p[i]);
			continue;
		}
		buf_putc(out, '=');
		buf_putc(out, hex[c >> 4]);
		buf_putc(out, hex[c & 15]);
	}
}
