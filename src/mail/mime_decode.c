#include "base/ascii.h"
#include "mail/mime.h"

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

void mime_base64(str text, struct buf *out)
{
	unsigned bits = 0, n = 0;
	char *to = text.n ? buf_room(out, text.n / 4 * 3 + 3) : NULL;

	if (!to)
		return;
	for (size_t i = 0; i < text.n && text.p[i] != '='; i++) {
		int v = base64_value(text.p[i]);

		if (v < 0)
			continue;
		bits = bits << 6 | (unsigned)v;
		n += 6;
		if (n >= 8) {
			n -= 8;
			*to++ = (char)(bits >> n & 0xff);
			out->n++;
		}
	}
}

void mime_quoted_printable(str text, struct buf *out)
{
	while (text.n) {
		size_t n = str_find(text, '=');
		int high, low;

		buf_put(out, str_head(text, n));
		text = str_skip(text, n);
		if (!text.n)
			return;
		if (text.n > 1 && text.p[1] == '\n') {
			text = str_skip(text, 2);
			continue;
		}
		if (text.n > 2 && text.p[1] == '\r' && text.p[2] == '\n') {
			text = str_skip(text, 3);
			continue;
		}
		high = text.n > 2 ? ascii_hex(text.p[1]) : -1;
		low = text.n > 2 ? ascii_hex(text.p[2]) : -1;
		if (high >= 0 && low >= 0) {
			buf_putc(out, (char)(high * 16 + low));
			text = str_skip(text, 3);
		} else {
			buf_putc(out, '=');
			text = str_skip(text, 1);
		}
	}
}

void mime_decode(const struct mime_part *part, struct buf *out)
{
	if (str_eq(part->encoding, STR("base64")))
		mime_base64(part->body, out);
	else if (str_eq(part->encoding, STR("quoted-printable")))
		mime_quoted_printable(part->body, out);
	else
		buf_put(out, part->body);
}

static void put_latin1(struct buf *out, str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x80)
			buf_putc(out, (char)(0xc0 | c >> 6));
		buf_putc(out, (char)(c < 0x80 ? c : 0x80 | (c & 0x3f)));
	}
}

/* "=?charset?B?text?=" at the start of s: *n is its length. */
static bool encoded_word(struct arena *arena, str s, struct buf *out, size_t *n)
{
	str rest = str_skip(s, 2), charset, method, text;
	struct buf plain = buf_of(arena, s.n + 4);
	size_t end;

	if (!str_starts(s, STR("=?")) || !str_split(&rest, '?', &charset) ||
	    !rest.p || !str_split(&rest, '?', &method) || !rest.p)
		return false;
	end = str_find(rest, '?');
	text = str_head(rest, end);
	if (end + 1 >= rest.n || rest.p[end + 1] != '=' || method.n != 1)
		return false;
	charset = str_head(charset, str_find(charset, '*'));
	if (ascii_lower(method.p[0]) == 'b') {
		mime_base64(text, &plain);
	} else {
		for (size_t i = 0; i < text.n; i++)
			buf_putc(&plain, text.p[i] == '_' ? ' ' : text.p[i]);
		text = buf_str(&plain);
		plain = buf_of(arena, s.n + 4);
		mime_quoted_printable(text, &plain);
	}
	if (str_ieq(charset, STR("iso-8859-1")))
		put_latin1(out, buf_str(&plain));
	else if (str_ieq(charset, STR("utf-8")) ||
		 str_ieq(charset, STR("us-ascii")))
		buf_put(out, buf_str(&plain));
	else
		return false;
	*n = (size_t)(rest.p - s.p) + end + 2;
	return true;
}

/* White space between two encoded words is no part of the text. */
static str skip_between(str s)
{
	str t = s;

	while (t.n && ascii_is(t.p[0], ASCII_SPACE))
		t = str_skip(t, 1);
	return str_starts(t, STR("=?")) ? t : s;
}

str mime_words(struct arena *arena, str value)
{
	/* a word may be Latin-1, which doubles */
	struct buf out = buf_of(arena, 2 * value.n + 4);
	str s = str_trim(value);

	while (s.n) {
		size_t n;

		if (s.p[0] == '=' && encoded_word(arena, s, &out, &n)) {
			s = skip_between(str_skip(s, n));
			continue;
		}
		if (s.p[0] != '\r' && s.p[0] != '\n')
			buf_putc(&out, s.p[0] == '\t' ? ' ' : s.p[0]);
		s = str_skip(s, 1);
	}
	return buf_str(&out);
}
