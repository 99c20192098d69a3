/* The first byte chooses what is negotiated and answered, the rest is the MTA.
 * However it comes, message_end follows mail once, and replies are packets. */
#include "milter/codec.h"
#include "milter/session.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
	struct milter_session s;
	int open;
	unsigned choice;
};

static enum milter_verdict mail(void *arg, str path)
{
	struct run *r = arg;

	(void)path;
	assert(r->open++ == 0);
	return MILTER_GO_ON;
}

static enum milter_verdict header(void *arg, str name, str lead, str value)
{
	struct run *r = arg;

	(void)lead;
	return name.n + value.n > 100 && r->choice & 1 ? MILTER_TEMPFAIL
						       : MILTER_GO_ON;
}

static enum milter_verdict eoh(void *arg)
{
	struct run *r = arg;

	return r->choice & 2 ? MILTER_REJECT : MILTER_GO_ON;
}

static enum milter_verdict body(void *arg, str chunk)
{
	struct run *r = arg;

	(void)chunk;
	return r->choice & 4 ? MILTER_SKIP_BODY : MILTER_GO_ON;
}

static void end(void *arg)
{
	struct run *r = arg;

	if (r->choice & 8)
		return;
	milter_changes(&r->s);
	milter_insert_header(&r->s, 0, STR("X"),
			     milter_session_macro(&r->s, STR("i")));
	milter_finish(&r->s, MILTER_ACCEPT);
}

static void message_end(void *arg)
{
	struct run *r = arg;

	assert(r->open-- == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct milter_handler handler = {
		.mail = mail,
		.header = header,
		.end_of_headers = eoh,
		.body = body,
		.end = end,
		.message_end = message_end,
	};
	if (!size)
		return 0;

	struct run r = { .choice = data[0] };
	struct milter_wish wish = {
		.actions = 0x1ff,
		.steps = data[0] & 16 ? 0x1ff480 : MILTER_LEADING_SPACE,
		.symbols = { "j" },
	};
	struct buf out = { .max = 65536 };
	struct cur in = { (const char *)data + 1, (const char *)data + size };
	struct milter_frame f;

	milter_session_init(&r.s, &handler, &r, &wish);
	r.s.out = &out;
	(void)milter_session_input(&r.s, &in);
	milter_session_done(&r.s);
	assert(r.open == 0);
	in = cur_of(buf_str(&out));
	while (milter_take(&in, 65536, &f) == MILTER_TAKEN)
		assert(f.command);
	assert(cur_done(&in) || out.overflow);
	buf_free(&out);
	return 0;
}
