/* arc_run: judges and makes ARC sets from standard input, for suites that come
 * in other formats.  Lines of tab-separated words, \xHH in the last is a byte:
 *
 *	zone			a new, empty zone
 *	txt NAME DATA		a record
 *	fail NAME		every question about it times out
 *	check ID MESSAGE	prints ID, result, instances, header.oldest-pass,
 *				reason */
#include "arc/chain.h"
#include "base/ascii.h"
#include "dns/zone.h"
#include "mail/feed.h"

#include <stdio.h>
#include <stdlib.h>

enum { WORDS = 3, LINE_MAX_BYTES = 1 << 20, NOW = 1790000000 };

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

/* One message on its way through. */
struct judged {
	struct arena *arena;
	struct asks *asks;
	struct header header;
	struct bodyhash *bodyhash;
	struct arc_chain chain;
};

static void on_field(void *arg, str raw)
{
	(void)header_add_raw(&((struct judged *)arg)->header, raw);
}

static void on_header_end(void *arg)
{
	struct judged *j = arg;
	struct dkim_policy policy = { .now = NOW, .drift = DKIM_DRIFT };

	j->bodyhash = bodyhash_new(j->arena);
	arc_chain_init(&j->chain, j->arena, &j->header, &policy);
	arc_chain_ask(&j->chain, j->asks);
	arc_chain_headers(&j->chain, &j->header, j->bodyhash);
}

static void on_body(void *arg, str chunk)
{
	bodyhash_feed(((struct judged *)arg)->bodyhash, chunk);
}

static void judge(struct zone *z, struct arena *arena, str id, str message)
{
	struct judged j = { .arena = arena,
			    .asks = asks_new(arena, zone_resolver(z), 60),
			    .header = header_of(arena, 0, 0) };
	struct feed_sink sink = { &j, on_field, NULL, on_header_end, on_body };
	struct feed *f = feed_new(arena, &sink);

	feed_put(f, message);
	feed_end(f);
	bodyhash_end(j.bodyhash);
	if (!arc_chain_step(&j.chain, j.asks, j.bodyhash))
		arc_chain_give_up(&j.chain);

	str reason = arc_chain_reason(&j.chain, arena);

	printf("%.*s\t%s\t%u\t%d\t%.*s\n", STR_ARG(id),
	       arc_result_word(j.chain.result), j.chain.sets.n,
	       j.chain.oldest_pass, STR_ARG(reason));
}

static bool run_line(struct zone **z, struct arena *arena, const str *w)
{
	str last = unescape(arena, w[2]);
	struct err e;

	if (str_eq(w[0], STR("zone"))) {
		zone_free(*z);
		*z = zone_new();
		return true;
	}
	if (str_eq(w[0], STR("txt")))
		return zone_add_txt(*z, w[1], last, &e);
	if (str_eq(w[0], STR("fail")))
		return zone_add_failure(*z, w[1], &e);
	if (!str_eq(w[0], STR("check")))
		return false;
	judge(*z, arena, w[1], last);
	return true;
}

int main(void)
{
	static char line[LINE_MAX_BYTES];
	struct zone *z = zone_new();
	bool ok = true;

	while (ok && fgets(line, sizeof line, stdin)) {
		struct arena *arena = arena_new(1 << 16);
		str rest = { line, strcspn(line, "\n") };
		str w[WORDS] = { STR_INIT(""), STR_INIT(""), STR_INIT("") };

		for (size_t i = 0; i < WORDS; i++)
			(void)str_split(&rest, '\t', &w[i]);
		ok = run_line(&z, arena, w);
		if (!ok)
			fprintf(stderr, "arc_run: bad line: %s\n", line);
		arena_free(arena);
	}
	zone_free(z);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
