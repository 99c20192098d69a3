/* The strict reader's fast way: most documents are nothing but tags, few
 * attributes and text, which is read here at several times expat's speed.  At
 * the first thing that is not (a comment, a document type, a reference to a
 * number, a name that is not ASCII, whatever is wrong) expat takes over: it is
 * told which elements are open and goes on from there, so that what is accepted
 * and what is said of a broken document is always expat's to decide. */
#include "base/ascii.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/vec.h"
#include "report/xml_inside.h"

#include <stdlib.h>

enum { PLAIN_NAME = 48, PLAIN_ATTRIBUTES = 8, PLAIN_ENTITY = 6 };

struct xml_plain {
	struct xml_parser *p;
	struct xml_strict *strict; /* has taken over */
	struct buf held; /* of a tag or entity that the piece cut, or a CR */
	bool begun; /* something came: no declaration any more */
	bool closed; /* the document element has ended */
	bool stopped; /* by the sink */
	unsigned char n[LIMIT_XML_DEPTH]; /* of the open elements' names */
	char names[LIMIT_XML_DEPTH][PLAIN_NAME];
};

/* What a token is. */
enum token { TOKEN_TAKEN, TOKEN_OTHER, TOKEN_END };

struct xml_plain *xml_plain_new(struct xml_parser *p)
{
	struct xml_plain *x = calloc(1, sizeof *x);

	if (!x)
		return NULL;
	x->p = p;
	x->held = buf_of(NULL, LIMIT_XML_TAG);
	return x;
}

void xml_plain_free(struct xml_plain *x)
{
	if (!x)
		return;
	xml_strict_free(x->strict);
	buf_free(&x->held);
	free(x);
}

static str name_at(const struct xml_plain *x, unsigned depth)
{
	return (str){ x->names[depth], x->n[depth] };
}

/* ---- expat instead ---- */

static bool hand_over(struct xml_plain *x)
{
	struct buf open = buf_of(NULL, 4096);
	bool ok;

	x->strict = xml_strict_new(x->p);
	if (!x->strict)
		return xml_fail(x->p, false, "not enough memory to read it");
	if (x->closed)
		buf_put(&open, STR("<a/>"));
	else if (x->begun && !x->p->depth)
		buf_putc(&open, '\n');
	for (unsigned i = 0; !x->closed && i < x->p->depth; i++) {
		buf_putc(&open, '<');
		buf_put(&open, name_at(x, i));
		buf_putc(&open, '>');
	}
	ok = xml_strict_resume(x->strict, buf_str(&open));
	buf_free(&open);
	return ok;
}

/* ---- tags ---- */

/* U+FFFE and U+FFFF are no characters of XML.  They, and some that are rare in
 * reports, begin with this octet: expat tells them apart. */
#define RARE '\xef'

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static bool is_first(char c)
{
	return ascii_is(c, ASCII_ALPHA) || c == '_' || c == ':';
}

static bool is_name(char c)
{
	return ascii_is(c, ASCII_ALPHA | ASCII_DIGIT) || c == '_' || c == '-' ||
	       c == '.' || c == ':';
}

static size_t name_length(str s)
{
	size_t n = s.n && is_first(s.p[0]) ? 1 : 0;

	while (n && n < s.n && is_name(s.p[n]))
		n++;
	return n;
}

static str skip_space(str s)
{
	size_t n = 0;

	while (n < s.n && is_space(s.p[n]))
		n++;
	return str_skip(s, n);
}

/* One attribute off *s; false: that is for expat. */
static bool attribute(str *s, str *name)
{
	str rest = *s;
	size_t n = name_length(rest), end;
	char quote;

	*name = str_head(rest, n);
	rest = skip_space(str_skip(rest, n));
	if (!n || !rest.n || rest.p[0] != '=')
		return false;
	rest = skip_space(str_skip(rest, 1));
	if (!rest.n || (rest.p[0] != '"' && rest.p[0] != '\''))
		return false;
	quote = rest.p[0];
	rest = str_skip(rest, 1);
	end = str_find(rest, quote);
	if (end == rest.n || str_find(str_head(rest, end), '<') < end ||
	    str_find(str_head(rest, end), '&') < end ||
	    str_find(str_head(rest, end), RARE) < end)
		return false;
	*s = str_skip(rest, end + 1);
	return true;
}

