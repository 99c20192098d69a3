/* A script is what an MTA sends: "X" is a packet X without data, "X(data)" one
 * with data, where | stands for NUL.  The trace shows callbacks and replies in
 * their order. */
#include "milter/codec.h"
#include "milter/session.h"
#include "test.h"

struct trace {
	struct milter_session s;
	struct buf out, calls;
	enum milter_verdict on_connect, on_mail, on_rcpt, on_header, on_eoh,
		on_body, on_end;
	bool later, change;
};

static void show(struct buf *b, str s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_putc(b, (char)(s.p[i] ? s.p[i] : '|'));
}

static enum milter_verdict called(struct trace *t, const char *what, str a,
				  enum milter_verdict v)
{
	buf_printf(&t->calls, "%s(", what);
	show(&t->calls, a);
	buf_put(&t->calls, STR(") "));
	return v;
}

static enum milter_verdict on_connect(void *arg, const struct milter_peer *p)
{
	struct trace *t = arg;
	char ip[IP_TEXT_MAX] = "";

	if (p->ip.family != IP_NONE)
		(void)ip_text(p->ip, ip);
	called(t, "connect", p->host, MILTER_GO_ON);
	return called(t, "ip", str_of(ip), t->on_connect);
}

static enum milter_verdict on_helo(void *arg, str name)
{
	return called(arg, "helo", name, MILTER_GO_ON);
}

static enum milter_verdict on_mail(void *arg, str path)
{
	return called(arg, "mail", path, ((struct trace *)arg)->on_mail);
}

static enum milter_verdict on_rcpt(void *arg, str path)
{
	return called(arg, "rcpt", path, ((struct trace *)arg)->on_rcpt);
}

static enum milter_verdict on_header(void *arg, str name, str lead, str value)
{
	called(arg, "header", name, MILTER_GO_ON);
	called(arg, "lead", lead, MILTER_GO_ON);
	return called(arg, "value", value, ((struct trace *)arg)->on_header);
}

static enum milter_verdict on_eoh(void *arg)
{
	struct trace *t = arg;

	if (t->on_eoh == MILTER_REJECT)
		milter_set_reply(&t->s, "550", "5.7.1", STR("100% no\r\n"));
	return called(arg, "eoh", STR(""), t->on_eoh);
}

static enum milter_verdict on_body(void *arg, str chunk)
{
	return called(arg, "body", chunk, ((struct trace *)arg)->on_body);
}

static void on_end(void *arg)
{
	struct trace *t = arg;

	called(t, "end", milter_session_macro(&t->s, STR("i")), MILTER_GO_ON);
	if (t->later)
		return;
	if (t->change) {
		milter_changes(&t->s);
		milter_insert_header(&t->s, 1, STR("X"), STR("v"));
		milter_delete_header(&t->s, STR("Y"), 2);
	}
	milter_finish(&t->s, t->on_end);
}

static void on_message_end(void *arg)
{
	called(arg, "over", STR(""), MILTER_GO_ON);
}

static const struct milter_handler handler = {
	on_connect, on_helo, on_mail, on_rcpt,        on_header,
	on_eoh,     on_body, on_end,  on_message_end,
};

static str packets(struct buf *b, const char *script)
{
	while (*script) {
		char command = *script++;
		size_t mark = milter_begin(b, command);

		if (*script == '(') {
			for (script++; *script != ')'; script++)
				buf_putc(b, (char)(*script == '|' ? '\0'
								  : *script));
			script++;
		}
		milter_end(b, mark);
		while (*script == ' ')
			script++;
	}
	return buf_str(b);
}

/* Replies as letters, with their data and | for NUL when there is any. */
static void show_replies(struct trace *t)
{
	struct cur c = cur_of(buf_str(&t->out));
	struct milter_frame f;

	while (milter_take(&c, 1 << 20, &f) == MILTER_TAKEN) {
		buf_printf(&t->calls, "-> %c", f.command);
		show(&t->calls, f.data);
		buf_putc(&t->calls, ' ');
	}
	assert_true(cur_done(&c));
	t->out.n = 0;
}

