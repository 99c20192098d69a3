#include "mail/authres.h"

#include "base/ascii.h"
#include "base/cur.h"
#include "base/limits.h"
#include "mail/lex.h"

struct parser {
	struct arena *arena;
	struct cur c;
	struct authres *out;
};

static bool refuse(struct parser *p, const char *why)
{
	if (!p->out->why)
		p->out->why = why;
	return false;
}

static bool cfws(struct parser *p)
{
	return lex_cfws(&p->c) || refuse(p, "a comment does not end");
}

static str lower(struct arena *arena, str s)
{
	size_t i = 0;

	while (i < s.n && s.p[i] == ascii_lower(s.p[i]))
		i++;
	if (i == s.n)
		return s;

	char *to = arena_alloc(arena, s.n);

	for (i = 0; i < s.n; i++)
		to[i] = ascii_lower(s.p[i]);
	return (str){ to, s.n };
}

static bool is_keyword_byte(char c)
{
	return ascii_is(c, ASCII_ALPHA | ASCII_DIGIT) || c == '-';
}

/* Keyword (RFC 5321 4.1.2 ending in a letter or digit); "_", and "." where no
 * property can stand, occur in real mail. */
static str take_keyword(struct parser *p, bool dots)
{
	struct cur *c = &p->c;
	const char *start = c->p;

	while (!cur_done(c) && (is_keyword_byte(*c->p) || *c->p == '_' ||
				(dots && *c->p == '.'))) {
		p->out->sloppy |= !is_keyword_byte(*c->p);
		c->p++;
	}

	str s = { start, (size_t)(c->p - start) };

	p->out->sloppy |= s.n && s.p[s.n - 1] == '-';
	return lower(p->arena, s);
}

/* Bytes of a value written without quotes, beyond those of a token */
static bool is_bare_byte(char c)
{
	return ascii_is(c, ASCII_TOKEN) || (unsigned char)c >= 0x80 ||
	       (c && strchr("/=@:<>[]?,\\", c));
}

static bool is_token(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is(s.p[i], ASCII_TOKEN))
			return false;
	return s.n > 0;
}

/* [ [ local-part ] "@" ] domain-name, local-part as a dot-atom */
static bool is_identity(str s)
{
	size_t at = str_find(s, '@');
	str domain = str_skip(s, at + 1);

	for (size_t i = 0; i < s.n; i++)
		if (i != at && !ascii_is(s.p[i], ASCII_ATEXT) &&
		    s.p[i] != '.' && (unsigned char)s.p[i] < 0x80)
			return false;
	return at < s.n && domain.n && lex_utf8(s);
}

/* Control bytes are obsolete there (RFC 5322 4.1). */
static bool quoted_ok(struct parser *p, str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			p->out->sloppy = true;
	return lex_utf8(s) || refuse(p, "a value is not UTF-8");
}

/* value, or what stands in its place in real mail */
static bool take_value(struct parser *p, str *out)
{
	struct cur start = p->c;

	if (cur_peek(&p->c) == '"') {
		if (!lex_quoted(p->arena, &p->c, out))
			return refuse(p, "a quoted string does not end");
		if (cur_peek(&p->c) != '@') /* a quoted local part */
			return quoted_ok(p, *out);
	}
	while (!cur_done(&p->c) && is_bare_byte(*p->c.p))
		p->c.p++;
	*out = (str){ start.p, (size_t)(p->c.p - start.p) };
	if (*start.p != '"' && !is_token(*out) && !is_identity(*out))
		p->out->sloppy = true;
	return lex_utf8(*out) || refuse(p, "a value is not UTF-8");
}

/* "/" version of a method, the digits of the field's */
static bool take_version(struct parser *p, unsigned *out)
{
	uint32_t v;

	if (!cur_uint(&p->c, 1000000, &v))
		return refuse(p, "malformed version");
	*out = v;
	return true;
}

static bool take_id(struct parser *p)
{
	if (!cfws(p))
		return false;
	if (cur_done(&p->c))
		return refuse(p, "no authserv-id");
	if (!take_value(p, &p->out->id))
		return false;
	/* Some write results at once ("spf=pass smtp.mailfrom=..."). */
	if (!p->out->id.n || str_find(p->out->id, '=') < p->out->id.n)
		return refuse(p, "no authserv-id");
	p->out->sloppy |= str_find(p->out->id, '@') < p->out->id.n;
	if (!cfws(p))
		return false;
	p->out->version = 1;
	if (!cur_done(&p->c) && ascii_is(*p->c.p, ASCII_DIGIT) &&
	    (!take_version(p, &p->out->version) || !cfws(p)))
		return false;
	if (p->out->version != 1)
		return refuse(p, "unknown version");
	return true;
}

