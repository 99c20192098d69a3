#include "mail/address.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/limits.h"
#include "mail/lex.h"

static bool is_atext(char c)
{
	return ascii_is(c, ASCII_ATEXT) || (unsigned char)c >= 0x80;
}

static str take_atom(struct cur *c)
{
	const char *start = c->p;

	while (!cur_done(c) && is_atext(*c->p))
		c->p++;
	return (str){ start, (size_t)(c->p - start) };
}

static bool refuse(struct mailboxes *out, const char *why)
{
	out->why = why;
	return false;
}

/* What stands before "@", "<" or ":" is not known until one of them comes:
 * words and dots, told apart afterwards. */
struct words {
	const char *start, *end; /* end: behind the last word or dot */
	bool dots_fit; /* word *("." word): may be a local part */
	bool plain; /* one dot-atom, or one quoted string */
	size_t n; /* words and dots */
	size_t quoted; /* of these, quoted strings */
	str last_quoted;
};

static bool take_word(struct arena *arena, struct cur *c, struct words *w)
{
	if (cur_peek(c) == '"') {
		w->quoted++;
		return lex_quoted(arena, c, &w->last_quoted);
	}
	return take_atom(c).n > 0;
}

/* 1*word, with dots anywhere (phrase, obs-phrase, local-part) */
static bool take_words(struct arena *arena, struct cur *c, struct words *w)
{
	bool after_word = false;

	*w = (struct words){ c->p, c->p, true, true, 0, 0, { NULL, 0 } };
	for (;;) {
		int b = cur_peek(c);
		bool dot = b == '.';

		if (!dot && b != '"' && (b < 0 || !is_atext((char)b)))
			break;
		w->dots_fit = w->dots_fit && dot == after_word;
		w->plain = w->plain && w->end == c->p;
		if (dot)
			c->p++;
		else if (!take_word(arena, c, w))
			return false;
		after_word = !dot;
		w->n++;
		w->end = c->p;
		if (!lex_cfws(c))
			return false;
	}
	w->dots_fit = w->dots_fit && after_word;
	w->plain = w->plain && (w->quoted == 0 || w->n == 1);
	return true;
}

/* The words without what stands between them. */
static str join_words(struct arena *arena, const struct words *w)
{
	struct cur c = { w->start, w->end };
	struct buf out = buf_of(arena, (size_t)(w->end - w->start));
	str word;

	while (!cur_done(&c)) {
		if (cur_char(&c, '.'))
			buf_putc(&out, '.');
		else if (lex_quoted(arena, &c, &word) ||
			 (word = take_atom(&c)).n)
			buf_put(&out, word);
		if (!lex_cfws(&c))
			break;
	}
	return buf_str(&out);
}

static str local_of(struct arena *arena, const struct words *w)
{
	if (!w->plain)
		return join_words(arena, w);
	if (w->quoted)
		return w->last_quoted;
	return (str){ w->start, (size_t)(w->end - w->start) };
}

/* domain-literal = "[" *([FWS] dtext) [FWS] "]", without the white space */
static bool take_literal(struct cur *c, str *out)
{
	struct cur at = *c;

	if (!cur_char(&at, '['))
		return false;
	while (!cur_done(&at) && *at.p > ' ' && *at.p != '[' && *at.p != ']' &&
	       *at.p != '\\' && *at.p != 0x7f)
		at.p++;
	if (!cur_char(&at, ']'))
		return false;
	*out = (str){ c->p, (size_t)(at.p - c->p) };
	*c = at;
	return true;
}

/* dot-atom / obs-domain, and the CFWS behind it */
static bool take_dotted(struct arena *arena, struct cur *c, struct mailbox *box)
{
	struct words w = { c->p, c->p, true, true, 0, 0, { NULL, 0 } };

	for (;;) {
		w.plain = w.plain && c->p == w.end;
		if (!take_atom(c).n)
			return false;
		w.end = c->p;
		if (!lex_cfws(c))
			return false;
		if (cur_peek(c) != '.')
			break;
		w.plain = w.plain && c->p == w.end;
		c->p++;
		w.end = c->p;
		if (!lex_cfws(c))
			return false;
	}
	box->domain = local_of(arena, &w);
	box->obsolete = box->obsolete || !w.plain;
	return true;
}