/* All of them, of which nobody wants to know more than that they are right. */
static bool attributes(str s)
{
	str names[PLAIN_ATTRIBUTES];

	for (size_t i = 0; s.n; i++) {
		str rest = skip_space(s);

		if (!rest.n)
			return true;
		if (i == PLAIN_ATTRIBUTES || rest.n == s.n ||
		    !attribute(&rest, &names[i]))
			return false;
		for (size_t k = 0; k < i; k++)
			if (str_eq(names[k], names[i]))
				return false;
		s = rest;
	}
	return true;
}

static enum token ended(struct xml_plain *x)
{
	if (!--x->p->depth)
		x->closed = true;
	if (x->p->sink.end(x->p->sink.arg))
		return TOKEN_TAKEN;
	x->stopped = true;
	return TOKEN_END;
}

static enum token started(struct xml_plain *x, str name, bool empty)
{
	struct xml_parser *p = x->p;

	if (p->depth == LIMIT_XML_DEPTH) {
		p->depth++;
		(void)xml_fail(p, false, "its elements are nested too deep");
		return TOKEN_END;
	}
	memcpy(x->names[p->depth], name.p, name.n);
	x->n[p->depth] = (unsigned char)name.n;
	p->depth++;
	if (!p->sink.start(p->sink.arg, xml_local(name))) {
		x->stopped = true;
		return TOKEN_END;
	}
	return empty ? ended(x) : TOKEN_TAKEN;
}

/* The only one of which it is sure that expat takes it. */
static bool is_declaration(str tag)
{
	static const str head = STR_INIT("<?xml version=\"1.0\""),
			 encoding = STR_INIT(" encoding=\""),
			 utf8 = STR_INIT("utf-8\"");

	if (!str_starts(tag, head))
		return false;
	tag = str_skip(tag, head.n);
	if (str_starts(tag, encoding)) {
		tag = str_skip(tag, encoding.n);
		if (!str_istarts(tag, utf8))
			return false;
		tag = str_skip(tag, utf8.n);
	}
	return str_eq(skip_space(tag), STR("?>"));
}

/* From "<" to the first ">". */
static enum token tag(struct xml_plain *x, str tag)
{
	str s = str_head(str_skip(tag, 1), tag.n - 2);
	bool empty = s.n && s.p[s.n - 1] == '/';
	size_t n;

	if (!x->begun && is_declaration(tag)) {
		x->begun = true;
		return TOKEN_TAKEN;
	}
	if (s.n && s.p[0] == '/') {
		s = str_skip(s, 1);
		if (x->p->depth && str_eq(s, name_at(x, x->p->depth - 1)))
			return ended(x);
		n = name_length(s);
		if (empty || !x->p->depth || skip_space(str_skip(s, n)).n ||
		    !str_eq(str_head(s, n), name_at(x, x->p->depth - 1)))
			return TOKEN_OTHER;
		return ended(x);
	}
	if (empty)
		s.n--;
	n = name_length(s);
	if (!n || n > PLAIN_NAME || x->closed || !attributes(str_skip(s, n)))
		return TOKEN_OTHER;
	x->begun = true;
	return started(x, str_head(s, n), empty);
}

/* ---- text ---- */

static enum token text(struct xml_plain *x, str s)
{
	if (!x->p->depth) {
		x->begun = true;
		return skip_space(s).n ? TOKEN_OTHER : TOKEN_TAKEN;
	}
	if (x->p->sink.text(x->p->sink.arg, s))
		return TOKEN_TAKEN;
	x->stopped = true;
	return TOKEN_END;
}

/* From "&" to ";": XML's five. */
static enum token entity(struct xml_plain *x, str s)
{
	static const struct {
		str entity, text;
	} five[] = { { STR_INIT("&amp;"), STR_INIT("&") },
		     { STR_INIT("&lt;"), STR_INIT("<") },
		     { STR_INIT("&gt;"), STR_INIT(">") },
		     { STR_INIT("&quot;"), STR_INIT("\"") },
		     { STR_INIT("&apos;"), STR_INIT("'") } };

	for (size_t i = 0; x->p->depth && i < sizeof five / sizeof *five; i++)
		if (str_eq(s, five[i].entity))
			return text(x, five[i].text);
	return TOKEN_OTHER;
}

/* Up to what is no text; "]]>" is none, so "]" is expat's. */
static size_t run_length(str s)
{
	size_t n = 0;

	for (; s.n - n >= VEC; n += VEC) {
		vec v = vec_load(s.p + n);
		unsigned stop = vec_first((v == '<') | (v == '&') |
					  (v == '\r') | (v == ']') |
					  (v == RARE));

		if (stop < VEC)
			return n + stop;
	}
	while (n < s.n && s.p[n] != '<' && s.p[n] != '&' && s.p[n] != '\r' &&
	       s.p[n] != ']' && s.p[n] != RARE)
		n++;
	return n;
}

