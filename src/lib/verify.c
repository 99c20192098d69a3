/* verify: a message in, rows out. */
#include "lib/message.h"
#include "verify/stamp.h"

#include <stdlib.h>
#include <time.h>

enum { LINE_MAX_ID = 255 };

static void on_field(void *arg, str raw)
{
	struct inkan_message *m = arg;

	(void)verify_header_raw(m->verify, raw);
}

static void on_too_large(void *arg)
{
	verify_header_too_large(((struct inkan_message *)arg)->verify);
}

static void on_end_of_header(void *arg)
{
	struct inkan_message *m = arg;

	m->in_body = true;
	verify_end_of_headers(m->verify);
}

static void on_body(void *arg, str chunk)
{
	verify_body(((struct inkan_message *)arg)->verify, chunk);
}

static struct verify_options options_of(const struct inkan_verify_options *o,
					struct keycache *keys)
{
	static const struct {
		unsigned here, there;
	} bits[] = {
		{ INKAN_METHOD_DKIM, VERIFY_DKIM },
		{ INKAN_METHOD_SPF, VERIFY_SPF },
		{ INKAN_METHOD_DMARC, VERIFY_DMARC },
		{ INKAN_METHOD_ARC, VERIFY_ARC },
		{ INKAN_METHOD_IPREV, VERIFY_IPREV },
	};
	struct verify_options v = verify_defaults(
		o->now < 0 ? (int64_t)time(NULL) : o->now);

	v.drift = o->clock_drift;
	v.max_signatures = o->max_signatures;
	v.min_key_bits = o->min_key_bits;
	v.keys = keys;
	v.receiver = str_of(o->receiver);
	for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
		if (o->methods & bits[i].here)
			v.methods |= bits[i].there;
	return v;
}

static bool start(struct inkan_message *m,
		  const struct inkan_verify_options *options)
{
	struct verify_options o = options_of(options, m->ctx->keys);
	struct resolver *r = m->ctx->dns ? dns_client_resolver(m->ctx->dns)
					 : &m->caller;

	m->arena = arena_new(4096);
	m->verify = m->arena ? verify_new(&o, r) : NULL;
	return m->verify != NULL;
}

struct inkan_message *inkan_verify_new(
	struct inkan *ctx, const struct inkan_verify_options *options,
	struct inkan_error *e)
{
	struct inkan_verify_options o = INKAN_VERIFY_OPTIONS_INIT;
	struct inkan_message *m;

	if (!lib_options(&o, sizeof o, options)) {
		(void)lib_error(e, INKAN_USAGE,
				"inkan_verify_options: wrong size");
		return NULL;
	}
	m = calloc(1, sizeof *m);
	if (m) {
		m->ctx = ctx;
		m->caller = (struct resolver){ .send = lib_caller_send,
					       .cancel = lib_caller_cancel };
	}
	if (!m || !start(m, &o)) {
		inkan_free_message(m);
		(void)lib_no_memory(e);
		return NULL;
	}
	return m;
}

bool inkan_envelope(struct inkan_message *m, const char *ip, const char *helo,
		    const char *mail_from, struct inkan_error *e)
{
	struct ip parsed;

	if (!ip || !ip_parse(str_of(ip), &parsed))
		return lib_error(e, INKAN_USAGE, "ip is not an address");
	if (m->in_body || m->ended)
		return lib_error(e, INKAN_USAGE, "the header has ended");
	verify_envelope(m->verify, parsed, str_of(helo), str_of(mail_from));
	return true;
}

void inkan_free_message(struct inkan_message *m)
{
	if (!m)
		return;
	verify_free(m->verify);
	arena_free(m->arena);
	free(m);
}

/* Memory ran out in the stream: nothing can be said of the message. */
static void give_up_memory(struct inkan_message *m)
{
	m->out_of_memory = m->settled = true;
}

static void open_feed(struct inkan_message *m)
{
	struct feed_sink sink = { m, on_field, on_too_large, on_end_of_header,
				  on_body };

	m->feed = feed_new(m->arena, &sink);
}

void inkan_feed(struct inkan_message *m, const void *bytes, size_t n)
{
	if (!n || m->ended || m->settled)
		return;
	if (!arena_enter(m->arena)) {
		give_up_memory(m);
		return;
	}
	if (!m->feed)
		open_feed(m);
	feed_put(m->feed, (str){ bytes, n });
	arena_leave(m->arena);
}

void inkan_header(struct inkan_message *m, const char *name, const void *value,
		  size_t n)
{
	if (!m->ended && !m->in_body)
		(void)verify_header(m->verify, str_of(name),
				    (str){ n ? value : "", n });
}

