#include "mail/lex.h"

#include "base/ascii.h"
#include "base/limits.h"
#include "base/utf8.h"

/* CRLF before WSP or at the end: part of a fold */
static bool take_fold(struct cur *c)
{
	str s = cur_rest(c);

	if (s.n < 2 || s.p[0] != '\r' || s.p[1] != '\n' ||
	    (s.n > 2 && !ascii_is(s.p[2], ASCII_WSP)))
		return false;
	c->p += 2;
	return true;
}

/* comment = "(" *([FWS] ccontent) [FWS] ")" */
static bool take_comment(struct cur *c, str *inside)
{
	struct cur at = *c;
	int depth = 0;

	do {
		if (cur_done(&at))
			return false;

		char b = *at.p++;

		if (b == '\\' && !cur_done(&at))
			at.p++;
		else if (b == '(' && ++depth > LIMIT_COMMENT_DEPTH)
			return false;
		else if (b == ')')
			depth--;
	} while (depth);
	*inside = (str){ c->p + 1, (size_t)(at.p - c->p) - 2 };
	*c = at;
	return true;
}

bool lex_cfws_comment(struct cur *c, str *comment)
{
	struct cur at = *c;
	bool first = true;

	for (;;) {
		cur_wsp(&at);
		if (take_fold(&at))
			continue;
		if (cur_peek(&at) != '(')
			break;

		str inside;

		if (!take_comment(&at, &inside))
			return false;
		if (first)
			*comment = inside;
		first = false;
	}
	*c = at;
	return true;
}

bool lex_cfws(struct cur *c)
{
	str ignored;

	return lex_cfws_comment(c, &ignored);
}

/* Octets of one element of a quoted string: 1, 2 for a quoted pair or a fold's
 * CRLF; 0 when it may not stand there. */
static size_t quoted_element(str s)
{
	if (s.p[0] == '\\')
		return s.n > 1 && s.p[1] != '\0' && s.p[1] != '\r' &&
				       s.p[1] != '\n'
			       ? 2
			       : 0;
	if (s.p[0] == '\r')
		return s.n > 2 && s.p[1] == '\n' && ascii_is(s.p[2], ASCII_WSP)
			       ? 2
			       : 0;
	return s.p[0] != '\0' && s.p[0] != '\n';
}

static str unquote(struct arena *arena, str s)
{
	char *to = arena_alloc(arena, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n;) {
		size_t size = quoted_element(str_skip(s, i));

		if (s.p[i] != '\r')
			to[n++] = s.p[i + size - 1];
		i += size;
	}
	return (str){ to, n };
}

/* *plain: the content is what is written. */
static bool take_quoted(struct cur *c, str *inside, bool *plain)
{
	struct cur at = *c;

	*plain = true;
	if (!cur_char(&at, '"'))
		return false;
	*inside = (str){ at.p, 0 };
	while (cur_peek(&at) != '"') {
		size_t size = cur_done(&at) ? 0 : quoted_element(cur_rest(&at));

		if (!size)
			return false;
		*plain = *plain && size == 1;
		at.p += size;
	}
	inside->n = (size_t)(at.p - inside->p);
	at.p++;
	*c = at;
	return true;
}

bool lex_quoted(struct arena *arena, struct cur *c, str *out)
{
	str inside;
	bool plain;

	if (!take_quoted(c, &inside, &plain))
		return false;
	*out = plain ? inside : unquote(arena, inside);
	return true;
}

bool lex_quoted_skip(struct cur *c)
{
	str inside;
	bool plain;

	return take_quoted(c, &inside, &plain);
}

bool lex_utf8(str s)
{
	while (s.n) {
		size_t n = utf8_at(s);

		if (!n)
			return false;
		s = str_skip(s, n);
	}
	return true;
}
