/* What a client says, what it is told, and what becomes of the text: whole, cut
 * at every octet, and octet by octet. */
#include "base/limits.h"
#include "inbox/smtpd.h"
#include "test.h"

#include <stdlib.h>

struct trace {
	struct smtpd s;
	struct buf out, calls;
	enum smtpd_verdict on_data, on_end;
};

static enum smtpd_verdict on_rcpt(void *arg, str address)
{
	struct trace *t = arg;

	buf_printf(&t->calls, "rcpt(%.*s) ", STR_ARG(address));
	if (str_eq(address, STR("full@a.test")))
		return SMTPD_FULL;
	return str_iends(address, STR("@a.test")) ? SMTPD_OK : SMTPD_UNKNOWN;
}

static enum smtpd_verdict on_data(void *arg)
{
	struct trace *t = arg;
	char ip[IP_TEXT_MAX] = "";

	if (t->s.client.ip.family != IP_NONE)
		(void)ip_text(t->s.client.ip, ip);
	buf_printf(&t->calls, "data(%s %s %s) ", t->s.mail_from, ip,
		   t->s.client.helo);
	return t->on_data;
}

static void on_chunk(void *arg, str bytes)
{
	buf_put(&((struct trace *)arg)->calls, bytes);
}

static enum smtpd_verdict on_end(void *arg)
{
	struct trace *t = arg;

	buf_put(&t->calls, STR(" end "));
	return t->on_end;
}

static void on_abandon(void *arg)
{
	buf_put(&((struct trace *)arg)->calls, STR(" abandon "));
}

static const struct smtpd_handler handler = { on_rcpt, on_data, on_chunk,
					      on_end, on_abandon };

static void begin(struct trace *t)
{
	*t = (struct trace){ .out = buf_of(NULL, 1 << 20),
			     .calls = buf_of(NULL, 1 << 20) };
	smtpd_init(&t->s, &handler, t, "a.test", &t->out);
}

static void done(struct trace *t)
{
	buf_free(&t->out);
	buf_free(&t->calls);
}

/* As a connection gives it: what is left over comes again with what follows. */
static bool feed(struct trace *t, str text, size_t step)
{
	char *kept = malloc(text.n + 1);
	size_t n = 0;
	bool going = true;

	for (size_t at = 0; at < text.n && going; at += step) {
		str piece = str_head(str_skip(text, at), step);
		struct cur c;

		memcpy(kept + n, piece.p, piece.n);
		c = (struct cur){ kept, kept + n + piece.n };
		going = smtpd_input(&t->s, &c);
		n = (size_t)(c.end - c.p);
		memmove(kept, c.p, n);
	}
	free(kept);
	return going;
}

/* The first digits of all replies but those of EHLO that go on. */
static str codes(struct trace *t, struct buf *b)
{
	str rest = buf_str(&t->out), line;

	while (rest.n && str_split(&rest, '\n', &line))
		if (line.n > 4 && line.p[3] == ' ')
			buf_printf(b, "%.3s ", line.p);
	return buf_str(b);
}

#define ENVELOPE "EHLO c.test\r\nMAIL FROM:<x@c.test>\r\nRCPT TO:<t@a.test>\r\n"

