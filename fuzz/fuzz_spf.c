/* The input: lines of answers, handed out in turn to whatever is asked; the
 * first line is the record, every name gets one. */
#include "base/ip.h"
#include "dns/resolver.h"
#include "spf/check.h"

#include <stdlib.h>

struct lines {
	struct resolver r;
	str input, rest;
};

static const struct dns_answer failed = { .status = DNS_TEMPFAIL };
static const struct dns_answer nothing = { .status = DNS_NXDOMAIN };

static void send_line(struct resolver *r, struct asks *as, unsigned id,
		      enum dns_type type, str name)
{
	struct lines *l = (struct lines *)r;
	struct arena *arena = asks_arena(as);
	struct dns_rr *rr = arena_new_of(arena, struct dns_rr);
	struct dns_answer *a = arena_new_of(arena, struct dns_answer);
	str line;

	(void)name;
	if (!str_split(&l->rest, '\n', &line)) {
		l->rest = l->input;
		(void)str_split(&l->rest, '\n', &line);
	}
	if (!line.n || line.p[0] == '!') {
		asks_answer(as, id, line.n ? &failed : &nothing);
		return;
	}
	rr->data = line;
	if (type == DNS_A || type == DNS_AAAA)
		rr->data = str_head(line, type == DNS_A ? 4 : 16);
	a->n = 1;
	a->rr = rr;
	asks_answer(as, id, a);
}

static void cancel(struct resolver *r, struct asks *as)
{
	(void)r, (void)as;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(4096);
	struct lines l = { .r = { .send = send_line, .cancel = cancel },
			   .input = { (const char *)data, size } };
	struct spf_query q = { .scope = SPF_MFROM,
			       .helo = STR("mx.example.org"),
			       .mail_from = STR("a+b@sub.example.org"),
			       .trace = true };

	l.rest = l.input;
	(void)ip_parse(STR("192.0.2.1"), &q.ip);
	if (arena_enter(arena)) {
		struct spf_verdict v = spf_check(asks_new(arena, &l.r, 100),
						 &q);

		if (v.result == SPF_PENDING || v.lookups > 11 || v.voids > 3)
			abort();
		arena_leave(arena);
	}
	arena_free(arena);
	return 0;
}
