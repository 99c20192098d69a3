#include "base/base64.h"

#include "base/ascii.h"

#include <stdint.h>

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

struct decoder {
	unsigned char *to;
	size_t n;
	uint32_t bits;
	unsigned held; /* digits since the last full group, 0..3 */
	unsigned pad;
};

static bool take(struct decoder *d, char c)
{
	int v = digit(c);

	if (c == '=') {
		d->pad++;
		return d->held + d->pad <= 4 && d->held >= 2;
	}
	if (v < 0 || d->pad)
		return false;
	d->bits = d->bits << 6 | (uint32_t)v;
	if (++d->held < 4)
		return true;
	d->to[d->n++] = (unsigned char)(d->bits >> 16);
	d->to[d->n++] = (unsigned char)(d->bits >> 8);
	d->to[d->n++] = (unsigned char)d->bits;
	d->held = 0;
	d->bits = 0;
	return true;
}

static bool finish(struct decoder *d, bool strict)
{
	if (d->held == 0)
		return d->pad == 0;
	if (d->held + d->pad != 4)
		return false;
	d->bits <<= 6 * (4 - d->held);
	d->to[d->n++] = (unsigned char)(d->bits >> 16);
	if (d->held == 3)
		d->to[d->n++] = (unsigned char)(d->bits >> 8);
	return !strict ||
	       (d->held == 3 ? d->bits & 0xff : d->bits & 0xffff) == 0;
}

bool base64_decode(struct arena *arena, str text, bool skip_space, str *out)
{
	struct decoder d = { .to = arena_alloc(arena, text.n / 4 * 3 + 3) };

	for (size_t i = 0; i < text.n; i++) {
		if (skip_space && ascii_is(text.p[i], ASCII_SPACE))
			continue;
		if (!take(&d, text.p[i]))
			return false;
	}
	if (!finish(&d, !skip_space))
		return false;
	*out = (str){ (char *)d.to, d.n };
	return true;
}

str base64_encode(struct arena *arena, str bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)bytes.p;
	char *text = arena_alloc(arena, (bytes.n + 2) / 3 * 4 + 1);
	size_t n = 0;

	for (size_t i = 0; i < bytes.n; i += 3) {
		size_t left = bytes.n - i;
		uint32_t v = (uint32_t)p[i] << 16;

		v |= left > 1 ? (uint32_t)p[i + 1] << 8 : 0;
		v |= left > 2 ? p[i + 2] : 0;
		text[n++] = digits[v >> 18];
		text[n++] = digits[v >> 12 & 63];
		text[n++] = left > 1 ? digits[v >> 6 & 63] : '=';
		text[n++] = left > 2 ? digits[v & 63] : '=';
	}
	return (str){ text, n };
}
