#include "verify/verify.h"

#include "arc/results.h"
#include "arc/seal.h"
#include "base/limits.h"
#include "verify/dkim_rows.h"
#include "verify/dmarc_row.h"
#include "verify/envelope.h"

#include <assert.h>

enum stage { STAGE_HEADERS, STAGE_BODY, STAGE_ENDED, STAGE_SETTLED };

enum { CLAIMS_MAX = 32 };

struct verify {
	struct arena *arena;
	struct verify_options options;
	struct asks *asks;
	enum stage stage;
	bool out_of_memory;
	struct envelope envelope;
	struct header header;
	struct bodyhash *bodyhash;
	struct buf scratch;
	struct dkim_rows dkim;
	struct dmarc_row dmarc;
	struct verdict_dmarc dmarc_verdict;
	struct arc_chain arc;
	struct arc_seal *seal;
	bool envelope_done, dkim_done, dmarc_done, arc_done;
	struct dmarc_identifier *claims; /* CLAIMS_MAX; NULL: none */
	size_t n_claims;
	void (*on_dkim)(void *, struct arena *, struct verdict_dkim *rows,
			size_t n);
	void *on_dkim_arg;
	struct verdict verdict;
};

static const struct verdict no_memory = {
	.dkim = DKIM_TEMPERROR,
	.out_of_memory = true,
};

struct verify_options verify_defaults(int64_t now)
{
	return (struct verify_options){ .now = now, .drift = -1 };
}

/* What is left out of the options gets its default. */
static struct verify_options completed(const struct verify_options *given)
{
	struct verify_options o = *given;

	if (o.drift < 0)
		o.drift = DKIM_DRIFT;
	if (!o.max_signatures)
		o.max_signatures = LIMIT_SIGNATURES;
	if (!o.max_questions)
		o.max_questions = LIMIT_QUESTIONS;
	if (!o.max_memory)
		o.max_memory = LIMIT_MESSAGE_MEMORY;
	if (!o.methods)
		o.methods = VERIFY_DKIM;
	if (o.min_key_bits < LIMIT_RSA_BITS_MIN)
		o.min_key_bits = LIMIT_RSA_BITS_MIN;
	return o;
}

/* The boundary was reached a second time: nothing more is known. */
static void give_up_memory(struct verify *v)
{
	v->out_of_memory = true;
	v->stage = STAGE_SETTLED;
	if (v->asks)
		asks_cancel(v->asks);
}

struct verify *verify_new(const struct verify_options *options,
			  struct resolver *resolver)
{
	enum { FIRST_BLOCK = 12288 }; /* a usual message takes 12 KB */
	struct arena *arena = arena_new(FIRST_BLOCK);

	if (!arena)
		return NULL;
	if (!arena_enter(arena)) {
		arena_free(arena);
		return NULL;
	}

	struct verify *v = arena_new_of(arena, struct verify);

	v->arena = arena;
	v->options = completed(options);
	v->options.receiver = arena_str(arena, options->receiver);
	v->asks = asks_new(arena, resolver, v->options.max_questions);
	v->header = header_of(arena, v->options.max_header_bytes,
			      v->options.max_header_fields);
	v->bodyhash = bodyhash_new(arena);
	v->scratch = buf_of(arena, LIMIT_MESSAGE_MEMORY);
	arena_leave(arena);
	arena_limit(arena, v->options.max_memory);
	return v;
}

void verify_free(struct verify *v)
{
	if (!v)
		return;
	asks_cancel(v->asks);
	arena_free(v->arena);
}

void verify_on_answer(struct verify *v, void (*fn)(void *), void *arg)
{
	asks_on_answer(v->asks, fn, arg);
}

void verify_envelope(struct verify *v, struct ip ip, str helo, str mail_from)
{
	if (v->stage != STAGE_HEADERS)
		return;
	if (!arena_enter(v->arena)) {
		give_up_memory(v);
		return;
	}
	envelope_init(&v->envelope, v->arena, &v->options, ip, helo, mail_from);
	v->envelope_done = envelope_step(&v->envelope, v->asks);
	arena_leave(v->arena);
}

void verify_on_dkim(struct verify *v,
		    void (*fn)(void *, struct arena *,
			       struct verdict_dkim *rows, size_t n),
		    void *arg)
{
	v->on_dkim = fn;
	v->on_dkim_arg = arg;
}

void verify_claim(struct verify *v, enum dmarc_mechanism mechanism,
		  enum dmarc_status status, str domain)
{
	if (v->stage != STAGE_HEADERS || v->n_claims == CLAIMS_MAX)
		return;
	if (!arena_enter(v->arena)) {
		give_up_memory(v);
		return;
	}
	if (!v->claims)
		v->claims = arena_array_of(v->arena, struct dmarc_identifier,
					   CLAIMS_MAX);
	v->claims[v->n_claims++] = (struct dmarc_identifier){
		mechanism, status, arena_str(v->arena, domain)
	};
	arena_leave(v->arena);
}

