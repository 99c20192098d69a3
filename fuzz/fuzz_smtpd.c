/* What a client says to the SMTP server, cut where the first octet says: never a
 * message without its end, no line of text lost or made up, replies in form. */
#include "base/limits.h"
#include "inbox/smtpd.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct counts {
	unsigned begun, ended;
	size_t octets;
};

static enum smtpd_verdict on_rcpt(void *arg, str address)
{
	(void)arg;
	return address.n % 3 ? SMTPD_OK : SMTPD_UNKNOWN;
}

static enum smtpd_verdict on_data(void *arg)
{
	struct counts *c = arg;

	assert(c->begun == c->ended);
	c->begun++;
	return SMTPD_OK;
}

static void on_chunk(void *arg, str bytes)
{
	struct counts *c = arg;

	assert(c->begun == c->ended + 1 && bytes.n > 0);
	c->octets += bytes.n;
}

static enum smtpd_verdict on_end(void *arg)
{
	((struct counts *)arg)->ended++;
	return SMTPD_OK;
}

static void on_abandon(void *arg)
{
	((struct counts *)arg)->ended++;
}

static const struct smtpd_handler handler = { on_rcpt, on_data, on_chunk,
					      on_end, on_abandon };

/* Every line: three digits, then " " or "-", and CRLF. */
static void check_replies(str out)
{
	str line;

	while (out.n && str_split(&out, '\n', &line))
		assert(line.n > 4 && line.p[0] >= '2' && line.p[0] <= '5' &&
		       (line.p[3] == ' ' || line.p[3] == '-') &&
		       line.p[line.n - 1] == '\r');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct counts c = { 0 };
	struct buf out = buf_of(NULL, 8 << 20);
	struct smtpd s;
	char kept[2 * LIMIT_SMTP_COMMAND];
	size_t n = 0, step = size ? (size_t)data[0] * 8 + 1 : 1;
	bool going = true;

	if (!size || size > 65536)
		return 0;
	smtpd_init(&s, &handler, &c, "a.test", &out);
	for (size_t at = 1; at < size && going; at += step) {
		size_t part = size - at < step ? size - at : step;
		struct cur in;

		memcpy(kept + n, data + at, part);
		in = (struct cur){ kept, kept + n + part };
		going = smtpd_input(&s, &in);
		n = (size_t)(in.end - in.p);
		assert(n <= LIMIT_SMTP_COMMAND);
		memmove(kept, in.p, n);
	}
	smtpd_end(&s, false);
	assert(c.begun == c.ended && c.octets <= size);
	if (!out.overflow)
		check_replies(buf_str(&out));
	buf_free(&out);
	return 0;
}
