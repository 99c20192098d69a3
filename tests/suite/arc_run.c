/* arc_run: judges and makes ARC sets from standard input, for suites that come
 * in other formats.  Lines of tab-separated words, \xHH in the last is a byte:
 *
 *	zone				a new, empty zone
 *	txt NAME DATA			a record
 *	now SECONDS			since 1970
 *	check ID MESSAGE		prints ID, result, instances,
 *					header.oldest-pass, reason
 *	key DOMAIN/SELECTOR PEM		who seals from now on
 *	names AUTHSERV-ID A:B:C		as whom, and covering which fields
 *	seal ID/TIME MESSAGE		prints ID and the three fields (\xHH), or ID
 *					and why there are none */
#include "arc/results.h"
#include "arc/seal.h"
#include "base/ascii.h"
#include "dns/zone.h"
#include "mail/feed.h"

#include <stdio.h>
#include <stdlib.h>

enum { WORDS = 3, LINE_MAX_BYTES = 1 << 20 };

struct runner {
	struct zone *zone;
	int64_t now;
	struct arena *arena; /* of one line */
	struct arena *kept; /* of the sealer */
	struct dkim_sign_options sealer;
	str authserv_id;
};

static str unescape(struct arena *arena, str s)
{
	char *to = arena_alloc(arena, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 3 < s.n && s.p[i + 1] == 'x') {
			to[n++] = (char)((unsigned)ascii_hex(s.p[i + 2]) << 4 |
					 (unsigned)ascii_hex(s.p[i + 3]));
			i += 3;
		} else {
			to[n++] = s.p[i];
		}
	}
	return (str){ to, n };
}

static void print_escaped(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_is(s.p[i], ASCII_PRINT) && s.p[i] != '\\')
			putchar(s.p[i]);
		else
			printf("\\x%02x", (unsigned char)s.p[i]);
}

/* One message on its way through. */
struct passing {
	struct runner *r;
	struct asks *asks;
	struct header header;
	struct bodyhash *bodyhash;
	struct arc_chain chain;
	struct arc_seal *seal; /* NULL: only judged */
	bool sealing;
};

static void on_field(void *arg, str raw)
{
	(void)header_add_raw(&((struct passing *)arg)->header, raw);
}

static void on_header_end(void *arg)
{
	struct passing *p = arg;
	struct dkim_policy policy = { .now = p->r->now, .drift = DKIM_DRIFT };

	p->bodyhash = bodyhash_new(p->r->arena);
	arc_chain_init(&p->chain, p->r->arena, &p->header, &policy);
	arc_chain_ask(&p->chain, p->asks);
	arc_chain_headers(&p->chain, &p->header, p->bodyhash);
	if (p->sealing)
		p->seal = arc_seal_new(p->r->arena, &p->r->sealer, &p->chain,
				       p->bodyhash);
}

static void on_body(void *arg, str chunk)
{
	bodyhash_feed(((struct passing *)arg)->bodyhash, chunk);
}

static void pass(struct passing *p, struct runner *r, str message)
{
	struct feed_sink sink = { p, on_field, NULL, on_header_end, on_body };
	struct feed *f = feed_new(r->arena, &sink);

	p->r = r;
	p->asks = asks_new(r->arena, zone_resolver(r->zone), 60);
	p->header = header_of(r->arena, 0, 0);
	feed_put(f, message);
	feed_end(f);
	bodyhash_end(p->bodyhash);
	if (!arc_chain_step(&p->chain, p->asks, p->bodyhash))
		arc_chain_give_up(&p->chain);
}

static bool check(struct runner *r, str id, str message)
{
	struct passing p = { 0 };
	str reason;

	pass(&p, r, message);
	reason = arc_chain_reason(&p.chain, r->arena);
	printf("%.*s\t%s\t%u\t%d\t%.*s\n", STR_ARG(id),
	       arc_result_word(p.chain.result), p.chain.sets.n,
	       p.chain.oldest_pass, STR_ARG(reason));
	return true;
}

static bool seal(struct runner *r, str id, str message)
{
	struct passing p = { .sealing = true };
	struct authres results;
	struct err e;
	str name, fields[3];

	(void)str_split(&id, '/', &name);
	r->sealer.timestamp = strtoll(id.p, NULL, 10);
	pass(&p, r, message);
	(void)arc_results_gather(r->arena, &p.header, r->authserv_id, &results);
	arc_results_complete(r->arena, &results, &p.chain,
			     (struct ip){ .family = IP_NONE });
	printf("%.*s", STR_ARG(name));
	if (!arc_seal_finish(p.seal, &p.chain, &p.header, p.bodyhash, &results,
			     fields, &e)) {
		printf("\t%s\n", e.text);
		return true;
	}
	for (int i = ARC_AS; i >= ARC_AAR; i--) {
		putchar('\t');
		print_escaped(fields[i]);
	}
	putchar('\n');
	return true;
}

static bool set_key(struct runner *r, str who, str pem)
{
	struct err e;
	str domain;

	(void)str_split(&who, '/', &domain);
	privkey_free(r->sealer.key);
	r->sealer = (struct dkim_sign_options){
		.key = privkey_parse(pem, &e),
		.domain = arena_str(r->kept, domain),
		.selector = arena_str(r->kept, who),
		.header_canon = CANON_RELAXED,
		.body_canon = CANON_RELAXED,
		.exact = true,
	};
	return r->sealer.key != NULL;
}

static bool set_names(struct runner *r, str id, str list)
{
	str rest = arena_str(r->kept, list), name;
	str *names = arena_array_of(r->kept, str, list.n + 1);
	size_t n = 0;

	while (str_split(&rest, ':', &name))
		names[n++] = name;
	r->sealer.sign = (struct dkim_names){ names, n };
	r->authserv_id = arena_str(r->kept, id);
	return true;
}

static bool set_zone(struct runner *r, str a, str b)
{
	(void)a, (void)b;
	zone_free(r->zone);
	r->zone = zone_new();
	return r->zone != NULL;
}

static bool set_now(struct runner *r, str seconds, str b)
{
	(void)b;
	r->now = strtoll(seconds.p, NULL, 10);
	return true;
}

static bool set_txt(struct runner *r, str name, str data)
{
	struct err e;

	return zone_add_txt(r->zone, name, data, &e);
}

static bool run_line(struct runner *r, str line)
{
	static const struct {
		const char *word;
		bool (*run)(struct runner *, str, str);
	} table[] = {
		{ "zone", set_zone }, { "now", set_now },
		{ "txt", set_txt },   { "check", check },
		{ "key", set_key },   { "names", set_names },
		{ "seal", seal },
	};
	str w[WORDS] = { STR_INIT(""), STR_INIT(""), STR_INIT("") };

	for (size_t i = 0; i < WORDS; i++)
		(void)str_split(&line, '\t', &w[i]);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (str_eq(w[0], str_of(table[i].word)))
			return table[i].run(r, w[1], unescape(r->arena, w[2]));
	return false;
}

int main(void)
{
	static char line[LINE_MAX_BYTES];
	struct runner r = { .zone = zone_new(),
			    .now = 1790000000,
			    .kept = arena_new(1 << 16) };
	bool ok = true;

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	while (ok && fgets(line, sizeof line, stdin)) {
		r.arena = arena_new(1 << 16);
		ok = run_line(&r, (str){ line, strcspn(line, "\n") });
		if (!ok)
			fprintf(stderr, "arc_run: bad line: %s\n", line);
		arena_free(r.arena);
	}
	privkey_free(r.sealer.key);
	zone_free(r.zone);
	arena_free(r.kept);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
