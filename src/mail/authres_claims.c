/* authres, the part that guards the border: whose a field claims to be.  It
 * must not matter how long the field is or how it is crippled, so only what
 * stands before the first result is read, and when that is not well-formed
 * every host name in it counts. */
#include "base/ascii.h"
#include "base/cur.h"
#include "mail/authres.h"
#include "mail/lex.h"

enum { WORD_MAX = 1024 }; /* longer than any host name with a job id */

struct word {
	char p[WORD_MAX];
	size_t n;
	bool too_long;
};

static void put(struct word *w, char c)
{
	if (w->n == WORD_MAX)
		w->too_long = true;
	else
		w->p[w->n++] = c;
}

static str without_dot(str s)
{
	if (s.n && s.p[s.n - 1] == '.')
		s.n--;
	return s;
}

/* host against "host" or ".domain" */
static bool is_one_of(str host, const str *ids, size_t n)
{
	host = without_dot(host);
	for (size_t i = 0; i < n; i++) {
		str id = without_dot(ids[i]);

		if (id.n && id.p[0] == '.'
			    ? host.n > id.n && str_iends(host, id)
			    : id.n && str_ieq(host, id))
			return true;
	}
	return false;
}

static bool is_host_byte(char c)
{
	return ascii_is(c, ASCII_ALPHA | ASCII_DIGIT) || c == '.' || c == '-' ||
	       c == '_' || (unsigned char)c >= 0x80;
}

/* Any host name in the text, unless it is the value of a property or stands in
 * one's address.  With squeeze, white space and control bytes do not part. */
static bool names_one(str text, bool squeeze, const str *ids, size_t n)
{
	struct word w = { .n = 0 };
	bool equals = false;
	char before = ' '; /* what stands before the word */

	for (size_t i = 0; i <= text.n; i++) {
		char c = ';';

		if (i < text.n)
			c = text.p[i];

		if (squeeze && i < text.n &&
		    ((unsigned char)c <= ' ' || c == 0x7f))
			continue;
		if (is_host_byte(c)) {
			put(&w, c);
			continue;
		}
		if (w.n && !w.too_long &&
		    !(equals && (before == '=' || before == '@')) &&
		    is_one_of((str){ w.p, w.n }, ids, n))
			return true;
		equals = equals || c == '=';
		before = c;
		w.n = 0;
		w.too_long = false;
	}
	return false;
}

struct head {
	struct word id; /* unquoted */
	uint32_t version;
	size_t n; /* octets of the head, to the ";" or end */
	bool tricky; /* well-formed, but simple readers stumble */
};

static bool is_id_byte(char c)
{
	return ascii_is(c, ASCII_TOKEN) || c == '/' || (unsigned char)c >= 0x80;
}

static bool take_quoted_id(struct cur *c, struct word *id)
{
	while (!cur_done(c) && *c->p != '"') {
		if (*c->p == '\\' && c->p + 1 < c->end)
			c->p++;
		if (!is_id_byte(*c->p))
			return false;
		put(id, *c->p++);
	}
	return cur_char(c, '"');
}

static bool take_id(struct cur *c, struct word *id)
{
	if (cur_char(c, '"'))
		return take_quoted_id(c, id);
	while (!cur_done(c) && is_id_byte(*c->p))
		put(id, *c->p++);
	return id->n > 0;
}

/* CFWS; *tricky when a reader that does not know nesting and quoted pairs would
 * see another end of a comment. */
static bool skip_cfws(struct cur *c, bool *tricky)
{
	str s = cur_rest(c);

	if (!lex_cfws(c))
		return false;

	size_t depth = 0;

	s.n = (size_t)(c->p - s.p);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' || s.p[i] == ';' || s.p[i] == '"' ||
		    (s.p[i] == '(' && depth))
			*tricky = true;
		if (s.p[i] == '(')
			depth++;
		else if (s.p[i] == ')' && depth)
			depth--;
	}
	return true;
}

/* [CFWS] authserv-id [CFWS version] [CFWS], then ";" or the end */
static bool take_head(str value, struct head *h)
{
	struct cur c = cur_of(value);

	h->version = 1;
	h->tricky = false;
	h->id.n = 0;
	h->id.too_long = false;
	if (!skip_cfws(&c, &h->tricky) || !take_id(&c, &h->id) ||
	    !skip_cfws(&c, &h->tricky))
		return false;
	if (!cur_done(&c) && ascii_is(*c.p, ASCII_DIGIT)) {
		if (!cur_uint(&c, UINT32_MAX, &h->version)) {
			(void)cur_while(&c, ASCII_DIGIT);
			h->version = UINT32_MAX;
		}
		if (!skip_cfws(&c, &h->tricky))
			return false;
	}
	h->n = (size_t)(c.p - value.p);
	return cur_done(&c) || *c.p == ';';
}

/* A quote or comment that does not end hides the ";" from some readers. */
static str head_text(str value)
{
	str head = str_head(value, str_find(value, ';'));

	return str_find(head, '"') < head.n || str_find(head, '(') < head.n
		       ? value
		       : head;
}

static bool any_names_one(str text, const str *ids, size_t n)
{
	return names_one(text, false, ids, n) || names_one(text, true, ids, n);
}

bool authres_claims(str value, const str *ids, size_t n)
{
	struct head h;

	if (!n)
		return false;
	if (!take_head(value, &h))
		return any_names_one(head_text(value), ids, n);

	str id = { h.id.p, h.id.n };

	/* A whole id with a slash may be meant as such. */
	if (is_one_of(str_head(id, str_find(id, '/')), ids, n) ||
	    is_one_of(id, ids, n))
		return true;
	return h.tricky && any_names_one(str_head(value, h.n), ids, n);
}

bool authres_version_known(str value)
{
	struct head h;

	return !take_head(value, &h) || h.version == 1;
}
