/* record, the part that reads report URIs (RFC 9989 4.8, RFC 3986, RFC 6068). */
#include "base/ascii.h"
#include "base/cur.h"
#include "dmarc/record.h"
#include "dns/name.h"

static int hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

static bool uri_bytes_ok(str s)
{
	static const char marks[] = "-._~:/?#[]@$&'()*+=";

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '%') {
			if (i + 2 >= s.n || hex(s.p[i + 1]) < 0 ||
			    hex(s.p[i + 2]) < 0)
				return false;
		} else if (!ascii_is(s.p[i], ASCII_ALPHA | ASCII_DIGIT) &&
			   (!s.p[i] || !strchr(marks, s.p[i]))) {
			return false;
		}
	}
	return true;
}

/* "!10m" at the end is RFC 7489's.  RFC 9990 has it no more; who wrote one meant
 * it, though. */
static str without_size(str s, uint64_t *size)
{
	static const char units[] = "kmgt";
	size_t bang = str_rfind(s, '!');
	struct cur c = cur_of(str_skip(s, bang + 1));
	unsigned shift = 0;
	uint32_t n;

	*size = 0;
	if (bang == s.n || !cur_uint(&c, UINT32_MAX, &n))
		return s;
	for (unsigned i = 0; !cur_done(&c) && !shift && units[i]; i++)
		if (ascii_lower(*c.p) == units[i])
			shift = (i + 1) * 10;
	if (shift)
		c.p++;
	if (!cur_done(&c))
		return s;
	*size = (uint64_t)n << shift;
	if (*size >> shift != n)
		*size = 0; /* terabytes upon terabytes */
	return str_head(s, bang);
}

static str decoded(struct arena *arena, str s)
{
	char *p = arena_alloc(arena, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '%') {
			p[n++] = s.p[i];
			continue;
		}
		p[n++] = (char)(hex(s.p[i + 1]) * 16 + hex(s.p[i + 2]));
		i += 2;
	}
	return (str){ p, n };
}

static bool printable(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	return true;
}

static bool read_mailto(struct arena *arena, str rest, struct dmarc_uri *out)
{
	str to = decoded(arena, str_head(rest, str_find(rest, '?')));
	size_t at = str_rfind(to, '@');
	str domain = str_skip(to, at + 1);

	if (at == 0 || at == to.n || !printable(to) ||
	    str_find(to, ',') < to.n || !dns_name_is_domain(domain, true))
		return false;
	out->address = to;
	out->domain = domain;
	return true;
}

bool dmarc_uri_parse(struct arena *arena, str text, struct dmarc_uri *out)
{
	uint64_t size;
	str s = without_size(str_trim(text), &size);
	struct cur c = cur_of(s);
	str scheme = cur_until(&c, ':');

	*out = (struct dmarc_uri){ .uri = s, .size = size };
	if (!scheme.n || !ascii_is(scheme.p[0], ASCII_ALPHA) ||
	    !cur_char(&c, ':') || cur_done(&c) || !uri_bytes_ok(s))
		return false;
	for (size_t i = 0; i < scheme.n; i++)
		if (!ascii_is(scheme.p[i], ASCII_ALPHA | ASCII_DIGIT) &&
		    !strchr("+-.", scheme.p[i]))
			return false;
	return !str_ieq(scheme, STR("mailto")) ||
	       read_mailto(arena, cur_rest(&c), out);
}