static const struct {
	const char *in, *codes, *calls;
} cases[] = {
	{ "QUIT\r\n", "220 221 ", "" },
	{ "MAIL FROM:<>\r\nRCPT TO:<t@a.test>\r\nDATA\r\n", "220 503 503 503 ",
	  "" },
	{ "HELO c\r\nehlo\r\nEHLO \r\n", "220 250 501 501 ", "" },
	{ ENVELOPE "DATA\r\nA: b\r\n\r\nc\r\n.\r\nQUIT\r\n",
	  "220 250 250 250 354 250 221 ",
	  "rcpt(t@a.test) data(<x@c.test>  ) A: b\r\n\r\nc\r\n end " },
	/* dots: stuffed ones are taken away, and only CRLF.CRLF ends */
	{ ENVELOPE "DATA\r\n..\r\n.a\r\n...\r\na.\r\n.\r\n",
	  "220 250 250 250 354 250 ",
	  "rcpt(t@a.test) data(<x@c.test>  ) .\r\na\r\n..\r\na.\r\n end " },
	{ ENVELOPE "DATA\r\n.\r\nRSET\r\n", "220 250 250 250 354 250 250 ",
	  "rcpt(t@a.test) data(<x@c.test>  )  end " },
	{ ENVELOPE "DATA\r\na\n.\n\r\n.\nb\r.\r\r\n.\r\r\n.\r\n",
	  "220 250 250 250 354 250 ",
	  "rcpt(t@a.test) data(<x@c.test>  ) "
	  "a\n.\n\r\n\nb\r.\r\r\n\r\r\n end " },
	/* pipelined, and a second message */
	{ ENVELOPE "DATA\r\na\r\n.\r\nMAIL FROM:<>\r\n"
		   "RCPT TO:<u@a.test>\r\nDATA\r\nb\r\n.\r\n",
	  "220 250 250 250 354 250 250 250 354 250 ",
	  "rcpt(t@a.test) data(<x@c.test>  ) a\r\n end "
	  "rcpt(u@a.test) data(<>  ) b\r\n end " },
	/* recipients */
	{ "EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<t@b.test>\r\n"
	  "RCPT TO:<full@a.test>\r\nRCPT TO:<>\r\nRCPT TO:x y\r\n"
	  "RCPT TO:<t@a.test> NOTIFY=NEVER\r\nRCPT\r\nDATA\r\n",
	  "220 250 250 550 452 501 501 501 501 554 ",
	  "rcpt(t@b.test) rcpt(full@a.test) " },
	{ ENVELOPE "RCPT TO:<u@a.test>\r\nrcpt to: <\"a>b\"@b.test>\r\n",
	  "220 250 250 250 452 550 ",
	  "rcpt(t@a.test) rcpt(u@a.test) rcpt(\"a>b\"@b.test) " },
	/* senders */
	{ "EHLO c\r\nMAIL FROM:<a@b\r\nRSET\r\nMAIL FROM:<a@b> SIZE=1000 "
	  "BODY=8BITMIME SMTPUTF8\r\nMAIL FROM:<>\r\nRSET\r\n"
	  "MAIL FROM:<> SIZE=99999999\r\nMAIL FROM:<> SIZE=x\r\n"
	  "MAIL FROM:<> AUTH=<>\r\nMAIL TO:<>\r\nMAIL FROM:\r\n",
	  "220 250 501 250 250 503 250 552 552 555 501 501 ", "" },
	/* who it is for */
	{ "EHLO c\r\nXFORWARD ADDR=192.0.2.1 NAME=mx.c.test PORT=25\r\n"
	  "XFORWARD HELO=mx.c.test PROTO=ESMTP SOURCE=REMOTE\r\n"
	  "MAIL FROM:<x@c.test>\r\nXFORWARD ADDR=192.0.2.9\r\n"
	  "RCPT TO:<t@a.test>\r\nDATA\r\n.\r\nMAIL FROM:<>\r\n"
	  "RCPT TO:<t@a.test>\r\nDATA\r\n.\r\n",
	  "220 250 250 250 250 503 250 354 250 250 250 354 250 ",
	  "rcpt(t@a.test) data(<x@c.test> 192.0.2.1 mx.c.test)  end "
	  "rcpt(t@a.test) data(<>  )  end " },
	{ "EHLO c\r\nXFORWARD ADDR=IPV6:2001:db8::1 HELO=a+2Bb+20c+0A\r\n"
	  "MAIL FROM:<>\r\nRCPT TO:<t@a.test>\r\nDATA\r\n.\r\n",
	  "220 250 250 250 250 354 250 ",
	  "rcpt(t@a.test) data(<> 2001:db8::1 a+b c?)  end " },
	{ "EHLO c\r\nXFORWARD ADDR=[UNAVAILABLE] HELO=[UNAVAILABLE]\r\n"
	  "MAIL FROM:<>\r\nRCPT TO:<t@a.test>\r\nDATA\r\n.\r\n"
	  "XFORWARD\r\nXFORWARD ADDR\r\nXFORWARD =\r\n",
	  "220 250 250 250 250 354 250 501 501 501 ",
	  "rcpt(t@a.test) data(<>  )  end " },
	{ "XCLIENT ADDR=192.0.2.1 HELO=mx.c.test\r\nMAIL FROM:<>\r\nEHLO c\r\n"
	  "MAIL FROM:<>\r\nXCLIENT ADDR=192.0.2.9\r\nRCPT TO:<t@a.test>\r\n"
	  "DATA\r\n.\r\nRSET\r\nMAIL FROM:<>\r\nRCPT TO:<t@a.test>\r\n"
	  "DATA\r\n.\r\n",
	  "220 220 503 250 250 503 250 354 250 250 250 250 354 250 ",
	  "rcpt(t@a.test) data(<> 192.0.2.1 mx.c.test)  end "
	  "rcpt(t@a.test) data(<> 192.0.2.1 mx.c.test)  end " },
	/* what is none */
	{ "NOOP\nVRFY x\nHELP\n\nSTARTTLS\nBDAT 5 LAST\nRSET\n",
	  "220 250 252 214 500 500 500 250 ", "" },
	{ "POST / HTTP/1.1\r\nEHLO c\r\n", "220 421 ", "" },
	{ "\x16\x03\x01\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n"
	  "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nNOOP\r\n",
	  "220 500 500 500 500 500 500 500 500 500 500 500 500 500 500 500 "
	  "500 500 500 500 500 421 ",
	  "" },
};

