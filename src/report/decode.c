#include "report/decode.h"

#include "base/ascii.h"
#include "base/utf8.h"

#include <stdint.h>
#include <stdlib.h>

/* The declaration stands within the first HEAD octets.  PIECE at once; each
 * octet becomes three at most. */
enum { HEAD = 1024, PIECE = 16384, OUT = 3 * (PIECE + 8) };

enum charset { UTF8, WINDOWS_1252, UTF16_LE, UTF16_BE };

enum prolog { BEFORE, OPENED, INSTRUCTION, BEYOND };

struct decode {
	decode_fn *fn;
	void *arg;
	char head[HEAD];
	size_t head_n;
	bool known; /* the character set */
	enum charset charset;
	enum prolog prolog;
	char carry[4]; /* of a character that the last octets began */
	size_t carry_n;
	uint16_t high; /* the first half of a surrogate pair */
	bool repaired;
	struct buf out;
};

struct decode *decode_new(decode_fn *fn, void *arg)
{
	struct decode *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	d->fn = fn;
	d->arg = arg;
	d->out = buf_of(NULL, OUT);
	return d;
}

void decode_free(struct decode *d)
{
	if (!d)
		return;
	buf_free(&d->out);
	free(d);
}

bool decode_repaired(const struct decode *d)
{
	return d->repaired;
}

/* XML declarations, and white space around them, are of no use to a reader
 * that is told the encoding, and often wrong. */
static bool past_prolog(struct decode *d, str text)
{
	while (text.n && d->prolog != BEYOND) {
		char c = text.p[0];

		if (d->prolog == INSTRUCTION) {
			text = str_skip(text, str_find(text, '>'));
			d->prolog = text.n ? BEFORE : INSTRUCTION;
		} else if (d->prolog == OPENED) {
			d->prolog = c == '?' ? INSTRUCTION : BEYOND;
			if (c != '?' && !d->fn(d->arg, STR("<")))
				return false;
			if (c != '?')
				break;
		} else if (c == '<') {
			d->prolog = OPENED;
		} else if (!ascii_is(c, ASCII_SPACE)) {
			d->prolog = BEYOND;
			break;
		}
		text = str_skip(text, 1);
	}
	return !text.n || d->fn(d->arg, text);
}

static bool flush(struct decode *d)
{
	str text = buf_str(&d->out);

	d->out.n = 0;
	if (d->out.overflow) /* only without memory: OUT is enough */
		return false;
	return !text.n || past_prolog(d, text);
}