/* ---- tokens ---- */

/* Tags are short. */
static size_t tag_end(str s)
{
	unsigned first;

	if (s.n < VEC)
		return str_find(s, '>');
	first = vec_first(vec_load(s.p) == '>');
	return first < VEC ? first : VEC + str_find(str_skip(s, VEC), '>');
}

/* Octets of the token that s begins with; 0: it goes on behind s. */
static size_t length(str s)
{
	size_t n;

	switch (s.p[0]) {
	case '<':
		if (s.n > 1 && s.p[1] == '!')
			return 2; /* expat's, and it may be long */
		n = tag_end(s);
		return n < s.n ? n + 1 : 0;
	case '&':
		n = str_find(str_head(s, PLAIN_ENTITY), ';');
		if (n < s.n && n < PLAIN_ENTITY)
			return n + 1;
		return s.n < PLAIN_ENTITY ? 0 : 1;
	case '\r':
		return s.n < 2 ? 0 : s.p[1] == '\n' ? 2 : 1;
	case ']':
	case RARE:
		return 1;
	default:
		return run_length(s);
	}
}

static enum token take(struct xml_plain *x, str token)
{
	switch (token.p[0]) {
	case '<':
		return token.p[token.n - 1] == '>' ? tag(x, token)
						   : TOKEN_OTHER;
	case '&':
		return entity(x, token);
	case '\r':
		return text(x, STR("\n"));
	case ']':
	case RARE:
		return TOKEN_OTHER;
	default:
		return text(x, token);
	}
}

static bool rest_of(struct xml_plain *x, str first, str rest)
{
	return hand_over(x) && xml_strict_put(x->strict, first) &&
	       xml_strict_put(x->strict, rest);
}

static bool hold(struct xml_plain *x, str s)
{
	buf_put(&x->held, s);
	return !x->held.overflow ||
	       xml_fail(x->p, false, "one of its tags is too long");
}

/* Moves as much of *s behind what is held as that needs.  True: it is a token
 * now. */
static bool complete(struct xml_plain *x, str *s)
{
	struct buf *b = &x->held;
	size_t n;

	switch (b->p[0]) {
	case '<':
		if (b->n == 1 && s->p[0] == '!')
			return true; /* expat's */
		n = str_find(*s, '>');
		n = n < s->n ? n + 1 : n;
		buf_put(b, str_head(*s, n));
		*s = str_skip(*s, n);
		return b->p[b->n - 1] == '>';
	case '&':
		for (n = 0; n < s->n && b->n < PLAIN_ENTITY; n++) {
			buf_putc(b, s->p[n]);
			if (s->p[n] == ';')
				break;
		}
		*s = str_skip(*s, n + (n < s->n && b->p[b->n - 1] == ';'));
		return b->p[b->n - 1] == ';' || b->n == PLAIN_ENTITY;
	default: /* CR, perhaps with its LF */
		if (s->p[0] == '\n')
			*s = str_skip(*s, 1);
		return true;
	}
}

/* The next token of held and *s.  False: it is over, or expat has taken over
 * with all that was there, or nothing is left. */
static bool next(struct xml_plain *x, str *s)
{
	bool held = x->held.n > 0;
	size_t n = held ? complete(x, s) : length(*s);
	str token = held ? buf_str(&x->held) : str_head(*s, n);
	enum token t;

	if (!n) {
		(void)hold(x, held ? STR("") : *s);
		return false;
	}
	t = take(x, token);
	if (t == TOKEN_TAKEN && held)
		x->held.n = 0;
	else if (t == TOKEN_TAKEN)
		*s = str_skip(*s, n);
	else if (t == TOKEN_OTHER)
		(void)rest_of(x, held ? token : STR(""), *s);
	return t == TOKEN_TAKEN && s->n;
}

bool xml_plain_put(struct xml_plain *x, str s)
{
	if (x->p->why || x->stopped)
		return false;
	if (x->strict)
		return xml_strict_put(x->strict, s);
	while (s.n && next(x, &s))
		;
	return !x->p->why && !x->stopped &&
	       !(x->strict && xml_strict_stopped(x->strict));
}

bool xml_plain_end(struct xml_plain *x)
{
	if (x->p->why || x->stopped)
		return false;
	if (!x->strict && x->closed &&
	    (!x->held.n || str_eq(buf_str(&x->held), STR("\r"))))
		return true;
	if (!x->strict && !rest_of(x, buf_str(&x->held), STR("")))
		return false;
	return xml_strict_end(x->strict);
}