void inkan_end_of_headers(struct inkan_message *m)
{
	if (!m->ended && !m->in_body)
		on_end_of_header(m);
}

void inkan_body(struct inkan_message *m, const void *bytes, size_t n)
{
	if (!n || m->ended)
		return;
	inkan_end_of_headers(m);
	verify_body(m->verify, (str){ bytes, n });
}

void inkan_end(struct inkan_message *m)
{
	if (m->ended)
		return;
	if (!arena_enter(m->arena)) {
		give_up_memory(m);
		return;
	}
	if (m->feed && !m->settled)
		feed_end(m->feed);
	arena_leave(m->arena);
	inkan_end_of_headers(m);
	m->ended = true;
	verify_end(m->verify);
}

static void settle(struct inkan_message *m)
{
	const struct verdict *v = verify_verdict(m->verify);

	if (m->settled)
		return;
	m->settled = true;
	if (v->out_of_memory || !arena_enter(m->arena)) {
		m->out_of_memory = true;
		return;
	}
	lib_fill_results(m, v);
	arena_leave(m->arena);
}

bool inkan_settled(struct inkan_message *m)
{
	if (m->settled)
		return true;
	/* before its end too: questions that hang on answers leave */
	if (!verify_run(m->verify) || !m->ended)
		return false;
	settle(m);
	return true;
}

void inkan_give_up(struct inkan_message *m)
{
	if (m->settled)
		return;
	inkan_end(m);
	verify_give_up(m->verify);
	settle(m);
}

static int64_t milliseconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void inkan_wait(struct inkan_message *m, unsigned timeout_ms)
{
	int64_t deadline = milliseconds() + timeout_ms;

	inkan_end(m);
	while (!inkan_settled(m)) {
		int64_t left = deadline - milliseconds();

		if (!m->ctx->dns || (timeout_ms && left <= 0) ||
		    !dns_client_wait_for(m->ctx->dns, verify_asks(m->verify),
					 timeout_ms ? (unsigned)left : 0))
			break;
	}
	inkan_give_up(m);
}

const char *inkan_result_word(enum inkan_result result)
{
	static const char *const words[] = {
		[INKAN_NONE] = "none",
		[INKAN_PASS] = "pass",
		[INKAN_FAIL] = "fail",
		[INKAN_POLICY] = "policy",
		[INKAN_NEUTRAL] = "neutral",
		[INKAN_TEMPERROR] = "temperror",
		[INKAN_PERMERROR] = "permerror",
		[INKAN_SOFTFAIL] = "softfail",
	};

	return result >= INKAN_NONE && result <= INKAN_SOFTFAIL ? words[result]
								: "";
}

enum inkan_result inkan_dkim_result(const struct inkan_message *m)
{
	if (!m->settled)
		return INKAN_NONE;
	if (m->out_of_memory)
		return INKAN_TEMPERROR;
	return lib_result_of(verify_verdict(m->verify)->dkim);
}

const struct inkan_dkim *inkan_dkim_row(const struct inkan_message *m, size_t i)
{
	return i < m->n_rows ? &m->rows[i] : NULL;
}

static bool id_ok(const char *id)
{
	str s = str_of(id);

	if (!s.n || s.n > LINE_MAX_ID)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f ||
		    strchr(";\"\\()", s.p[i]))
			return false;
	return true;
}

static const char *write_field(struct inkan_message *m, const char *id)
{
	struct stamp_options o = { .authserv_id = str_of(id) };
	struct buf b = buf_of(m->arena, LIMIT_AUTHRES_BYTES + 64);
	str value = stamp_value(m->arena, verify_verdict(m->verify), &o);

	buf_put(&b, STR("Authentication-Results:"));
	if (value.n && value.p[0] != ' ')
		buf_putc(&b, ' ');
	buf_put(&b, value);
	return arena_cstr(m->arena, buf_str(&b));
}

const char *inkan_authres(struct inkan_message *m, const char *authserv_id,
			  struct inkan_error *e)
{
	const char *field;

	if (!m->settled || !id_ok(authserv_id)) {
		(void)lib_error(e, INKAN_USAGE,
				m->settled ? "authserv_id is no name"
					   : "the message is not settled yet");
		return NULL;
	}
	if (m->out_of_memory || !arena_enter(m->arena)) {
		(void)lib_no_memory(e);
		return NULL;
	}
	field = write_field(m, authserv_id);
	arena_leave(m->arena);
	return field;
}
