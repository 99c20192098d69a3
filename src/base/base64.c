#include "base/base64.h"

#include "base/ascii.h"

#include <stdint.h>

/* The value of each digit plus one; 0: no digit. */
static const uint8_t digits_plus_one[256] = {
	0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
	0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
	0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  63, 0,  0,  0,  64,
	53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 0,  0,  0,  0,  0,  0,
	0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
	16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 0,  0,  0,  0,  0,
	0,  27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41,
	42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 0,  0,  0,  0,  0,
};

static int digit(char c)
{
	return digits_plus_one[(unsigned char)c] - 1;
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

/* Whole groups of four digits, as long as there is nothing else; the digits
 * taken. */
static size_t take_groups(struct decoder *d, const char *p, size_t n)
{
	size_t i = 0;

	for (; n - i >= 4; i += 4) {
		uint32_t a = digits_plus_one[(unsigned char)p[i]];
		uint32_t b = digits_plus_one[(unsigned char)p[i + 1]];
		uint32_t c = digits_plus_one[(unsigned char)p[i + 2]];
		uint32_t e = digits_plus_one[(unsigned char)p[i + 3]];

		if (!a || !b || !c || !e)
			break;
		a = (a - 1) << 18 | (b - 1) << 12 | (c - 1) << 6 | (e - 1);
		d->to[d->n] = (unsigned char)(a >> 16);
		d->to[d->n + 1] = (unsigned char)(a >> 8);
		d->to[d->n + 2] = (unsigned char)a;
		d->n += 3;
	}
	return i;
}

bool base64_decode(struct arena *arena, str text, bool skip_space, str *out)
{
	struct decoder d = { .to = arena_alloc(arena, text.n / 4 * 3 + 3) };

	for (size_t i = 0; i < text.n; i++) {
		if (!d.held && !d.pad)
			i += take_groups(&d, text.p + i, text.n - i);
		if (i == text.n)
			break;
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
