#include "spf/macro.h"

#include "base/ascii.h"
#include "base/cur.h"
#include "dns/name.h"

#include <inttypes.h>
#include <stdio.h>

enum { PARTS_MAX = 128, EXPANDED_MAX = 8192 };

static const char delimiters[] = ".-+,/_=";

struct macro {
	char letter; /* lower case */
	bool escape; /* written in upper case */
	bool reverse;
	uint32_t keep; /* rightmost parts; 0: all */
	str delimiters; /* empty: "." */
};

/* Behind "%{": letter [digits] ["r"] *delimiter "}" */
static bool take_macro(struct cur *c, struct macro *m)
{
	int letter = cur_peek(c);

	*m = (struct macro){ 0 };
	if (letter < 0 || !ascii_is((char)letter, ASCII_ALPHA))
		return false;
	c->p++;
	m->letter = ascii_lower((char)letter);
	m->escape = m->letter != (char)letter;
	if (!strchr("slodiphcrtv", m->letter))
		return false;
	if (cur_peek(c) >= '0' && cur_peek(c) <= '9') {
		str digits = cur_while(c, ASCII_DIGIT);
		struct cur d = cur_of(digits);

		if (!cur_uint(&d, 1000000, &m->keep))
			m->keep = 1000000; /* more than there can be */
		if (m->keep == 0)
			return false;
	}
	m->reverse = cur_char(c, 'r') || cur_char(c, 'R');

	const char *start = c->p;

	while (!cur_done(c) && *c->p && strchr(delimiters, *c->p))
		c->p++;
	m->delimiters = (str){ start, (size_t)(c->p - start) };
	return cur_char(c, '}');
}

/* One "%..." of the text. */
enum token { TOKEN_MACRO, TOKEN_PERCENT, TOKEN_SPACE, TOKEN_URL, TOKEN_BAD };

static enum token take_token(struct cur *c, struct macro *m)
{
	if (cur_char(c, '%'))
		return TOKEN_PERCENT;
	if (cur_char(c, '_'))
		return TOKEN_SPACE;
	if (cur_char(c, '-'))
		return TOKEN_URL;
	if (!cur_char(c, '{') || !take_macro(c, m))
		return TOKEN_BAD;
	return TOKEN_MACRO;
}

static bool literal_ok(char c, bool explanation)
{
	return (c > ' ' && c < 0x7f) || (explanation && c == ' ');
}

/* tail: the literal text behind the last macro. */
static const char *check(str text, bool explanation, str *tail)
{
	struct cur c = cur_of(text);

	*tail = text;
	while (!cur_done(&c)) {
		struct macro m = { 0 };
		char ch = *c.p++;

		if (ch != '%') {
			if (!literal_ok(ch, explanation))
				return "character not allowed";
			continue;
		}
		if (take_token(&c, &m) == TOKEN_BAD)
			return "malformed macro";
		if (m.letter && strchr("crt", m.letter) && !explanation)
			return "macro allowed in explanations only";
		*tail = cur_rest(&c);
	}
	return NULL;
}

const char *spf_macro_check(str text, bool explanation)
{
	str tail;

	return check(text, explanation, &tail);
}

/* toplabel: LDH, not only digits, no "-" at its ends */
static bool toplabel_ok(str label)
{
	bool digits = true;

	if (!label.n || label.p[0] == '-' || label.p[label.n - 1] == '-')
		return false;
	for (size_t i = 0; i < label.n; i++) {
		if (!ascii_is(label.p[i], ASCII_ALPHA | ASCII_DIGIT) &&
		    label.p[i] != '-')
			return false;
		digits &= ascii_is(label.p[i], ASCII_DIGIT);
	}
	return !digits;
}

const char *spf_domain_spec_check(str text)
{
	str tail;
	const char *why = check(text, false, &tail);

	if (why)
		return why;
	if (!text.n)
		return "domain missing";
	if (!tail.n) /* ends in a macro */
		return NULL;
	if (tail.p[tail.n - 1] == '.')
		tail.n--;

	size_t dot = str_rfind(tail, '.');

	if (dot == tail.n || !toplabel_ok(str_skip(tail, dot + 1)))
		return "malformed domain";
	return NULL;
}

bool spf_macro_uses_p(str text)
{
	for (size_t i = 0; i + 2 < text.n; i++)
		if (text.p[i] == '%' && text.p[i + 1] == '{' &&
		    ascii_lower(text.p[i + 2]) == 'p')
			return true;
	return false;
}

