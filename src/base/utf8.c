#include "base/utf8.h"

#include "base/vec.h"

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
	size_t i = 0;

	for (; s.n - i >= VEC; i += VEC) {
		vec v = vec_load(s.p + i);
		/* 0x80 and above are negative */
		vec ok = ((v >= 0x20) & (v != 0x7f)) | (v == '\t') |
			 (v == '\n') | (v == '\r');
		unsigned first = vec_first(~ok);

		if (first < VEC)
			return i + first;
	}
	while (i < s.n && plain((unsigned char)s.p[i]))
		i++;
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
