#include "dkim/canon.h"

#include "base/ascii.h"

/* Octets of white space at p: WSP, or CRLF before WSP or at the end. */
static size_t folding(str s, size_t i)
{
	if (ascii_is(s.p[i], ASCII_WSP))
		return 1;
	if (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n' &&
	    (i + 2 == s.n || ascii_is(s.p[i + 2], ASCII_WSP)))
		return 2;
	return 0;
}

/* RFC 6376 3.4.2 */
static void relaxed_header(struct buf *out, str raw)
{
	size_t colon = str_find(raw, ':');
	str name = str_head(raw, colon), value = str_skip(raw, colon + 1);
	char *to = buf_room(out, raw.n);
	size_t n = 0;
	bool space = false;

	if (!to)
		return;
	while (name.n && ascii_is(name.p[name.n - 1], ASCII_SPACE))
		name.n--;
	for (size_t i = 0; i < name.n; i++)
		to[n++] = ascii_lower(name.p[i]);
	if (colon < raw.n)
		to[n++] = ':';

	size_t start = n;

	for (size_t i = 0, skip; i < value.n; i += skip ? skip : 1) {
		skip = folding(value, i);
		if (skip) {
			space = true;
			continue;
		}
		if (space && n > start)
			to[n++] = ' ';
		space = false;
		to[n++] = value.p[i];
	}
	out->n += n;
}

void canon_header(struct buf *out, enum canon canon, str raw)
{
	if (canon == CANON_SIMPLE)
		buf_put(out, raw);
	else
		relaxed_header(out, raw);
}