bool verify_header(struct verify *v, str name, str value)
{
	if (v->stage != STAGE_HEADERS)
		return false;
	if (!arena_enter(v->arena)) {
		give_up_memory(v);
		return false;
	}

	bool ok = header_add(&v->header, name, value);

	arena_leave(v->arena);
	return ok;
}

bool verify_header_raw(struct verify *v, str raw)
{
	if (v->stage != STAGE_HEADERS)
		return false;
	if (!arena_enter(v->arena)) {
		give_up_memory(v);
		return false;
	}

	bool ok = header_add_raw(&v->header, raw);

	arena_leave(v->arena);
	return ok;
}

void verify_header_of(struct verify *v, const struct header *h)
{
	if (v->stage != STAGE_HEADERS)
		return;
	v->header = *h;
	v->header.arena = v->arena;
}

static enum dmarc_status status_of(enum dkim_result r)
{
	return r == DKIM_PENDING     ? DMARC_ID_PENDING
	       : r == DKIM_PASS      ? DMARC_ID_PASS
	       : r == DKIM_TEMPERROR ? DMARC_ID_TEMPERROR
				     : DMARC_ID_NO;
}

/* What is known so far of the domains that may stand for the message. */
static size_t identifiers(struct verify *v, struct dmarc_identifier **out)
{
	struct dmarc_identifier *ids = arena_array_of(
		v->arena, struct dmarc_identifier, v->dkim.n + v->n_claims + 1);
	size_t n = 0;

	for (size_t i = 0; i < v->dkim.n; i++)
		ids[n++] = (struct dmarc_identifier){
			DMARC_DKIM,
			status_of(v->dkim_done ? v->verdict.dkim_rows[i].result
					       : v->dkim.checks[i].result),
			v->dkim.checks[i].sig.domain_ascii
		};
	for (size_t i = 0; i < v->n_claims; i++)
		ids[n++] = v->claims[i];
	n += envelope_identifier(&v->envelope, &ids[n]);
	*out = ids;
	return n;
}

static bool wants(const struct verify *v, enum verify_method method)
{
	return v->options.methods & method;
}

/* What hangs on answers, but for DKIM: signatures wait for the body anyway, and
 * a key is cheaper looked at once. */
static void step(struct verify *v)
{
	struct dmarc_identifier *ids;
	size_t n;

	if (!v->envelope_done)
		v->envelope_done = envelope_step(&v->envelope, v->asks);
	if (v->dmarc_done || v->stage == STAGE_HEADERS)
		return;
	n = identifiers(v, &ids);
	v->dmarc_done = dmarc_row_step(&v->dmarc, v->asks, ids, n);
}

static void begin_signatures(struct verify *v)
{
	struct dkim_policy policy = {
		.now = v->options.now,
		.drift = v->options.drift,
		.min_key_bits = v->options.min_key_bits,
		.cover = v->options.cover,
		.cache = v->options.keys,
		.scratch = &v->scratch,
	};

	if (wants(v, VERIFY_DKIM)) {
		dkim_rows_init(&v->dkim, v->arena, &v->header, &policy,
			       v->options.max_signatures);
		dkim_rows_ask(&v->dkim, v->asks);
		dkim_rows_headers(&v->dkim, &v->header, v->bodyhash);
	}
	v->arc_done = !wants(v, VERIFY_ARC);
	if (!v->arc_done) {
		arc_chain_init(&v->arc, v->arena, &v->header, &policy);
		arc_chain_ask(&v->arc, v->asks);
		arc_chain_headers(&v->arc, &v->header, v->bodyhash);
	}
}

/* All that is known now is asked for now, so that the answers come together
 * and, mostly, before the body is in. */
void verify_end_of_headers(struct verify *v)
{
	if (v->stage != STAGE_HEADERS)
		return;
	if (!arena_enter(v->arena)) {
		give_up_memory(v);
		return;
	}

	v->stage = STAGE_BODY;
	begin_signatures(v);
	v->dmarc_done = !wants(v, VERIFY_DMARC);
	if (!v->dmarc_done)
		dmarc_row_init(&v->dmarc, v->arena, &v->header,
			       v->options.suffixes);
	step(v);
	arena_leave(v->arena);
}

void verify_body(struct verify *v, str chunk)
{
	verify_end_of_headers(v);
	if (v->stage != STAGE_BODY)
		return;
	if (!arena_enter(v->arena)) {
		give_up_memory(v);
		return;
	}
	bodyhash_feed(v->bodyhash, chunk);
	arena_leave(v->arena);
}

bool verify_wants_body(const struct verify *v)
{
	return v->stage == STAGE_HEADERS ||
	       (v->stage == STAGE_BODY && !bodyhash_full(v->bodyhash));
}

