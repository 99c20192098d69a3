/* spf_run: evaluates SPF cases from standard input, for suites that come in
 * other formats.  Lines of tab-separated words:
 *
 *	zone				a new, empty zone
 *	txt|a|aaaa|ptr|cname NAME DATA	a record (\xHH in DATA is a byte)
 *	mx NAME PREFERENCE HOST
 *	fail NAME			every question about it times out
 *	check ID IP HELO MAILFROM	prints ID, result, explanation */
#include "base/ascii.h"
#include "dns/zone.h"
#include "spf/check.h"

#include <stdio.h>
#include <stdlib.h>

enum { WORDS = 5, LINE_MAX_BYTES = 1 << 17 };

static size_t split_line(str line, str *words)
{
	size_t n = 0;

	while (n < WORDS && str_split(&line, '\t', &words[n]))
		n++;
	while (n < WORDS)
		words[n++] = STR("");
	return n;
}

static str unescape(struct arena *arena, str s)
{
	char *to = arena_alloc(arena, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 3 < s.n && s.p[i + 1] == 'x') {
			to[n++] = (char)(ascii_hex(s.p[i + 2]) << 4 |
					 ascii_hex(s.p[i + 3]));
			i += 3;
		} else {
			to[n++] = s.p[i];
		}
	}
	return (str){ to, n };
}

static str without_dot(str name)
{
	return name.n && name.p[name.n - 1] == '.' ? str_head(name, name.n - 1)
						   : name;
}

static bool add_rr(struct zone *z, str name, enum dns_type type, str data,
		   uint16_t preference)
{
	struct dns_rr rr = { .data = data, .preference = preference };
	struct err e;

	return zone_add(z, name, type, 60, &rr, &e);
}

static bool add_address(struct zone *z, const str *w, bool v6)
{
	struct ip ip;

	return ip_parse(w[2], &ip) &&
	       add_rr(z, w[1], v6 ? DNS_AAAA : DNS_A,
		      (str){ (char *)ip.b, v6 ? 16 : 4 }, 0);
}

static bool add(struct zone *z, struct arena *arena, const str *w)
{
	struct err e;

	if (str_eq(w[0], STR("txt")))
		return zone_add_txt(z, w[1], unescape(arena, w[2]), &e);
	if (str_eq(w[0], STR("a")))
		return add_address(z, w, false);
	if (str_eq(w[0], STR("aaaa")))
		return add_address(z, w, true);
	if (str_eq(w[0], STR("ptr")))
		return add_rr(z, w[1], DNS_PTR, without_dot(w[2]), 0);
	if (str_eq(w[0], STR("cname")))
		return add_rr(z, w[1], DNS_CNAME, without_dot(w[2]), 0);
	if (str_eq(w[0], STR("mx")))
		return add_rr(z, w[1], DNS_MX, without_dot(w[3]),
			      (uint16_t)strtoul(w[2].p, NULL, 10));
	return str_eq(w[0], STR("fail")) && zone_add_failure(z, w[1], &e);
}

static bool check(struct zone *z, const str *w)
{
	struct arena *arena = arena_new(1 << 16);
	struct spf_query q = {
		.scope = SPF_MFROM,
		.helo = w[3],
		.mail_from = w[4],
	};
	struct spf_verdict v;
	bool ok = ip_parse(w[2], &q.ip);

	v = spf_check(asks_new(arena, zone_resolver(z), 200), &q);
	printf("%.*s\t%s\t%.*s\n", STR_ARG(w[1]), spf_result_word(v.result),
	       STR_ARG(v.explanation.p ? v.explanation : STR("DEFAULT")));
	arena_free(arena);
	return ok;
}

int main(void)
{
	static char line[LINE_MAX_BYTES];
	struct arena *arena = arena_new(1 << 16);
	struct zone *z = zone_new();
	bool ok = true;

	while (ok && fgets(line, sizeof line, stdin)) {
		str words[WORDS];

		line[strcspn(line, "\n")] = '\0';
		(void)split_line(str_of(line), words);
		if (str_eq(words[0], STR("zone"))) {
			zone_free(z);
			z = zone_new();
		} else if (str_eq(words[0], STR("check"))) {
			ok = check(z, words);
		} else {
			ok = add(z, arena, words);
		}
		if (!ok)
			fprintf(stderr, "spf_run: bad line: %s\n", line);
	}
	zone_free(z);
	arena_free(arena);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