static bool take_domain(struct arena *arena, struct cur *c, struct mailbox *box)
{
	if (!lex_cfws(c))
		return false;
	box->literal = take_literal(c, &box->domain);
	if (box->literal)
		return lex_cfws(c);
	return take_dotted(arena, c, box);
}

static bool add(struct arena *arena, struct mailboxes *out,
		const struct mailbox *box)
{
	if (!lex_utf8(box->local) || !lex_utf8(box->domain))
		return refuse(out, "an address is not UTF-8");
	if (out->n == LIMIT_ADDRESSES)
		return refuse(out, "too many addresses");
	if ((out->n & (out->n - 1)) == 0) { /* 0, 1, 2, 4, 8 ... */
		size_t cap = out->n ? 2 * out->n : 1;

		out->box = arena_grow(arena, out->box,
				      out->n * sizeof *out->box,
				      cap * sizeof *out->box);
	}
	out->box[out->n++] = *box;
	return true;
}

/* "@" domain, behind the words of a local part */
static bool take_rest_of_spec(struct arena *arena, struct cur *c,
			      const struct words *w, struct mailbox *box)
{
	if (!w->n || !w->dots_fit || !cur_char(c, '@'))
		return false;
	box->local = local_of(arena, w);
	box->obsolete = box->obsolete || !w->plain;
	return take_domain(arena, c, box);
}

/* obs-route = *(CFWS / ",") "@" domain *("," [CFWS] ["@" domain]) ":" */
static bool take_route(struct arena *arena, struct cur *c)
{
	struct mailbox ignored = { 0 };

	for (;;) {
		if (!lex_cfws(c))
			return false;
		if (cur_char(c, ','))
			continue;
		if (cur_char(c, ':'))
			return true;
		if (!cur_char(c, '@') || !take_domain(arena, c, &ignored))
			return false;
		if (cur_peek(c) != ',' && cur_peek(c) != ':')
			return false;
	}
}

/* angle-addr behind its "<" */
static bool take_angle(struct arena *arena, struct cur *c, struct mailbox *box)
{
	struct words w;

	if (!lex_cfws(c))
		return false;
	if (cur_peek(c) == '@' || cur_peek(c) == ',') {
		if (!take_route(arena, c))
			return false;
		box->obsolete = true;
	}
	return lex_cfws(c) && take_words(arena, c, &w) &&
	       take_rest_of_spec(arena, c, &w, box) && cur_char(c, '>') &&
	       lex_cfws(c);
}

/* mailbox, or the display-name and ":" of a group */
static bool take_element(struct arena *arena, struct cur *c, bool *in_group,
			 struct mailboxes *out)
{
	struct mailbox box = { 0 };
	struct words w;

	if (!take_words(arena, c, &w))
		return refuse(out, "a quoted string or comment does not end");
	if (cur_peek(c) == ':' && w.n && !*in_group) {
		c->p++;
		*in_group = out->group = true;
		return lex_cfws(c) || refuse(out, "a comment does not end");
	}
	if (cur_char(c, '<')) {
		if (!take_angle(arena, c, &box))
			return refuse(out, "malformed address in <>");
	} else if (!take_rest_of_spec(arena, c, &w, &box)) {
		return refuse(out, "malformed address");
	}
	return add(arena, out, &box);
}

/* address-list, mailbox-list, and the obsolete lists with empty elements */
static bool take_list(struct arena *arena, struct cur *c, struct mailboxes *out)
{
	bool in_group = false, may_begin = true;

	if (!lex_cfws(c))
		return refuse(out, "a comment does not end");
	while (!cur_done(c)) {
		if (cur_char(c, ',')) {
			may_begin = true;
		} else if (in_group && cur_char(c, ';')) {
			in_group = may_begin = false;
		} else if (!may_begin) {
			return refuse(out, "no comma between two addresses");
		} else {
			bool was_in_group = in_group;

			if (!take_element(arena, c, &in_group, out))
				return false;
			may_begin = in_group && !was_in_group;
			continue;
		}
		if (!lex_cfws(c))
			return refuse(out, "a comment does not end");
	}
	if (in_group)
		return refuse(out, "a group does not end");
	return out->n || out->group || refuse(out, "no address");
}

bool mailboxes_parse(struct arena *arena, str value, struct mailboxes *out)
{
	struct cur c = cur_of(value);

	*out = (struct mailboxes){ 0 };
	if (take_list(arena, &c, out))
		return true;
	out->n = 0;
	return false;
}
