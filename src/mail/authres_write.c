/* authres, the writing part.  Most of what is written comes from strangers:
 * selectors, domains, HELO names.  Every value goes through one of the forms of
 * RFC 8601 2.2 that its bytes allow, or is left out. */
#include "base/ascii.h"
#include "base/limits.h"
#include "mail/authres.h"
#include "mail/fold.h"
#include "mail/lex.h"

#include <assert.h>

enum {
	ID_MAX = 255,
	VALUE_MAX = 900, /* a line has 998 at most (RFC 5322 2.1.1) */
	TEXT_MAX = 200, /* reasons and comments */
	WORD_MAX = 4 * VALUE_MAX, /* escapes double a value */
	WRITTEN_MAX = 2 * LIMIT_AUTHRES_BYTES /* before the last is undone */
};

static const str too_long = STR_INIT("(too long, the rest is left out)");

static bool byte_ok(char c, bool utf8)
{
	return ascii_is(c, ASCII_PRINT) || (utf8 && (unsigned char)c >= 0x80);
}

static bool text_ok(str s, bool utf8)
{
	for (size_t i = 0; i < s.n; i++)
		if (!byte_ok(s.p[i], utf8))
			return false;
	return s.n <= VALUE_MAX && (!utf8 || lex_utf8(s));
}

static bool is_token(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is(s.p[i], ASCII_TOKEN))
			return false;
	return s.n > 0;
}

static bool label_ok(str s, bool utf8)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is(s.p[i], ASCII_ALPHA | ASCII_DIGIT) &&
		    s.p[i] != '-' && s.p[i] != '_' &&
		    !(utf8 && (unsigned char)s.p[i] >= 0x80))
			return false;
	return s.n >= 1 && s.n <= 63 && s.p[0] != '-' && s.p[s.n - 1] != '-';
}

static bool domain_ok(str s, bool utf8, size_t min_labels)
{
	str label;
	size_t n = 0;

	if (s.n > 253 || (utf8 && !lex_utf8(s)))
		return false;
	for (str rest = s; str_split(&rest, '.', &label); n++)
		if (!label_ok(label, utf8))
			return false;
	return n >= min_labels;
}

static bool local_ok(str s, bool utf8)
{
	bool dot = true;

	if (s.n && s.p[0] == '"') {
		struct cur c = cur_of(s);

		return lex_quoted_skip(&c) && cur_done(&c) && text_ok(s, utf8);
	}
	for (size_t i = 0; i < s.n; i++) {
		bool is_dot = s.p[i] == '.';

		if (is_dot ? dot
			   : !ascii_is(s.p[i], ASCII_ATEXT) &&
				     !(utf8 && (unsigned char)s.p[i] >= 0x80))
			return false;
		dot = is_dot;
	}
	return s.n <= VALUE_MAX / 2 && (!s.n || !dot) && (!utf8 || lex_utf8(s));
}

/* Properties whose value is a domain or an address, and nothing else */
static bool names_a_domain(const struct authres_property *p)
{
	static const struct {
		str ptype, name;
	} table[] = {
		{ STR_INIT("header"), STR_INIT("d") },
		{ STR_INIT("header"), STR_INIT("i") },
		{ STR_INIT("header"), STR_INIT("from") },
		{ STR_INIT("smtp"), STR_INIT("mailfrom") },
		{ STR_INIT("smtp"), STR_INIT("helo") },
		{ STR_INIT("smtp"), STR_INIT("rcptto") },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (str_eq(p->ptype, table[i].ptype) &&
		    str_eq(p->name, table[i].name))
			return true;
	return false;
}

/* Escapes what is special between `open` and `close`; drops what may not stand
 * there at all. */
static void put_escaped(struct buf *out, str s, char open, char close,
			bool utf8)
{
	utf8 = utf8 && lex_utf8(s);
	buf_putc(out, open);
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!byte_ok(c, utf8))
			continue;
		if (c == open || c == close || c == '\\')
			buf_putc(out, '\\');
		buf_putc(out, c);
	}
	buf_putc(out, close);
}

struct writer {
	struct fold fold;
	struct buf word; /* the word being made */
	bool utf8;
};

static void put_word(struct writer *w)
{
	fold_word(&w->fold, buf_str(&w->word));
	w->word.n = 0;
}

static void put_value(struct writer *w, str s)
{
	if (is_token(s))
		buf_put(&w->word, s);
	else
		put_escaped(&w->word, s, '"', '"', w->utf8);
}