void verify_end(struct verify *v)
{
	verify_end_of_headers(v);
	if (v->stage != STAGE_BODY)
		return;
	if (!arena_enter(v->arena)) {
		give_up_memory(v);
		return;
	}
	bodyhash_end(v->bodyhash);
	v->stage = STAGE_ENDED;
	arena_leave(v->arena);
}

static void finish_dkim(struct verify *v)
{
	struct verdict *out = &v->verdict;

	v->dkim_done = true;
	if (!wants(v, VERIFY_DKIM)) {
		out->dkim = DKIM_NONE;
		return;
	}
	out->dkim_judged = true;
	dkim_rows_verdict(&v->dkim, v->arena, out);
	if (!v->on_dkim)
		return;
	v->on_dkim(v->on_dkim_arg, v->arena, out->dkim_rows, out->n_dkim);
	out->dkim = verdict_summary(out->dkim_rows, out->n_dkim);
}

static void settle(struct verify *v)
{
	struct verdict *out = &v->verdict;

	out->header_too_large = v->header.too_large;
	out->header_malformed = v->header.malformed;
	envelope_verdict(&v->envelope, out);
	out->arc = verify_chain(v);
	if (wants(v, VERIFY_DMARC)) {
		dmarc_row_verdict(&v->dmarc, &v->dmarc_verdict);
		out->dmarc = &v->dmarc_verdict;
	}
	v->stage = STAGE_SETTLED;
}

static bool advance(struct verify *v)
{
	if (v->stage == STAGE_ENDED && !v->dkim_done &&
	    dkim_rows_step(&v->dkim, v->asks, v->bodyhash))
		finish_dkim(v);
	if (v->stage == STAGE_ENDED && !v->arc_done)
		v->arc_done = arc_chain_step(&v->arc, v->asks, v->bodyhash);
	step(v);
	if (!v->dkim_done || !v->envelope_done || !v->dmarc_done ||
	    !v->arc_done)
		return false;
	settle(v);
	return true;
}

bool verify_run(struct verify *v)
{
	if (v->stage == STAGE_SETTLED)
		return true;
	if (!arena_enter(v->arena)) {
		give_up_memory(v);
		return v->stage == STAGE_SETTLED;
	}

	bool done = advance(v);

	assert(done || v->stage != STAGE_ENDED || asks_outstanding(v->asks));
	arena_leave(v->arena);
	return done;
}

void verify_give_up(struct verify *v)
{
	if (v->stage == STAGE_SETTLED)
		return;
	verify_end_of_headers(v);
	asks_give_up(v->asks);
	if (!arena_enter(v->arena)) {
		give_up_memory(v);
		return;
	}
	if (!v->dkim_done) {
		dkim_rows_give_up(&v->dkim);
		finish_dkim(v);
	}
	if (!v->arc_done) {
		arc_chain_give_up(&v->arc);
		v->arc_done = true;
	}

	bool done = advance(v);

	assert(done);
	(void)done;
	arena_leave(v->arena);
}

unsigned verify_open_questions(const struct verify *v)
{
	return asks_outstanding(v->asks);
}

const struct verdict *verify_verdict(const struct verify *v)
{
	assert(v->stage == STAGE_SETTLED);
	return v->out_of_memory ? &no_memory : &v->verdict;
}

const struct arc_chain *verify_chain(const struct verify *v)
{
	return wants(v, VERIFY_ARC) && v->stage != STAGE_HEADERS ? &v->arc
								 : NULL;
}

bool verify_seal_begin(struct verify *v,
		       const struct dkim_sign_options *options)
{
	if (v->stage != STAGE_BODY || !wants(v, VERIFY_ARC))
		return false;
	if (!arena_enter(v->arena)) {
		give_up_memory(v);
		return false;
	}
	v->seal = arc_seal_new(v->arena, options, &v->arc, v->bodyhash);
	arena_leave(v->arena);
	return true;
}

bool verify_seal_finish(struct verify *v, const struct header *header,
			const struct authres *results, str fields[3],
			struct err *e)
{
	struct authres all = *results;
	bool ok;

	assert(v->stage == STAGE_SETTLED);
	if (v->out_of_memory || !v->seal || !arena_enter(v->arena))
		return err_set(e, ERR_INTERNAL, "out of memory");
	arc_results_complete(v->arena, &all, &v->arc, v->envelope.ip);
	ok = arc_seal_finish(v->seal, &v->arc, header, v->bodyhash, &all,
			     fields, e);
	arena_leave(v->arena);
	return ok;
}

const struct header *verify_fields(const struct verify *v)
{
	return &v->header;
}

struct bodyhash *verify_bodyhash(struct verify *v)
{
	return v->bodyhash;
}

const struct asks *verify_asks(const struct verify *v)
{
	return v->asks;
}

void verify_header_too_large(struct verify *v)
{
	if (v->stage == STAGE_HEADERS)
		v->header.too_large = true;
}

void verify_without(struct verify *v, unsigned methods)
{
	v->options.methods &= ~methods;
}
