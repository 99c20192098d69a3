#include "verify/verdict.h"

#include "base/ascii.h"
#include "dns/idn.h"
#include "dns/name.h"

/* The name in A-labels when it is one, else empty. */
static str name_of(struct arena *arena, str name, bool underscores)
{
	str ascii;

	if (name.n && dns_name_to_ascii(arena, name, &ascii) &&
	    dns_name_is_domain(ascii, underscores))
		return ascii;
	return STR("");
}

static str word_of(str s, unsigned classes, const char *also, size_t max)
{
	if (s.n > max)
		return STR("");
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is(s.p[i], classes) && !strchr(also, s.p[i]))
			return STR("");
	return s.p ? s : STR("");
}

static bool has_control(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return true;
	return false;
}

/* i= as it was read; "@d" when it was not, or holds what nobody may print */
static str identity_of(struct arena *arena, const struct dkim_check *c,
		       str domain)
{
	enum { IDENTITY_MAX = 320 };

	if (c->readable && !has_control(c->sig.identity) &&
	    c->sig.identity.n <= IDENTITY_MAX)
		return c->sig.identity;
	if (!domain.n)
		return STR("");

	char *at = arena_alloc(arena, domain.n + 1);

	at[0] = '@';
	memcpy(at + 1, domain.p, domain.n);
	return (str){ at, domain.n + 1 };
}

void verdict_of_check(struct arena *arena, const struct dkim_check *c,
		      struct verdict_dkim *out)
{
	enum { ALGORITHM_MAX = 32, B_MAX = 4096 };
	str domain = name_of(arena, c->sig.domain, false);

	*out = (struct verdict_dkim){
		.result = c->result,
		.reason = c->why,
		.domain = domain,
		.selector = name_of(arena, c->sig.selector, true),
		.identity = identity_of(arena, c, domain),
		.algorithm = word_of(c->sig.algorithm_text,
				     ASCII_ALPHA | ASCII_DIGIT, "-",
				     ALGORITHM_MAX),
		.b = word_of(c->sig.b_text, ASCII_ALPHA | ASCII_DIGIT,
			     "+/=", B_MAX),
		.key_bits = c->key_bits,
		.testing = c->testing,
		.secure = c->secure,
		.bogus = c->bogus,
		.key_missing = c->key_missing,
		.unsigned_octets = c->unsigned_octets,
		.field = c->sig.field,
	};
}

static size_t common_prefix(str a, str b)
{
	size_t n = 0;

	while (n < a.n && n < b.n && a.p[n] == b.p[n])
		n++;
	return n;
}

void verdict_number(struct verdict_dkim *rows, size_t n)
{
	enum { HEAD = 8 };

	for (size_t i = 0; i < n; i++) {
		size_t head = HEAD;

		for (size_t j = 0; j < n; j++) {
			size_t same = j == i ? 0
					     : common_prefix(rows[i].b,
							     rows[j].b);

			if (same >= head)
				head = same + 1;
		}
		rows[i].b_head = str_head(rows[i].b, head);
	}
}

enum dkim_result verdict_summary(const struct verdict_dkim *rows, size_t n)
{
	enum dkim_result result = n ? rows[0].result : DKIM_NONE;

	for (size_t i = 0; i < n; i++) {
		if (rows[i].result == DKIM_PASS)
			return DKIM_PASS;
		if (rows[i].result == DKIM_TEMPERROR)
			result = DKIM_TEMPERROR;
	}
	return result;
}