static void negotiate(struct trace *t, uint32_t version, uint32_t steps)
{
	struct buf in = { .max = 1 << 20 };
	size_t mark = milter_begin(&in, 'O');

	milter_put_u32(&in, version);
	milter_put_u32(&in, 0x1ff);
	milter_put_u32(&in, steps);
	milter_end(&in, mark);

	struct cur c = cur_of(buf_str(&in));

	assert_true(milter_session_input(&t->s, &c));
	t->out.n = 0;
	buf_free(&in);
}

static bool feed(struct trace *t, const char *script)
{
	struct buf in = { .max = 1 << 20 };
	str bytes = packets(&in, script);
	bool ok = true;

	/* one more byte at a time must make no difference */
	size_t begin = 0;

	for (size_t n = 1; ok && n <= bytes.n; n++) {
		struct cur c = { bytes.p + begin, bytes.p + n };

		ok = milter_session_input(&t->s, &c);
		begin = (size_t)(c.p - bytes.p);
		show_replies(t);
	}
	buf_free(&in);
	return ok;
}

static void begin(struct trace *t, const struct milter_wish *wish)
{
	t->out = (struct buf){ .max = 1 << 20 };
	t->calls = (struct buf){ .max = 1 << 20 };
	milter_session_init(&t->s, &handler, t, wish);
	t->s.out = &t->out;
}

static void end(struct trace *t)
{
	milter_session_done(&t->s);
	buf_free(&t->out);
	buf_free(&t->calls);
}

enum {
	QUIET = MILTER_NR_HELO | MILTER_NR_MAIL | MILTER_NR_RCPT |
		MILTER_NR_DATA | MILTER_NR_HEADER | MILTER_NR_BODY |
		MILTER_NR_END_OF_HEADERS | MILTER_NR_CONNECT,
	LOUD = MILTER_SKIP | MILTER_LEADING_SPACE
};

#define HELLO "C(client.example|4xx192.0.2.1|) H(client.example|) "
#define SEEN "connect(client.example) ip(192.0.2.1) helo(client.example) "