static bool is_literal(str s)
{
	if (s.n < 3 || s.p[0] != '[' || s.p[s.n - 1] != ']')
		return false;
	for (size_t i = 1; i + 1 < s.n; i++)
		if (!ascii_is(s.p[i], ASCII_ALPHA | ASCII_DIGIT) &&
		    s.p[i] != '.' && s.p[i] != ':')
			return false;
	return true;
}

/* A domain, or [local] "@" domain; a local part that cannot be said is left
 * out, and the domain stands alone. */
static bool put_identity(struct writer *w, const struct authres_property *p)
{
	size_t at = str_rfind(p->value, '@');
	bool has_at = at < p->value.n;
	str domain = has_at ? str_skip(p->value, at + 1) : p->value;
	str local = has_at ? str_head(p->value, at) : STR("");

	if (domain.n > 1 && domain.p[domain.n - 1] == '.')
		domain.n--;
	if (!domain_ok(domain, w->utf8, has_at ? 2 : 1))
		return false;
	if (!local_ok(local, w->utf8))
		local.n = 0;
	buf_put(&w->word, local);
	if (local.n || (has_at && str_eq(p->name, STR("i"))))
		buf_putc(&w->word, '@');
	buf_put(&w->word, domain);
	return true;
}

/* local "@" domain, which needs no quotes in any property */
static bool is_address(str s, bool utf8)
{
	size_t at = str_rfind(s, '@');

	return at > 0 && at < s.n && s.p[0] != '"' &&
	       local_ok(str_head(s, at), utf8) &&
	       domain_ok(str_skip(s, at + 1), utf8, 2);
}

static bool put_any_value(struct writer *w, str s)
{
	if (!s.n || !text_ok(s, w->utf8))
		return false;
	if (is_address(s, w->utf8))
		buf_put(&w->word, s);
	else
		put_value(w, s);
	return true;
}

static void put_property(struct writer *w, const struct authres_property *p)
{
	buf_put(&w->word, p->ptype);
	buf_putc(&w->word, '.');
	buf_put(&w->word, p->name);
	buf_putc(&w->word, '=');
	if (names_a_domain(p) && !is_literal(p->value)
		    ? put_identity(w, p)
		    : put_any_value(w, p->value))
		put_word(w);
	w->word.n = 0;
}

static void put_result(struct writer *w, const struct authres_result *r)
{
	fold_line(&w->fold);
	buf_put(&w->word, r->method);
	if (r->version != 1 && r->version)
		buf_printf(&w->word, "/%u", r->version);
	buf_putc(&w->word, '=');
	buf_put(&w->word, r->result);
	put_word(w);
	if (r->comment.n) {
		put_escaped(&w->word, str_head(r->comment, TEXT_MAX), '(', ')',
			    w->utf8);
		put_word(w);
	}
	if (r->reason.n) {
		buf_put(&w->word, STR("reason="));
		put_value(w, str_head(r->reason, TEXT_MAX));
		put_word(w);
	}
	for (size_t i = 0; i < r->n; i++)
		put_property(w, &r->properties[i]);
}

static void put_id(struct writer *w, str id)
{
	/* opendkim's AuthservIDWithJobID stands without quotes, and filters
	 * look for it so */
	if (is_token(str_head(id, str_find(id, '/'))) &&
	    is_token(str_skip(id, str_find(id, '/') + 1)))
		buf_put(&w->word, id);
	else
		put_value(w, id);
	/* nothing of it can be said: an empty id would make the field one
	 * that no reader takes */
	if (str_eq(buf_str(&w->word), STR("\"\""))) {
		w->word.n = 0;
		buf_put(&w->word, STR("unknown"));
	}
	put_word(w);
}

static void put_none(struct writer *w)
{
	fold_glue(&w->fold, STR(";"));
	fold_word(&w->fold, STR("none"));
}

void authres_write(struct buf *out, size_t column, const struct authres *a)
{
	struct buf text = buf_of(out->arena, WRITTEN_MAX);
	struct writer w = { fold_of(&text, column),
			    buf_of(out->arena, WORD_MAX), a->utf8 };

	assert(out->arena);
	put_id(&w, str_head(a->id, ID_MAX));
	if (!a->n)
		put_none(&w);
	for (size_t i = 0; i < a->n; i++) {
		struct fold before = w.fold;
		size_t n = text.n;

		fold_glue(&w.fold, STR(";"));
		put_result(&w, &a->results[i]);
		if (text.n <= LIMIT_AUTHRES_BYTES - 64)
			continue;
		w.fold = before;
		text.n = n;
		text.overflow = false;
		if (i == 0)
			put_none(&w);
		fold_word(&w.fold, too_long);
		break;
	}
	buf_put(out, buf_str(&text));
}
