#include "spf/record.h"

#include "base/ascii.h"
#include "base/cur.h"
#include "spf/macro.h"

bool spf_is_record(str txt)
{
	str version = STR("v=spf1");

	return str_istarts(txt, version) &&
	       (txt.n == version.n || txt.p[version.n] == ' ');
}

static const struct {
	str name;
	enum spf_mechanism mechanism;
} mechanisms[] = {
	{ STR_INIT("all"), SPF_ALL }, { STR_INIT("include"), SPF_INCLUDE },
	{ STR_INIT("a"), SPF_A },     { STR_INIT("mx"), SPF_MX },
	{ STR_INIT("ptr"), SPF_PTR }, { STR_INIT("ip4"), SPF_IP4 },
	{ STR_INIT("ip6"), SPF_IP6 }, { STR_INIT("exists"), SPF_EXISTS },
};

/* Digits behind the last "/" of s: no leading zero, at most max.  -1: it does
 * not end in "/" and digits; -2: it does, but wrongly. */
static int trailing_bits(str s, unsigned max, str *before)
{
	size_t slash = str_rfind(s, '/');
	struct cur c = cur_of(str_skip(s, slash + 1));
	uint32_t bits;

	if (slash == s.n || cur_done(&c))
		return -1;
	for (const char *p = c.p; p < c.end; p++)
		if (!ascii_is(*p, ASCII_DIGIT))
			return -1;
	*before = str_head(s, slash);
	if ((*c.p == '0' && c.end - c.p > 1) || !cur_uint(&c, max, &bits))
		return -2;
	return (int)bits;
}

/* dual-cidr-length = [ ip4-cidr-length ] [ "/" ip6-cidr-length ], taken from
 * the right: a domain-spec may hold slashes. */
static bool take_cidr(str *s, struct spf_term *t)
{
	str before;
	int bits = trailing_bits(*s, 128, &before);

	if (bits != -1 && before.n && before.p[before.n - 1] == '/') {
		if (bits < 0)
			return false;
		t->bits6 = (uint8_t)bits;
		*s = str_head(before, before.n - 1);
	}
	bits = trailing_bits(*s, 32, &before);
	if (bits == -2)
		return false;
	if (bits >= 0) {
		t->bits4 = (uint8_t)bits;
		*s = before;
	}
	return true;
}

static const char *parse_network(str rest, struct spf_term *t)
{
	bool v4 = t->mechanism == SPF_IP4;
	str text = str_skip(rest, 1), address;
	int bits;

	if (!rest.n || rest.p[0] != ':')
		return "address missing";
	address = text;
	bits = trailing_bits(text, v4 ? 32 : 128, &address);
	if (bits == -2)
		return "malformed prefix length";
	if ((str_find(address, ':') < address.n) == v4 ||
	    !ip_prefix_parse(address, &t->network))
		return "malformed address";
	if (bits < 0)
		return NULL;
	/* ::ffff:0:0/96 and longer are networks of IPv4 addresses */
	if (!v4 && t->network.ip.family == IP_V4) {
		if (bits < 96)
			t->network = (struct ip_prefix){ .ip.family = IP_V6 };
		bits = bits < 96 ? 128 : bits - 96;
	}
	t->network.bits = (uint8_t)bits;
	return NULL;
}

static const char *parse_target(str rest, struct spf_term *t)
{
	bool cidr = t->mechanism == SPF_A || t->mechanism == SPF_MX;
	bool required = t->mechanism == SPF_INCLUDE ||
			t->mechanism == SPF_EXISTS;

	if (cidr && !take_cidr(&rest, t))
		return "malformed prefix length";
	if (!rest.n)
		return required ? "domain missing" : NULL;
	if (rest.p[0] != ':')
		return "unknown mechanism";
	t->spec = str_skip(rest, 1);
	return spf_domain_spec_check(t->spec);
}

static const char *parse_mechanism(str text, struct spf_term *t)
{
	str name = text, rest;
	size_t end = 0;

	*t = (struct spf_term){ .qualifier = '+', .bits4 = 32, .bits6 = 128 };
	t->text = text;
	if (text.n && strchr("+-~?", text.p[0])) {
		t->qualifier = text.p[0];
		name = str_skip(text, 1);
	}
	while (end < name.n && name.p[end] != ':' && name.p[end] != '/')
		end++;
	rest = str_skip(name, end);
	name = str_head(name, end);
	for (size_t i = 0; i < sizeof mechanisms / sizeof *mechanisms; i++) {
		if (!str_ieq(name, mechanisms[i].name))
			continue;
		t->mechanism = mechanisms[i].mechanism;
		if (t->mechanism == SPF_ALL)
			return rest.n ? "\"all\" takes nothing" : NULL;
		if (t->mechanism == SPF_IP4 || t->mechanism == SPF_IP6)
			return parse_network(rest, t);
		return parse_target(rest, t);
	}
	return "unknown mechanism";
}

/* name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ), before "=" */
static size_t modifier_name(str text)
{
	size_t n = 0;

	while (n < text.n && (ascii_is(text.p[n], ASCII_ALPHA | ASCII_DIGIT) ||
			      strchr("-_.", text.p[n])))
		n++;
	return n && n < text.n && text.p[n] == '=' &&
			       ascii_is(text.p[0], ASCII_ALPHA)
		       ? n
		       : 0;
}

static const char *parse_modifier(str text, size_t name_end,
				  struct spf_record *r)
{
	str name = str_head(text, name_end);
	str value = str_skip(text, name_end + 1);
	str *once = str_ieq(name, STR("redirect")) ? &r->redirect
		    : str_ieq(name, STR("exp"))    ? &r->exp
						   : NULL;

	if (!once)
		return spf_macro_check(value, false);
	if (once->p)
		return "modifier given twice";
	*once = (str){ value.p ? value.p : "", value.n };
	return spf_domain_spec_check(value);
}

static const char *characters_ok(str txt)
{
	for (size_t i = 0; i < txt.n; i++)
		if ((unsigned char)txt.p[i] < ' ' ||
		    (unsigned char)txt.p[i] > '~')
			return "control or non-ASCII character";
	return NULL;
}

bool spf_record_parse(struct arena *arena, str txt, struct spf_record *r,
		      const char **why, str *where)
{
	str rest = str_skip(txt, sizeof "v=spf1" - 1), text;
	size_t n = 1;

	*r = (struct spf_record){ 0 };
	*where = STR("");
	*why = characters_ok(txt);
	if (*why)
		return false;
	for (size_t i = 0; i < rest.n; i++)
		n += rest.p[i] == ' ';
	r->terms = arena_array_of(arena, struct spf_term, n);
	while (str_split(&rest, ' ', &text)) {
		size_t name_end = modifier_name(text);

		if (!text.n)
			continue;
		*where = text;
		*why = name_end ? parse_modifier(text, name_end, r)
				: parse_mechanism(text, &r->terms[r->n]);
		if (*why)
			return false;
		if (name_end)
			continue;
		r->has_all |= r->terms[r->n].mechanism == SPF_ALL;
		r->n++;
	}
	return true;
}