static void plays_sessions(void **state)
{
	static const struct {
		uint32_t steps; /* wanted */
		struct trace t; /* what the callbacks return */
		const char *script, *want;
		bool closed;
	} cases[] = {
		/* a whole message without answers, and the macro i */
		{ QUIET | MILTER_LEADING_SPACE,
		  { .on_end = MILTER_ACCEPT },
		  HELLO "M(<a@example.org>|) R(<b@example.net>|) T "
			"D(Li|Q1|) L(To| x|) D(Ni|Q1|) N B(hi) D(Ei|Q1|) E A A",
		  SEEN "mail(a@example.org) rcpt(b@example.net) header(To) "
		       "lead() value( x) eoh() body(hi) end(Q1) over() -> a ",
		  false },
		/* every command answered, without leading spaces */
		{ MILTER_SKIP,
		  { .on_end = MILTER_GO_ON, .change = true },
		  HELLO "M(|) R(b@example.net|) T L(To|x|) N B(hi) E",
		  "connect(client.example) ip(192.0.2.1) -> c "
		  "helo(client.example) -> c mail() -> c rcpt(b@example.net) "
		  "-> c -> c header(To) lead( ) value(x) -> c eoh() -> c "
		  "body(hi) -> c end() over() -> i|||\1X|v| -> m|||\2Y|| -> c ",
		  false },
		/* K begins a new client; a body within E; IPv6 as sendmail's */
		{ QUIET,
		  { .on_end = MILTER_ACCEPT },
		  HELLO "M(<>|) K C(x|6xxIPv6:2001:db8::1|) M(<>|) L(A|b|) N "
			"E(end)",
		  SEEN "mail() over() connect(x) ip(2001:db8::1) mail() "
		       "header(A) lead( ) value(b) eoh() body(end) end() "
		       "over() -> a ",
		  false },
		/* an early verdict without an answer waits for E */
		{ QUIET,
		  { .on_header = MILTER_TEMPFAIL },
		  HELLO "M(a|) L(A|b|) L(C|d|) N B(x) E M(a|) L(A|b|) A",
		  SEEN "mail(a) header(A) lead( ) value(b) over() -> t mail(a) "
		       "header(A) lead( ) value(b) over() ",
		  false },
		/* with an answer it ends the message at once */
		{ LOUD,
		  { .on_eoh = MILTER_REJECT },
		  HELLO "M(a|) L(A| b|) N A M(a|) Q",
		  "connect(client.example) ip(192.0.2.1) -> c "
		  "helo(client.example) -> c mail(a) -> c header(A) lead() "
		  "value( b) -> c eoh() over() -> y550 5.7.1 100%% no  | "
		  "mail(a) -> c over() ",
		  true },
		/* what still comes after it is answered the same way */
		{ LOUD,
		  { .on_eoh = MILTER_ACCEPT },
		  HELLO "M(a|) N B(x) E M(a|) A",
		  "connect(client.example) ip(192.0.2.1) -> c "
		  "helo(client.example) -> c mail(a) -> c eoh() over() -> a "
		  "-> a -> a mail(a) -> c over() ",
		  false },
		/* a client to be left alone */
		{ QUIET & ~(uint32_t)MILTER_NR_CONNECT,
		  { .on_connect = MILTER_ACCEPT },
		  "C(client.example|4xx192.0.2.1|) M(a|) L(A|b|) N B(x) E",
		  "connect(client.example) ip(192.0.2.1) -> a -> a ",
		  false },
		/* a refused recipient leaves the message */
		{ LOUD,
		  { .on_rcpt = MILTER_TEMPFAIL, .on_end = MILTER_GO_ON },
		  HELLO "M(a|) R(b|) N E",
		  "connect(client.example) ip(192.0.2.1) -> c "
		  "helo(client.example) -> c mail(a) -> c rcpt(b) -> t eoh() "
		  "-> c end() over() -> c ",
		  false },
		/* recipients that the MTA refused are not shown */
		{ QUIET | MILTER_RCPT_REJECTED,
		  { .on_end = MILTER_GO_ON },
		  HELLO "M(a|) D(R{rcpt_mailer}|error|) R(b|) "
			"D(R{rcpt_mailer}|smtp|) R(c|) E",
		  SEEN "mail(a) rcpt(c) eoh() end() over() -> c ",
		  false },
		/* skip of a body, asked for and possible */
		{ LOUD,
		  { .on_body = MILTER_SKIP_BODY, .on_end = MILTER_GO_ON },
		  "M(a|) N B(x) E",
		  "mail(a) -> c eoh() -> c body(x) -> s end() over() -> c ",
		  false },
		/* abort while the verdict is due */
		{ QUIET,
		  { .later = true },
		  "M(a|) N E A M(b|) A",
		  "mail(a) eoh() end() over() mail(b) over() ",
		  false },
		/* MAIL again without A; HELO within a message */
		{ QUIET,
		  { .on_end = MILTER_GO_ON },
		  "M(a|) L(A|b|) M(c|) H(d|) M(e|) E",
		  "mail(a) header(A) lead( ) value(b) over() mail(c) over() "
		  "helo(d) mail(e) eoh() end() over() -> c ",
		  false },
		/* macros of MAIL that come before HELO are for it; those of the
		 * message before are gone */
		{ QUIET,
		  { .on_end = MILTER_GO_ON },
		  "D(Mi|Q1|) H(d|) M(e|) E A H(d|) M(e|) E",
		  "helo(d) mail(e) eoh() end(Q1) over() -> c helo(d) mail(e) "
		  "eoh() end() over() -> c ",
		  false },
		/* a NUL in a value is part of it */
		{ QUIET,
		  { .on_end = MILTER_GO_ON },
		  "M(a|) L(A|b\1|c|) A",
		  "mail(a) header(A) lead( ) value(b\1|c) over() ",
		  false },
		/* unknown SMTP commands are not ours */
		{ LOUD, { .later = true }, "U(FOO|) D(UX|y|)", "-> c ", false },
		/* out of order, cut short, unknown: that connection ends */
		{ QUIET, { .later = true }, "R(a|)", "", true },
		{ QUIET, { .later = true }, "L(A|b|)", "", true },
		{ QUIET, { .later = true }, "E", "", true },
		{ QUIET, { .later = true }, "N", "", true },
		{ QUIET, { .later = true }, "B(x)", "", true },
		{ QUIET,
		  { .later = true },
		  "M(a|) N N",
		  "mail(a) eoh() over() ",
		  true },
		{ QUIET,
		  { .later = true },
		  "M(a|) N L(A|b|)",
		  "mail(a) eoh() over() ",
		  true },
		{ QUIET,
		  { .later = true },
		  "M(a|) E E",
		  "mail(a) eoh() end() over() ",
		  true },
		{ QUIET,
		  { .later = true },
		  "M(a|) L(A|b)",
		  "mail(a) over() ",
		  true },
		{ QUIET,
		  { .later = true },
		  "M(a|) L(A)",
		  "mail(a) over() ",
		  true },
		{ QUIET, { .later = true }, "M(a)", "", true },
		{ QUIET, { .later = true }, "C(a|)", "", true },
		{ QUIET, { .later = true }, "C(a|4x)", "", true },
		{ QUIET, { .later = true }, "C(a|4xx192.0.2.1)", "", true },
		{ QUIET, { .later = true }, "D", "", true },
		{ QUIET, { .later = true }, "O", "", true },
		{ QUIET, { .later = true }, "Z", "", true },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct milter_wish wish = { .actions = MILTER_ADD_HEADERS,
					    .steps = cases[i].steps };
		struct trace t = cases[i].t;

		begin(&t, &wish);
		negotiate(&t, 6, 0x1fffff);
		assert_int_equal(feed(&t, cases[i].script), !cases[i].closed);
		milter_session_done(&t.s);
		assert_str(buf_str(&t.calls), str_of(cases[i].want));
		end(&t);
	}
}