static void sessions(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		str in = str_of(cases[i].in);

		for (size_t step = in.n; step;
		     step = step == 1 ? 0 : step / 7 + 1) {
			struct trace t;
			struct buf b = buf_of(NULL, 4096);

			begin(&t);
			(void)feed(&t, in, step);
			assert_str(codes(&t, &b), str_of(cases[i].codes));
			assert_str(buf_str(&t.calls), str_of(cases[i].calls));
			buf_free(&b);
			done(&t);
			if (step == 1)
				break;
		}
	}
}

static void refusals(void **state)
{
	static const struct {
		enum smtpd_verdict data, end;
		const char *codes;
	} rows[] = {
		{ SMTPD_OK, SMTPD_OK, "220 250 250 250 354 250 221 " },
		{ SMTPD_FULL, SMTPD_OK, "220 250 250 250 452 500 500 221 " },
		{ SMTPD_FAILED, SMTPD_OK, "220 250 250 250 451 500 500 221 " },
		{ SMTPD_OK, SMTPD_FAILED, "220 250 250 250 354 451 221 " },
		{ SMTPD_OK, SMTPD_TOO_LARGE, "220 250 250 250 354 552 221 " },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(rows); i++) {
		struct trace t;
		struct buf b = buf_of(NULL, 4096);

		begin(&t);
		t.on_data = rows[i].data;
		t.on_end = rows[i].end;
		assert_false(feed(
			&t, STR(ENVELOPE "DATA\r\nx\r\n.\r\nQUIT\r\n"), 1000));
		assert_str(codes(&t, &b), str_of(rows[i].codes));
		buf_free(&b);
		done(&t);
	}
}

/* A line of n octets, and one behind it. */
static void long_line(size_t n, const char *want)
{
	struct trace t;
	struct buf b = buf_of(NULL, 4096), in = buf_of(NULL, 1 << 20);

	begin(&t);
	buf_put(&in, STR("NOOP "));
	while (in.n < n)
		buf_putc(&in, 'x');
	buf_put(&in, STR("\r\nNOOP\r\n"));
	assert_true(feed(&t, buf_str(&in), 1000));
	assert_str(codes(&t, &b), str_of(want));
	buf_free(&b);
	buf_free(&in);
	done(&t);
}

static void limits(void **state)
{
	struct trace t;

	(void)state;
	long_line(LIMIT_SMTP_COMMAND, "220 250 250 ");
	long_line(LIMIT_SMTP_COMMAND + 1, "220 500 250 ");
	long_line(100 * (size_t)LIMIT_SMTP_COMMAND, "220 500 250 ");
	/* what a session that ends in the text leaves */
	begin(&t);
	assert_true(feed(&t, STR(ENVELOPE "DATA\r\nhalf"), 1000));
	smtpd_end(&t.s, true);
	assert_true(str_iends(buf_str(&t.calls), STR("half abandon ")));
	assert_true(str_iends(buf_str(&t.out),
			      STR("421 4.4.2 Too slow, closing\r\n")));
	done(&t);
}

/* A text without end is not taken for ever. */
static void endless(void **state)
{
	static char text[1 << 16];
	struct trace t;
	unsigned n = 0;
	bool going;

	(void)state;
	begin(&t);
	assert_true(feed(&t, STR(ENVELOPE "DATA\r\n"), 1000));
	memset(text, 'x', sizeof text);
	do {
		struct cur c = { text, text + sizeof text };

		going = smtpd_input(&t.s, &c);
		t.calls.n = 0;
		n++;
	} while (going && n < 10000);
	assert_in_range(n, LIMIT_SCORE_MESSAGE / sizeof text,
			5 * (LIMIT_SCORE_MESSAGE / sizeof text));
	assert_true(str_iends(buf_str(&t.out),
			      STR("552 5.3.4 Message too large\r\n")));
	done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions),
		cmocka_unit_test(refusals),
		cmocka_unit_test(limits),
		cmocka_unit_test(endless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
