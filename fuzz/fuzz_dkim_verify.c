/* A whole message judged, with its DNS answer: octet 0 says how (bit 0: answers
 * late, bit 1: given up, bits 2-4: size of body chunks), then up to a NUL the
 * TXT record of every name, then the message. */
#include "dns/resolver.h"
#include "verify/verify.h"

#include <assert.h>

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

	assert(type == DNS_TXT && name.n);
	if (!one->late) {
		asks_answer(as, id, &one->answer);
		return;
	}
	assert(one->n < 64);
	one->asks = as;
	one->ids[one->n++] = id;
}

static void cancel(struct resolver *r, struct asks *as)
{
	(void)as;
	((struct one *)r)->n = 0;
}

static void feed(struct verify *v, str message, size_t step)
{
	str line;

	while (message.n && str_split(&message, '\n', &line) && line.n &&
	       !str_eq(line, STR("\r"))) {
		str whole = line;

		/* folded lines belong together */
		while (message.n &&
		       (message.p[0] == ' ' || message.p[0] == '\t')) {
			(void)str_split(&message, '\n', &line);
			whole.n = (size_t)(line.p + line.n - whole.p);
		}
		(void)verify_header_raw(v, whole);
	}
	verify_end_of_headers(v);
	while (message.n) {
		verify_body(v, str_head(message, step));
		message = str_skip(message, step);
	}
	verify_end(v);
}

static void look_at(const struct verdict *d)
{
	for (size_t i = 0; i < d->n_dkim; i++) {
		const struct verdict_dkim *r = &d->dkim_rows[i];

		assert(r->result > DKIM_NONE);
		assert((r->result == DKIM_PASS) == !r->reason);
		assert(r->b_head.n <= r->b.n);
		assert(r->result != DKIM_PASS ||
		       (r->domain.n && r->key_bits && !r->unsigned_octets));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct one one = { .r = { .send = send, .cancel = cancel } };
	struct verify_options o = verify_defaults(1790000000);
	str rest = { (const char *)data + 1, size ? size - 1 : 0 };
	struct verify *v;

	if (!size)
		return 0;
	v = verify_new(&o, &one.r);
	if (!v)
		return 0;
	one.late = data[0] & 1;
	one.rr[0].data = str_head(rest, str_find(rest, '\0'));
	one.answer = (struct dns_answer){ .n = 1, .rr = one.rr };
	feed(v, str_skip(rest, one.rr[0].data.n + 1),
	     (size_t)1 << (data[0] >> 2 & 7));
	if (data[0] & 2)
		verify_give_up(v);
	while (one.n)
		asks_answer(one.asks, one.ids[--one.n], &one.answer);
	assert(verify_run(v));
	look_at(verify_verdict(v));
	verify_free(v);
	return 0;
}
