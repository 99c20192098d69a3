/* A chain judged and continued: octet 0 says how (bit 0: answers late, bit 1:
 * given up, bit 2: another canonicalization), then up to a NUL the TXT record of
 * every name, then the message. */
#include "arc/results.h"
#include "arc/seal.h"
#include "base/limits.h"
#include "dns/resolver.h"
#include "mail/feed.h"

#include <assert.h>

enum { NOW = 1790000000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct one {
	struct resolver r;
	struct dns_answer answer;
	struct dns_rr rr[2];
	struct asks *asks;
	unsigned ids[64], n;
	bool late;
};

static void send(struct resolver *r, struct asks *as, unsigned id,
		 enum dns_type type, str name)
{
	struct one *one = (struct one *)r;

	assert(type == DNS_TXT && name.n && one->n < 64);
	if (!one->late)
		asks_answer(as, id, &one->answer);
	else
		one->ids[one->n++] = id;
}

static void cancel(struct resolver *r, struct asks *as)
{
	(void)r, (void)as;
}

struct passing {
	struct arena *arena;
	struct asks *asks;
	struct header header;
	struct bodyhash *bodyhash;
	struct dkim_sign_options sealer;
	struct arc_chain chain;
	struct arc_seal *seal;
};

static const struct dkim_policy policy = { .now = NOW, .drift = DKIM_DRIFT };

static void on_field(void *arg, str raw)
{
	(void)header_add_raw(&((struct passing *)arg)->header, raw);
}

static void on_header_end(void *arg)
{
	struct passing *p = arg;

	p->bodyhash = bodyhash_new(p->arena);
	arc_chain_init(&p->chain, p->arena, &p->header, &policy);
	arc_chain_ask(&p->chain, p->asks);
	arc_chain_headers(&p->chain, &p->header, p->bodyhash);
	p->seal = arc_seal_new(p->arena, &p->sealer, &p->chain, p->bodyhash);
}

static void on_body(void *arg, str chunk)
{
	bodyhash_feed(((struct passing *)arg)->bodyhash, chunk);
}

static void look_at(struct passing *p)
{
	const struct arc_chain *c = &p->chain;

	assert(c->result != ARC_PENDING);
	assert((c->result == ARC_FAIL) == (c->why != NULL));
	assert(c->oldest_pass <= (int)c->sets.n);
	assert(c->sets.n <= LIMIT_ARC_SETS && c->n_keys <= LIMIT_ARC_KEYS);
	for (unsigned i = 0; i < c->sets.n; i++) {
		const struct arc_set *set = &c->sets.set[i];
		struct authres a;

		for (int part = ARC_AAR; part <= ARC_AS; part++)
			assert(c->result == ARC_FAIL || set->fields[part]);
		assert(c->result != ARC_PASS || set->seal.result == DKIM_PASS);
		if (set->fields[ARC_AAR])
			(void)arc_set_results(set, p->arena, &a);
	}
	(void)arc_chain_reason(c, p->arena);
}

/* What was added is one whole set more, and hurts nothing that was there. */
static void go_on(struct passing *p)
{
	struct header h = header_of(p->arena, 1 << 24, 4000);
	struct authres results;
	struct arc_sets sets;
	struct err e;
	str fields[3];

	(void)arc_results_gather(p->arena, &p->header, STR("mx.example.net"),
				 &results);
	arc_results_complete(p->arena, &results, &p->chain, (struct ip){ 0 });
	if (!arc_seal_finish(p->seal, &p->chain, &p->header, p->bodyhash,
			     &results, fields, &e))
		return;
	assert(!arc_seal_refusal(&p->chain));
	for (int i = ARC_AS; i >= ARC_AAR; i--)
		assert(header_add_raw(&h, fields[i]));
	for (size_t i = 0; i < p->header.n; i++)
		(void)header_add_raw(&h, p->header.fields[i].raw);
	arc_sets_read(&sets, p->arena, &h, &policy);
	assert(sets.n == p->chain.sets.n + 1);
	for (int i = ARC_AAR; i <= ARC_AS; i++)
		assert(sets.set[sets.n - 1].fields[i]);
	assert(sets.dead == (p->chain.result == ARC_FAIL));
	assert(sets.dead || !sets.why);
}

static void judge(struct arena *arena, const uint8_t *data, str rest)
{
	static struct privkey *key;
	struct one one = { .r = { .send = send, .cancel = cancel },
			   .late = data[0] & 1 };
	struct passing p = { .arena = arena };
	struct feed_sink sink = { &p, on_field, NULL, on_header_end, on_body };
	struct feed *feed = feed_new(arena, &sink);
	struct err e;

	if (!key)
		key = privkey_generate(KEY_ED25519, 0, &e);
	p.sealer = (struct dkim_sign_options){
		.domain = STR("example.net"),
		.selector = STR("sel"),
		.key = key,
		.header_canon = data[0] & 4 ? CANON_SIMPLE : CANON_RELAXED,
		.sign = dkim_names_arc,
		.never = dkim_names_arc_never,
		.oversign = dkim_names_oversign,
		.timestamp = NOW,
	};
	one.rr[0].data = str_head(rest, str_find(rest, '\0'));
	one.answer = (struct dns_answer){ .n = 1, .rr = one.rr };
	p.asks = asks_new(arena, &one.r, 60);
	p.header = header_of(arena, 0, 0);
	feed_put(feed, str_skip(rest, one.rr[0].data.n + 1));
	feed_end(feed);
	bodyhash_end(p.bodyhash);
	if (data[0] & 2)
		arc_chain_give_up(&p.chain);
	while (!arc_chain_step(&p.chain, p.asks, p.bodyhash)) {
		assert(one.n);
		asks_answer(p.asks, one.ids[--one.n], &one.answer);
	}
	look_at(&p);
	go_on(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(65536);

	if (size && arena_enter(arena)) {
		judge(arena, data, (str){ (const char *)data + 1, size - 1 });
		arena_leave(arena);
	}
	arena_free(arena);
	return 0;
}