/* %{i}: dotted quad, or 32 nibbles */
static void put_ip(struct buf *b, struct ip ip)
{
	static const char hex[] = "0123456789ABCDEF";
	char text[IP_TEXT_MAX];

	if (ip.family == IP_V4) {
		buf_put(b, ip_text(ip, text));
		return;
	}
	for (int i = 0; i < 16; i++) {
		buf_printf(b, "%s%c.%c", i ? "." : "", hex[ip.b[i] >> 4],
			   hex[ip.b[i] & 15]);
	}
}

static void put_value(struct buf *b, char letter,
		      const struct spf_macro_values *v)
{
	char text[IP_TEXT_MAX];

	switch (letter) {
	case 's':
		buf_put(b, v->local);
		buf_putc(b, '@');
		buf_put(b, v->sender_domain);
		break;
	case 'l':
		buf_put(b, v->local);
		break;
	case 'o':
		buf_put(b, v->sender_domain);
		break;
	case 'd':
		buf_put(b, v->domain);
		break;
	case 'i':
		put_ip(b, v->ip);
		break;
	case 'p':
		buf_put(b, v->validated);
		break;
	case 'h':
		buf_put(b, v->helo);
		break;
	case 'v':
		buf_put(b, v->ip.family == IP_V4 ? STR("in-addr") : STR("ip6"));
		break;
	case 'c':
		buf_put(b, ip_text(v->ip, text));
		break;
	case 'r':
		buf_put(b, v->receiver.n ? v->receiver : STR("unknown"));
		break;
	case 't':
		buf_printf(b, "%" PRId64, v->now);
		break;
	default:
		break;
	}
}

/* Everything but unreserved characters as %XX (RFC 3986 2.3) */
static void put_escaped(struct buf *b, str s)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (ascii_is(s.p[i], ASCII_ALPHA | ASCII_DIGIT) ||
		    (c && strchr("-._~", c))) {
			buf_putc(b, s.p[i]);
			continue;
		}
		buf_putc(b, '%');
		buf_putc(b, hex[c >> 4]);
		buf_putc(b, hex[c & 15]);
	}
}

/* Splits at each delimiter; of more than PARTS_MAX parts the first ones stay
 * together. */
static size_t split(str value, str at, str *parts)
{
	size_t n = 0, end = value.n;

	for (size_t i = value.n; i > 0 && n < PARTS_MAX - 1; i--) {
		if (str_find(at, value.p[i - 1]) == at.n)
			continue;
		parts[n++] = (str){ value.p + i, end - i };
		end = i - 1;
	}
	parts[n++] = str_head(value, end);
	return n; /* the last part first */
}

static void transform(struct buf *out, str value, const struct macro *m)
{
	str parts[PARTS_MAX];
	str at = m->delimiters.n ? m->delimiters : STR(".");
	size_t n = split(value, at, parts);
	size_t keep = m->keep && m->keep < n ? m->keep : n;

	for (size_t i = 0; i < keep; i++) {
		/* parts has the last one first */
		size_t which = m->reverse ? n - keep + i : keep - 1 - i;

		if (i)
			buf_putc(out, '.');
		buf_put(out, parts[which]);
	}
}

static void expand_one(struct buf *out, const struct macro *m,
		       const struct spf_macro_values *values)
{
	struct buf value = buf_of(out->arena, EXPANDED_MAX);
	struct buf changed = buf_of(out->arena, EXPANDED_MAX);

	put_value(&value, m->letter, values);
	transform(&changed, buf_str(&value), m);
	if (m->escape)
		put_escaped(out, buf_str(&changed));
	else
		buf_put(out, buf_str(&changed));
}

void spf_macro_expand(struct buf *out, str text,
		      const struct spf_macro_values *values)
{
	struct cur c = cur_of(text);

	while (!cur_done(&c)) {
		str plain = cur_until(&c, '%');
		struct macro m;

		buf_put(out, plain);
		if (!cur_char(&c, '%'))
			break;
		switch (take_token(&c, &m)) {
		case TOKEN_MACRO:
			expand_one(out, &m, values);
			break;
		case TOKEN_PERCENT:
			buf_putc(out, '%');
			break;
		case TOKEN_SPACE:
			buf_putc(out, ' ');
			break;
		case TOKEN_URL:
			buf_put(out, STR("%20"));
			break;
		case TOKEN_BAD:
			break;
		}
	}
}

str spf_domain_expand(struct arena *arena, str spec,
		      const struct spf_macro_values *values)
{
	struct buf b = buf_of(arena, EXPANDED_MAX);
	str name;

	spf_macro_expand(&b, spec, values);
	name = buf_str(&b);
	if (name.n && name.p[name.n - 1] == '.')
		name.n--;
	while (name.n > DNS_NAME_MAX && str_find(name, '.') < name.n)
		name = dns_name_parent(name);
	return name;
}
