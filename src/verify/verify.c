#include "verify/verify.h"

#include "base/limits.h"
#include "verify/dkim_rows.h"

#include <assert.h>

enum stage { STAGE_HEADERS, STAGE_BODY, STAGE_ENDED, STAGE_SETTLED };

struct envelope {
	struct ip ip;
	str helo, mail_from;
};

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
	enum { FIRST_BLOCK = 20480 }; /* a usual message takes 17 KB */
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
	v->envelope = (struct envelope){ ip, arena_str(v->arena, helo),
					 arena_str(v->arena, mail_from) };
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

	struct dkim_policy policy = {
		.now = v->options.now,
		.drift = v->options.drift,
		.min_key_bits = v->options.min_key_bits,
		.cache = v->options.keys,
		.scratch = &v->scratch,
	};

	v->stage = STAGE_BODY;
	dkim_rows_init(&v->dkim, v->arena, &v->header, &policy,
		       v->options.max_signatures);
	dkim_rows_ask(&v->dkim, v->asks);
	dkim_rows_headers(&v->dkim, &v->header, v->bodyhash);
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

static void settle(struct verify *v)
{
	v->verdict.header_too_large = v->header.too_large;
	v->verdict.header_malformed = v->header.malformed;
	dkim_rows_verdict(&v->dkim, v->arena, &v->verdict);
	v->stage = STAGE_SETTLED;
}

/* Signatures wait for the body anyway, and a key is cheaper looked at once:
 * nothing of DKIM runs before the end. */
bool verify_run(struct verify *v)
{
	if (v->stage != STAGE_ENDED)
		return v->stage == STAGE_SETTLED;
	if (!arena_enter(v->arena)) {
		give_up_memory(v);
		return true;
	}

	bool done = dkim_rows_step(&v->dkim, v->asks, v->bodyhash);

	assert(done || asks_outstanding(v->asks));
	if (done)
		settle(v);
	arena_leave(v->arena);
	return done;
}

void verify_give_up(struct verify *v)
{
	if (v->stage == STAGE_SETTLED)
		return;
	asks_cancel(v->asks);
	if (!arena_enter(v->arena)) {
		give_up_memory(v);
		return;
	}
	dkim_rows_give_up(&v->dkim);
	settle(v);
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