static void negotiates(void **state)
{
	static const struct {
		uint32_t version, actions, steps;
		uint32_t want_version, want_actions, want_steps;
		bool closed;
	} cases[] = {
		{ 6, 0x1ff, 0x1fffff, 6, 0x111, 0x100480, false },
		{ 9, 0x1ff, 0x1fffff, 6, 0x111, 0x100480, false },
		{ 6, 0x001, 0x80, 6, 0x001, 0x80, false },
		{ 2, 0x1ff, 0x1fffff, 2, 0x011, 0, false },
		{ 1, 0x1ff, 0x1fffff, 0, 0, 0, true },
	};
	static const struct milter_wish wish = {
		.actions = 0x111,
		.steps = MILTER_NR_HEADER | MILTER_SKIP | MILTER_LEADING_SPACE,
		.symbols = { "j {client_addr}", NULL, NULL, NULL, NULL, "i" },
	};

	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct buf in = { .max = 64 };
		struct trace t = { .later = true };
		size_t mark = milter_begin(&in, 'O');

		milter_put_u32(&in, cases[i].version);
		milter_put_u32(&in, cases[i].actions);
		milter_put_u32(&in, cases[i].steps);
		milter_end(&in, mark);
		begin(&t, &wish);

		struct cur c = cur_of(buf_str(&in));

		assert_int_equal(milter_session_input(&t.s, &c),
				 !cases[i].closed);
		if (!cases[i].closed) {
			assert_int_equal(t.s.version, cases[i].want_version);
			assert_int_equal(t.s.actions, cases[i].want_actions);
			assert_int_equal(t.s.steps, cases[i].want_steps);
			assert_int_equal(t.out.n > 17,
					 (t.s.actions & 0x100) != 0);
		}
		buf_free(&in);
		end(&t);
	}
}

static void tempfails_when_changes_do_not_fit(void **state)
{
	static const struct milter_wish wish = { .steps = QUIET };
	struct trace t = { .later = true };
	char large[300];

	(void)state;
	begin(&t, &wish);
	negotiate(&t, 6, 0x1fffff);
	assert_true(feed(&t, "M(a|) E"));
	t.out.max = 256;
	t.out.n = 0;
	milter_changes(&t.s);
	memset(large, 'x', sizeof large);
	milter_insert_header(&t.s, 0, STR("A"), STR("small"));
	milter_insert_header(&t.s, 0, STR("B"), (str){ large, sizeof large });
	milter_finish(&t.s, MILTER_ACCEPT);
	assert_str(buf_str(&t.out), STR("\0\0\0\1t"));
	end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plays_sessions),
		cmocka_unit_test(negotiates),
		cmocka_unit_test(tempfails_when_changes_do_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