static bool add_property(struct parser *p, struct authres_result *r,
			 struct authres_property property)
{
	if (r->n == LIMIT_AUTHRES_PROPERTIES)
		return refuse(p, "too many properties");
	if ((r->n & (r->n - 1)) == 0) {
		size_t cap = r->n ? 2 * r->n : 1;

		r->properties = arena_grow(p->arena, r->properties,
					   r->n * sizeof *r->properties,
					   cap * sizeof *r->properties);
	}
	r->properties[r->n++] = property;
	return true;
}

/* reasonspec / propspec.  A name without ptype ("action=none") is kept with an
 * empty ptype. */
static bool take_pair(struct parser *p, struct authres_result *r)
{
	struct authres_property property = { .ptype = { "", 0 } };
	str word = take_keyword(p, false);

	if (!word.n)
		return refuse(p, "malformed property");
	if (!cfws(p))
		return false;
	if (cur_char(&p->c, '.')) {
		property.ptype = word;
		if (!cfws(p))
			return false;
		word = take_keyword(p, true);
		if (!word.n || !cfws(p))
			return refuse(p, "malformed property");
	}
	property.name = word;
	if (!cur_char(&p->c, '=') || !cfws(p))
		return refuse(p, "a property without value");
	if (cur_done(&p->c))
		p->out->sloppy = true;
	else if (!take_value(p, &property.value))
		return false;
	if (!property.ptype.n && str_eq(word, STR("reason"))) {
		p->out->sloppy |= r->n || r->reason.p;
		r->reason = property.value.p ? property.value : STR("");
		return true;
	}
	p->out->sloppy |= !property.ptype.n;
	return add_property(p, r, property);
}

/* methodspec = Keyword [ "/" version ] "=" Keyword, CFWS between all */
static bool take_method(struct parser *p, struct authres_result *r)
{
	r->method = take_keyword(p, true);
	r->version = 1;
	if (!r->method.n)
		return refuse(p, "a result without method");
	if (!cfws(p))
		return false;
	if (cur_char(&p->c, '/') &&
	    (!cfws(p) || !take_version(p, &r->version) || !cfws(p)))
		return false;
	if (!cur_char(&p->c, '='))
		return refuse(p, "a method without result");
	if (!cfws(p))
		return false;
	r->result = take_keyword(p, true);
	return r->result.n || refuse(p, "a method without result");
}

static bool take_result(struct parser *p, struct authres_result *r)
{
	*r = (struct authres_result){ .n = 0 };
	if (!take_method(p, r))
		return false;
	if (!lex_cfws_comment(&p->c, &r->comment))
		return refuse(p, "a comment does not end");
	while (!cur_done(&p->c) && *p->c.p != ';')
		if (!take_pair(p, r) || !cfws(p))
			return false;
	return true;
}

static bool add_result(struct parser *p)
{
	struct authres *a = p->out;

	if (a->n == LIMIT_AUTHRES_RESULTS)
		return refuse(p, "too many results");
	if ((a->n & (a->n - 1)) == 0) {
		size_t cap = a->n ? 2 * a->n : 1;

		a->results = arena_grow(p->arena, a->results,
					a->n * sizeof *a->results,
					cap * sizeof *a->results);
	}
	return take_result(p, &a->results[a->n++]);
}

/* no-result: "none" with nothing behind it */
static bool take_none(struct parser *p)
{
	struct parser at = *p;

	if (!cur_word(&at.c, "none") || !lex_cfws(&at.c))
		return false;
	if (!cur_done(&at.c) && *at.c.p != ';')
		return false;
	p->c = at.c;
	return true;
}

/* 1*resinfo, each behind a ";".  One at the end is common and harmless. */
static bool take_results(struct parser *p)
{
	bool none = false;

	while (cur_char(&p->c, ';')) {
		if (!cfws(p))
			return false;
		if (cur_done(&p->c) || *p->c.p == ';') {
			p->out->sloppy = true;
			continue;
		}
		if (take_none(p)) {
			p->out->sloppy |= none || p->out->n;
			none = true;
			continue;
		}
		p->out->sloppy |= none;
		if (!add_result(p))
			return false;
	}
	if (!cur_done(&p->c))
		return refuse(p, "no ; before a result");
	return none || p->out->n || refuse(p, "no result");
}

bool authres_parse(struct arena *arena, str value, struct authres *out)
{
	struct parser p = { arena, cur_of(value), out };

	*out = (struct authres){ .version = 1 };
	if (take_id(&p) && take_results(&p))
		return true;
	out->n = 0;
	return false;
}
