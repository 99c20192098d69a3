#include "base/utf8.h"

#include <stdint.h>

size_t utf8_at(str s)
{
	unsigned char c = s.n ? (unsigned char)s.p[0] : 0xff;
	size_t n = c < 0x80   ? 1
		   : c < 0xc2 ? 0
		   : c < 0xe0 ? 2
		   : c < 0xf0 ? 3
		   : c < 0xf5 ? 4
			      : 0;

	if (!n || n > s.n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if (((unsigned char)s.p[i] & 0xc0) != 0x80)
			return 0;
	if (n > 2) {
		unsigned second = (unsigned char)s.p[1];

		if ((c == 0xe0 && second < 0xa0) ||
		    (c == 0xed && second > 0x9f) ||
		    (c == 0xf0 && second < 0x90) ||
		    (c == 0xf4 && second > 0x8f))
			return 0;
	}
	return n;
}

static bool plain(unsigned char c)
{
	return (c >= 0x20 && c < 0x7f) || c == '\t' || c == '\n' || c == '\r';
}

size_t utf8_plain(str s)
{
	const uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
	size_t i = 0;

	while (i < s.n) {
		/* eight octets of 0x20 to 0x7e: none has its high bit set,
		 * falls below 0x20 or passes 0x7e */
		while (s.n - i >= 8) {
			uint64_t w;

			memcpy(&w, s.p + i, 8);
			if ((w | (w - ones * 0x20) | (w + ones)) & highs)
				break;
			i += 8;
		}
		for (size_t k = 0; k < 8 && i < s.n; k++, i++)
			if (!plain((unsigned char)s.p[i]))
				return i;
	}
	return i;
}

str utf8_head(str s, size_t max)
{
	size_t n = max;

	if (s.n <= max)
		return s;
	while (n && ((unsigned char)s.p[n] & 0xc0) == 0x80 && max - n < 4)
		n--;
	return (str){ s.p, n };
}

bool utf8_clean(struct buf *out, str s)
{
	bool same = true;

	while (s.n) {
		size_t n = utf8_plain(s);

		if (!n)
			n = utf8_at(s);
		if (n == 1 && !plain((unsigned char)s.p[0])) {
			same = false; /* a control */
		} else if (n) {
			buf_put(out, str_head(s, n));
		} else {
			buf_put(out, STR("\xef\xbf\xbd"));
			same = false;
			n = 1;
		}
		s = str_skip(s, n);
	}
	return same;
}
