#include "report/values.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "dns/idn.h"
#include "dns/name.h"

/* All leading digits; false: none, or more than fit. */
static bool take_digits(struct cur *c, uint64_t *out)
{
	str digits = cur_while(c, ASCII_DIGIT);
	uint64_t v = 0;

	for (size_t i = 0; i < digits.n; i++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(digits.p[i] - '0'),
					   &v))
			return false;
	*out = v;
	return digits.n > 0;
}

bool value_count(str s, uint64_t *out)
{
	struct cur c = cur_of(str_trim(s));

	if (!take_digits(&c, out))
		return false;
	if (cur_char(&c, '.'))
		while (cur_char(&c, '0'))
			;
	return cur_done(&c);
}

/* Exactly n digits. */
static bool take_number(struct cur *c, size_t n, int64_t *out)
{
	str rest = cur_rest(c);
	int64_t v = 0;

	if (rest.n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!ascii_is(rest.p[i], ASCII_DIGIT))
			return false;
		v = v * 10 + (rest.p[i] - '0');
	}
	c->p += n;
	*out = v;
	return true;
}

/* Days since 1970 of a day of the Gregorian calendar. */
static int64_t days(int64_t y, int64_t m, int64_t d)
{
	int64_t era, of_era, of_year;

	y -= m <= 2;
	era = y / 400;
	of_era = y - era * 400;
	of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	       of_year - 719468;
}

/* "Z", "+09:00", "-0500" or nothing, which is UTC. */
static bool take_zone(struct cur *c, int64_t *seconds)
{
	int64_t h = 0, m = 0;
	bool minus = false;

	*seconds = 0;
	cur_wsp(c);
	if (cur_done(c) || cur_word(c, "z") || cur_word(c, "utc"))
		return true;
	if (!cur_char(c, '+')) {
		minus = cur_char(c, '-');
		if (!minus)
			return false;
	}
	if (!take_number(c, 2, &h))
		return false;
	(void)cur_char(c, ':');
	if (!cur_done(c) && !take_number(c, 2, &m))
		return false;
	*seconds = (h * 60 + m) * (minus ? -60 : 60);
	return true;
}

static bool iso_time(str s, int64_t *out)
{
	struct cur c = cur_of(s);
	int64_t y, mo, d, h = 0, mi = 0, sec = 0, zone = 0;

	if (!take_number(&c, 4, &y) || !cur_char(&c, '-') ||
	    !take_number(&c, 2, &mo) || !cur_char(&c, '-') ||
	    !take_number(&c, 2, &d) || mo < 1 || mo > 12 || d < 1 || d > 31)
		return false;
	if (cur_char(&c, 'T') || cur_char(&c, 't') || cur_char(&c, ' ')) {
		if (!take_number(&c, 2, &h) || !cur_char(&c, ':') ||
		    !take_number(&c, 2, &mi))
			return false;
		if (cur_char(&c, ':') && !take_number(&c, 2, &sec))
			return false;
		if (cur_char(&c, '.'))
			(void)cur_while(&c, ASCII_DIGIT);
		if (!take_zone(&c, &zone))
			return false;
	}
	*out = days(y, mo, d) * 86400 + h * 3600 + mi * 60 + sec - zone;
	return cur_done(&c) && h < 25 && mi < 60 && sec < 61;
}

bool value_time(str s, int64_t *out)
{
	/* seconds never have so many digits, milliseconds have */
	const uint64_t milliseconds = 100000000000;
	struct cur c = cur_of(s = str_trim(s));
	bool minus = cur_char(&c, '-');
	uint64_t v;

	if (!minus && iso_time(s, out)) {
		*out = *out < 0 ? 0 : *out;
		return true;
	}
	if (!take_digits(&c, &v))
		return false;
	if (cur_char(&c, '.'))
		(void)cur_while(&c, ASCII_DIGIT);
	if (!cur_done(&c))
		return false;
	if (v > milliseconds)
		v /= 1000;
	if (v > milliseconds)
		return false;
	*out = minus ? 0 : (int64_t)v;
	return true;
}

static bool is_lower(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_lower(s.p[i]) != s.p[i])
			return false;
	return true;
}

static str lower(struct arena *arena, str s)
{
	char *p;

	if (is_lower(s))
		return s;
	p = arena_alloc(arena, s.n);
	for (size_t i = 0; i < s.n; i++)
		p[i] = ascii_lower(s.p[i]);
	return (str){ p, s.n };
}

static bool is_around(char c)
{
	return ascii_is(c, ASCII_SPACE) || c == '"' || c == '\'' || c == '<' ||
	       c == '>' || c == '.' || c == ',' || c == ';';
}

str value_domain(struct arena *arena, str s)
{
	size_t at = str_rfind(s, '@');

	if (at < s.n)
		s = str_skip(s, at + 1);
	while (s.n && is_around(s.p[0]))
		s = str_skip(s, 1);
	while (s.n && is_around(s.p[s.n - 1]))
		s.n--;
	if (!str_is_ascii(s) && !dns_name_to_ascii(arena, s, &s))
		return STR("");
	if (!dns_name_is_domain(s, true))
		return STR("");
	return lower(arena, s);
}

bool value_same_owner(str d, str domain)
{
	return d.n && domain.n &&
	       (str_eq(d, domain) || dns_name_is_below(d, domain) ||
		dns_name_is_below(domain, d));
}

struct word {
	str from, to;
};

static str find(const struct word *words, size_t n, str s, str otherwise,
		bool *odd)
{
	for (size_t i = 0; i < n; i++)
		if (str_ieq(s, words[i].from)) {
			*odd = !str_eq(s, words[i].to) && s.n;
			return words[i].to;
		}
	*odd = s.n > 0;
	return s.n ? otherwise : STR("none");
}

str value_result(enum value_method m, str s, bool *odd)
{
	static const struct word words[] = {
		{ STR_INIT("pass"), STR_INIT("pass") },
		{ STR_INIT("fail"), STR_INIT("fail") },
		{ STR_INIT("none"), STR_INIT("none") },
		{ STR_INIT("neutral"), STR_INIT("neutral") },
		{ STR_INIT("temperror"), STR_INIT("temperror") },
		{ STR_INIT("permerror"), STR_INIT("permerror") },
		{ STR_INIT("hardfail"), STR_INIT("fail") },
		{ STR_INIT("error"), STR_INIT("temperror") },
		{ STR_INIT("unknown"), STR_INIT("temperror") },
		{ STR_INIT("temperr"), STR_INIT("temperror") },
		{ STR_INIT("permerr"), STR_INIT("permerror") },
		/* the last one belongs to one method */
		{ STR_INIT("softfail"), STR_INIT("softfail") },
		{ STR_INIT("policy"), STR_INIT("policy") },
	};
	size_t n = sizeof words / sizeof *words;

	if (str_ieq(s, m == VALUE_SPF ? STR("policy") : STR("softfail"))) {
		*odd = true;
		return STR("permerror");
	}
	return find(words, n, s, STR("permerror"), odd);
}

str value_disposition(str s, bool *odd)
{
	static const struct word words[] = {
		{ STR_INIT("none"), STR_INIT("none") },
		{ STR_INIT("reject"), STR_INIT("reject") },
		{ STR_INIT("quarantine"), STR_INIT("quarantine") },
		{ STR_INIT("pass"), STR_INIT("pass") },
	};

	return find(words, sizeof words / sizeof *words, s, STR("none"), odd);
}