static void put_point(struct decode *d, uint32_t c)
{
	char b[4];
	size_t n = 0;

	if (c < 0x20 && c != '\t' && c != '\n' && c != '\r')
		c = 0;
	if (!c) {
		d->repaired = true;
		return;
	}
	if (c < 0x80) {
		b[n++] = (char)c;
	} else if (c < 0x800) {
		b[n++] = (char)(0xc0 | c >> 6);
		b[n++] = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		b[n++] = (char)(0xe0 | c >> 12);
		b[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		b[n++] = (char)(0x80 | (c & 0x3f));
	} else {
		b[n++] = (char)(0xf0 | c >> 18);
		b[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		b[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		b[n++] = (char)(0x80 | (c & 0x3f));
	}
	buf_put(&d->out, (str){ b, n });
}

static bool from_1252(struct decode *d, str s)
{
	static const uint16_t high[32] = {
		0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
		0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd,
		0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
		0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178,
	};

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		put_point(d, c >= 0x80 && c < 0xa0 ? high[c - 0x80] : c);
	}
	return flush(d);
}

static void put_unit(struct decode *d, uint16_t u)
{
	if (d->high && u >= 0xdc00 && u < 0xe000) {
		put_point(d, 0x10000 + ((uint32_t)(d->high - 0xd800) << 10) +
				     (u - 0xdc00u));
		d->high = 0;
		return;
	}
	if (d->high) {
		put_point(d, 0xfffd);
		d->repaired = true;
	}
	d->high = u >= 0xd800 && u < 0xdc00 ? u : 0;
	if (u >= 0xdc00 && u < 0xe000) {
		put_point(d, 0xfffd);
		d->repaired = true;
	} else if (!d->high) {
		put_point(d, u);
	}
}

static bool from_utf16(struct decode *d, str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char a, b = (unsigned char)s.p[i];

		if (!d->carry_n) {
			d->carry[d->carry_n++] = s.p[i];
			continue;
		}
		a = (unsigned char)d->carry[0];
		d->carry_n = 0;
		put_unit(d, d->charset == UTF16_BE ? (uint16_t)(a << 8 | b)
						   : (uint16_t)(b << 8 | a));
	}
	return flush(d);
}

/* Octets at the end that may begin a character: 0 to 3. */
static size_t unfinished(str s)
{
	for (size_t n = 1; n <= 3 && n <= s.n; n++) {
		unsigned char c = (unsigned char)s.p[s.n - n];

		if ((c & 0xc0) == 0x80)
			continue;
		return (c >= 0xc2 && n < 2) || (c >= 0xe0 && n < 3) ||
				       (c >= 0xf0 && c < 0xf5 && n < 4)
			       ? n
			       : 0;
	}
	return 0;
}

static bool from_utf8(struct decode *d, str s)
{
	size_t left;

	if (!d->carry_n && utf8_plain(s) == s.n)
		return past_prolog(d, s);
	if (d->carry_n) { /* few: the piece is copied behind them */
		char joined[PIECE + 4];
		size_t n = d->carry_n;

		memcpy(joined, d->carry, n);
		memcpy(joined + n, s.p, s.n);
		d->carry_n = 0;
		s = (str){ joined, n + s.n };
		left = unfinished(s);
		memcpy(d->carry, s.p + s.n - left, left);
		d->carry_n = left;
		d->repaired |= !utf8_clean(&d->out, str_head(s, s.n - left));
		return flush(d);
	}
	left = unfinished(s);
	memcpy(d->carry, s.p + s.n - left, left);
	d->carry_n = left;
	d->repaired |= !utf8_clean(&d->out, str_head(s, s.n - left));
	return flush(d);
}

static bool piece(struct decode *d, str s)
{
	switch (d->charset) {
	case UTF16_LE:
	case UTF16_BE:
		return from_utf16(d, s);
	case WINDOWS_1252:
		return from_1252(d, s);
	default:
		return from_utf8(d, s);
	}
}

static bool pieces(struct decode *d, str s)
{
	while (s.n) {
		if (!piece(d, str_head(s, PIECE)))
			return false;
		s = str_skip(s, PIECE);
	}
	return true;
}

/* The name in encoding="...", of a declaration within s. */
static str declared(str s)
{
	static const char word[] = "encoding";
	const char *p = s.n ? memmem(s.p, s.n, word, sizeof word - 1) : NULL;
	size_t quote;

	if (!p)
		return (str){ NULL, 0 };
	s = str_skip(s, (size_t)(p - s.p) + sizeof word - 1);
	quote = str_find(s, '"') < str_find(s, '\'') ? str_find(s, '"')
						     : str_find(s, '\'');
	if (quote >= s.n || quote > 8)
		return (str){ NULL, 0 };
	p = s.p + quote;
	s = str_skip(s, quote + 1);
	return str_head(s, str_find(s, *p));
}

static bool is_1252(str name)
{
	static const str names[] = {
		STR_INIT("iso-8859-1"),   STR_INIT("iso8859-1"),
		STR_INIT("latin1"),       STR_INIT("latin-1"),
		STR_INIT("windows-1252"), STR_INIT("cp1252"),
		STR_INIT("iso-8859-15"),
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_ieq(name, names[i]))
			return true;
	return false;
}

static enum charset guess(str *s)
{
	str declaration = str_head(*s, str_find(*s, '>'));

	if (str_starts(*s, STR("\xff\xfe"))) {
		*s = str_skip(*s, 2);
		return UTF16_LE;
	}
	if (str_starts(*s, STR("\xfe\xff"))) {
		*s = str_skip(*s, 2);
		return UTF16_BE;
	}
	if (str_starts(*s, STR("<\0")))
		return UTF16_LE;
	if (str_starts(*s, STR("\0<")))
		return UTF16_BE;
	if (str_starts(*s, STR("\xef\xbb\xbf"))) {
		*s = str_skip(*s, 3);
		return UTF8;
	}
	return is_1252(declared(declaration)) ? WINDOWS_1252 : UTF8;
}

static bool begin(struct decode *d)
{
	str s = { d->head, d->head_n };

	d->known = true;
	d->charset = guess(&s);
	return pieces(d, s);
}

bool decode_put(struct decode *d, str octets)
{
	if (!d->known) {
		str first = str_head(octets, HEAD - d->head_n);

		if (first.n)
			memcpy(d->head + d->head_n, first.p, first.n);
		d->head_n += first.n;
		octets = str_skip(octets, first.n);
		if (d->head_n < HEAD)
			return true;
		if (!begin(d))
			return false;
	}
	return pieces(d, octets);
}

bool decode_end(struct decode *d)
{
	if (!d->known && !begin(d))
		return false;
	if (d->carry_n || d->high) {
		d->carry_n = 0;
		d->high = 0;
		d->repaired = true;
		put_point(d, 0xfffd);
		return flush(d);
	}
	return true;
}
