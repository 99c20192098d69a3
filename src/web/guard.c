#include "web/guard.h"

#include "base/cur.h"
#include "base/ip.h"
#include "crypto/hash.h"

#include <stdio.h>

/* "[2001:db8::1]:80" and "name:80" without port and brackets. */
static str without_port(str host)
{
	size_t colon = str_rfind(host, ':');

	if (host.n && host.p[0] == '[') {
		size_t end = str_find(host, ']');

		return end < host.n ? (str){ host.p + 1, end - 1 } : STR("");
	}
	return str_head(host, colon);
}

bool guard_host(str host, const char *const *names)
{
	str name = without_port(host);
	struct ip ip;

	if (ip_parse(name, &ip) || str_ieq(name, STR("localhost")))
		return true;
	for (; names && *names; names++)
		if (str_ieq(name, str_of(*names)))
			return true;
	return false;
}

bool guard_fetch(str site)
{
	return !site.n || str_eq(site, STR("same-origin")) ||
	       str_eq(site, STR("none"));
}

str guard_session(struct arena *arena, str token,
		  const uint8_t secret[WEB_SECRET])
{
	struct hash *h = hash_new(arena, HASH_SHA256);
	char *text = arena_alloc(arena, 2 * HASH_MAX + 1);
	str digest;

	hash_add(h, secret, WEB_SECRET);
	hash_add(h, token.p, token.n);
	digest = hash_end(h);
	for (size_t i = 0; i < digest.n; i++)
		(void)snprintf(text + 2 * i, 3, "%02x",
			       (unsigned char)digest.p[i]);
	return (str){ text, 2 * digest.n };
}

str guard_cookie(str field, str name)
{
	str part;

	while (field.n && str_split(&field, ';', &part)) {
		size_t equal = str_find(part, '=');

		if (equal < part.n &&
		    str_eq(str_trim(str_head(part, equal)), name))
			return str_trim(str_skip(part, equal + 1));
	}
	return (str){ NULL, 0 };
}

str guard_bearer(str field)
{
	if (!str_istarts(field, STR("Bearer ")))
		return (str){ NULL, 0 };
	return str_trim(str_skip(field, sizeof "Bearer " - 1));
}

/* The weight of a language in thousandths; without q= it is one. */
static unsigned weight(str parameters)
{
	struct cur c = cur_of(str_trim(parameters));
	uint32_t whole, digit;
	unsigned sum, unit = 100;

	if (!cur_char(&c, 'q') || !cur_char(&c, '=') ||
	    !cur_uint(&c, 1, &whole))
		return 1000;
	sum = whole * 1000;
	if (whole || !cur_char(&c, '.'))
		return sum;
	for (; unit && !cur_done(&c); unit /= 10) {
		struct cur one = { c.p, c.p + 1 };

		if (!cur_uint(&one, 9, &digit))
			break;
		sum += digit * unit;
		c.p++;
	}
	return sum;
}

static const char *known(str tag)
{
	str main_part = str_head(tag, str_find(tag, '-'));

	if (str_ieq(main_part, STR("ja")))
		return "ja";
	return str_ieq(main_part, STR("en")) ? "en" : NULL;
}

const char *guard_language(str asked, str accept, const char *usual)
{
	const char *best = known(asked);
	unsigned best_weight = 0;
	str part;

	if (best)
		return best;
	while (accept.n && str_split(&accept, ',', &part)) {
		size_t semicolon = str_find(part, ';');
		const char *tag = known(str_trim(str_head(part, semicolon)));
		unsigned w = weight(str_skip(part, semicolon + 1));

		if (tag && w > best_weight) {
			best = tag;
			best_weight = w;
		}
	}
	return best ? best : usual;
}
