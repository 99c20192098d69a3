#include "inbox/smtpd.h"

#include "base/ascii.h"
#include "base/limits.h"
#include "mail/address.h"

#include <stdio.h>

static void say(struct smtpd *s, const char *line)
{
	buf_printf(s->out, "%s\r\n", line);
}

void smtpd_init(struct smtpd *s, const struct smtpd_handler *handler, void *arg,
		const char *name, struct buf *out)
{
	*s = (struct smtpd){ .handler = handler,
			     .arg = arg,
			     .name = name,
			     .out = out };
	buf_printf(out, "220 %s ESMTP\r\n", name);
}

static void close_session(struct smtpd *s, const char *last)
{
	if (last)
		say(s, last);
	s->state = SMTPD_CLOSED;
}

/* One mistake more. */
static void refuse(struct smtpd *s, const char *line)
{
	say(s, line);
	if (++s->errors >= LIMIT_SMTP_ERRORS)
		close_session(s, "421 4.7.0 Too many errors, closing");
}

static void reset(struct smtpd *s)
{
	s->client = s->session;
	s->mail_from[0] = '\0';
	if (s->state > SMTPD_READY)
		s->state = SMTPD_READY;
}

static const char *reply_of(enum smtpd_verdict v)
{
	switch (v) {
	case SMTPD_OK:
		return "250 2.0.0 Taken";
	case SMTPD_UNKNOWN:
		return "550 5.1.1 No such test address, or its time is over";
	case SMTPD_FULL:
		return "452 4.3.1 Too many messages wait, try again later";
	case SMTPD_TOO_LARGE:
		return "552 5.3.4 Message too large";
	default:
		return "451 4.3.0 The message cannot be kept, try again later";
	}
}

/* ---- arguments ---- */

/* The path, with its brackets if it has some; quoted strings may hold ">". */
static str take_path(struct cur *c)
{
	bool bracket = cur_peek(c) == '<', quoted = false;
	str rest = cur_rest(c);
	size_t n = 0;

	for (; n < rest.n; n++) {
		char b = rest.p[n];

		if (quoted && b == '\\' && n + 1 < rest.n)
			n++;
		else if (b == '"')
			quoted = !quoted;
		else if (!quoted && ((bracket && b == '>') || b == ' '))
			break;
	}
	if (bracket && n < rest.n && rest.p[n] == '>')
		n++;
	c->p += n;
	return str_head(rest, n);
}

static str take_word(struct cur *c)
{
	cur_spaces(c);
	return cur_until(c, ' ');
}

static bool is_word(str word, const char *want)
{
	return str_ieq(word, str_of(want));
}

/* xtext (RFC 3461 4) as long as it fits; control octets become "?". */
static str decode(str s, char *to, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && n < max; i++) {
		char b = s.p[i];

		if (b == '+' && i + 2 < s.n && ascii_hex(s.p[i + 1]) >= 0 &&
		    ascii_hex(s.p[i + 2]) >= 0) {
			b = (char)(ascii_hex(s.p[i + 1]) << 4 |
				   ascii_hex(s.p[i + 2]));
			i += 2;
		}
		to[n++] = (unsigned char)b < 0x20 || b == 0x7f ? '?' : b;
	}
	return (str){ to, n };
}

/* "192.0.2.1", "IPV6:2001:db8::1"; "[UNAVAILABLE]" is no address */
static void set_address(struct smtpd_client *c, str value)
{
	if (str_istarts(value, STR("IPV6:")))
		value = str_skip(value, sizeof "IPV6:" - 1);
	if (!ip_parse(value, &c->ip))
		c->ip.family = IP_NONE;
}

/* Attributes of XFORWARD and XCLIENT; those that say nothing of whence it came
 * are passed over.  False: that is none. */
static bool take_attributes(struct cur *c, struct smtpd_client *out)
{
	unsigned n = 0;
	str word;

	for (; (word = take_word(c)).n; n++) {
		size_t equal = str_find(word, '=');
		str name = str_head(word, equal);
		char text[sizeof out->helo];
		str value = decode(str_skip(word, equal + 1), text,
				   sizeof text - 1);

		if (!name.n || equal == word.n)
			return false;
		if (is_word(name, "ADDR")) {
			set_address(out, value);
		} else if (is_word(name, "HELO")) {
			if (value.n && value.p[0] == '[' &&
			    (is_word(value, "[UNAVAILABLE]") ||
			     is_word(value, "[TEMPUNAVAIL]")))
				value.n = 0;
			memcpy(out->helo, value.p, value.n);
			out->helo[value.n] = '\0';
		}
	}
	return n > 0;
}

/* ---- commands ---- */

static void on_ehlo(struct smtpd *s, str name, bool extended)
{
	if (!str_trim(name).n) {
		refuse(s, "501 5.5.4 EHLO wants a name");
		return;
	}
	reset(s);
	s->state = SMTPD_READY;
	if (!extended) {
		buf_printf(s->out, "250 %s\r\n", s->name);
		return;
	}
	buf_printf(s->out,
		   "250-%s\r\n250-PIPELINING\r\n250-SIZE %d\r\n"
		   "250-8BITMIME\r\n250-SMTPUTF8\r\n"
		   "250-ENHANCEDSTATUSCODES\r\n"
		   "250-XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE\r\n"
		   "250 XCLIENT NAME ADDR PORT PROTO HELO\r\n",
		   s->name, (int)LIMIT_SCORE_MESSAGE);
}

/* NULL: the parameters of MAIL are fine. */
static const char *problem_of(struct cur *c)
{
	str word;

	while ((word = take_word(c)).n) {
		struct cur value = cur_of(
			str_skip(word, str_find(word, '=') + 1));
		str name = str_head(word, str_find(word, '='));
		uint32_t size;

		if (is_word(name, "SIZE")) {
			if (!cur_uint(&value, UINT32_MAX, &size) ||
			    size > LIMIT_SCORE_MESSAGE)
				return reply_of(SMTPD_TOO_LARGE);
		} else if (!is_word(name, "BODY") &&
			   !is_word(name, "SMTPUTF8")) {
			return "555 5.5.4 Unknown parameter";
		}
	}
	return NULL;
}

static void on_mail(struct smtpd *s, struct cur *c)
{
	struct path path;
	const char *problem;
	str text;

	if (s->state != SMTPD_READY) {
		refuse(s, s->state == SMTPD_START
				  ? "503 5.5.1 EHLO first"
				  : "503 5.5.1 One sender at a time");
		return;
	}
	cur_spaces(c);
	if (!cur_word(c, "from:")) {
		refuse(s, "501 5.5.4 MAIL FROM:<ADDRESS>");
		return;
	}
	cur_spaces(c);
	text = take_path(c);
	if (!text.n || text.n >= sizeof s->mail_from ||
	    !path_parse(text, &path)) {
		refuse(s, "501 5.1.7 That is no sender");
		return;
	}
	problem = problem_of(c);
	if (problem) {
		refuse(s, problem);
		return;
	}
	memcpy(s->mail_from, text.p, text.n);
	s->mail_from[text.n] = '\0';
	s->state = SMTPD_MAIL;
	say(s, "250 2.1.0 Ok");
}

static void on_rcpt(struct smtpd *s, struct cur *c)
{
	char address[SMTPD_PATH];
	struct buf b = { .p = address,
			 .cap = sizeof address,
			 .max = sizeof address };
	struct path path;
	enum smtpd_verdict v;
	str text;

	if (s->state != SMTPD_MAIL && s->state != SMTPD_RCPT) {
		refuse(s, "503 5.5.1 MAIL first");
		return;
	}
	cur_spaces(c);
	if (!cur_word(c, "to:")) {
		refuse(s, "501 5.5.4 RCPT TO:<ADDRESS>");
		return;
	}
	cur_spaces(c);
	text = take_path(c);
	if (!path_parse(text, &path) || path.null || take_word(c).n) {
		refuse(s, "501 5.1.3 That is no recipient");
		return;
	}
	buf_printf(&b, "%.*s@%.*s", STR_ARG(path.local), STR_ARG(path.domain));
	v = b.overflow ? SMTPD_UNKNOWN : s->handler->rcpt(s->arg, buf_str(&b));
	if (v != SMTPD_OK) {
		refuse(s, reply_of(v));
	} else if (s->state == SMTPD_RCPT) {
		say(s, "452 4.5.3 One recipient at a time");
	} else {
		s->state = SMTPD_RCPT;
		say(s, "250 2.1.5 Ok");
	}
}

static void on_data(struct smtpd *s)
{
	enum smtpd_verdict v;

	if (s->state != SMTPD_RCPT) {
		refuse(s, s->state == SMTPD_MAIL
				  ? "554 5.5.1 No valid recipients"
				  : "503 5.5.1 MAIL first");
		return;
	}
	v = s->handler->data(s->arg);
	if (v != SMTPD_OK) {
		refuse(s, reply_of(v));
		reset(s);
		return;
	}
	s->state = SMTPD_DATA;
	s->text = TEXT_START;
	s->octets = 0;
	say(s, "354 End with <CRLF>.<CRLF>");
}

static void on_xforward(struct smtpd *s, struct cur *c)
{
	struct smtpd_client client = s->client;

	if (s->state != SMTPD_READY) {
		refuse(s, "503 5.5.1 Not now");
	} else if (!take_attributes(c, &client)) {
		refuse(s, "501 5.5.4 XFORWARD NAME=VALUE");
	} else {
		s->client = client;
		say(s, "250 2.0.0 Ok");
	}
}

/* A new session, in the name of another client. */
static void on_xclient(struct smtpd *s, struct cur *c)
{
	struct smtpd_client client = s->session;

	if (s->state > SMTPD_READY) {
		refuse(s, "503 5.5.1 Not now");
	} else if (!take_attributes(c, &client)) {
		refuse(s, "501 5.5.4 XCLIENT NAME=VALUE");
	} else {
		s->session = client;
		reset(s);
		s->state = SMTPD_START;
		buf_printf(s->out, "220 %s ESMTP\r\n", s->name);
	}
}

static void on_other(struct smtpd *s, str verb)
{
	static const char *const http[] = { "GET",     "POST", "PUT",
					    "CONNECT", "HEAD", "OPTIONS" };

	/* a browser that was sent here speaks with somebody else's voice */
	for (size_t i = 0; i < sizeof http / sizeof *http; i++)
		if (is_word(verb, http[i])) {
			close_session(s, "421 4.7.0 This is SMTP, closing");
			return;
		}
	refuse(s, "500 5.5.2 Unknown command");
}

static void on_command(struct smtpd *s, str line)
{
	struct cur c = cur_of(line);
	str verb = cur_until(&c, ' ');

	if (is_word(verb, "EHLO") || is_word(verb, "HELO")) {
		on_ehlo(s, cur_rest(&c), is_word(verb, "EHLO"));
	} else if (is_word(verb, "MAIL")) {
		on_mail(s, &c);
	} else if (is_word(verb, "RCPT")) {
		on_rcpt(s, &c);
	} else if (is_word(verb, "DATA")) {
		on_data(s);
	} else if (is_word(verb, "RSET")) {
		reset(s);
		say(s, "250 2.0.0 Ok");
	} else if (is_word(verb, "NOOP")) {
		say(s, "250 2.0.0 Ok");
	} else if (is_word(verb, "QUIT")) {
		close_session(s, "221 2.0.0 Bye");
	} else if (is_word(verb, "VRFY")) {
		say(s, "252 2.1.5 Send it and see");
	} else if (is_word(verb, "HELP")) {
		say(s, "214 2.0.0 man inkan");
	} else if (is_word(verb, "XFORWARD")) {
		on_xforward(s, &c);
	} else if (is_word(verb, "XCLIENT")) {
		on_xclient(s, &c);
	} else {
		on_other(s, verb);
	}
}

/* A whole line.  False: there is none yet. */
static bool take_line(struct smtpd *s, struct cur *in)
{
	str rest = cur_rest(in);
	size_t n = str_find(rest, '\n');
	str line = str_head(rest, n);

	if (n == rest.n) {
		if (n <= LIMIT_SMTP_COMMAND)
			return false;
		s->skipping = true;
		in->p = in->end;
		return false;
	}
	in->p += n + 1;
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	if (s->skipping || line.n > LIMIT_SMTP_COMMAND)
		refuse(s, "500 5.5.2 Line too long");
	else
		on_command(s, line);
	s->skipping = false;
	return true;
}

/* ---- the text ---- */

static void put(struct smtpd *s, const char *from, const char *to)
{
	s->octets += (uint64_t)(to - from);
	if (to > from)
		s->handler->chunk(s->arg, (str){ from, (size_t)(to - from) });
}

static void end_text(struct smtpd *s)
{
	enum smtpd_verdict v = s->handler->end(s->arg);

	s->state = SMTPD_RCPT;
	reset(s);
	if (v == SMTPD_OK)
		say(s, reply_of(v));
	else
		refuse(s, reply_of(v));
}

/* One octet.  True: it is to be kept; *held: after the CR that was kept back. */
static bool step(struct smtpd *s, char b, bool *held, bool *end)
{
	*held = *end = false;
	switch (s->text) {
	case TEXT_START:
		if (b == '.') {
			s->text = TEXT_DOT;
			return false;
		}
		break;
	case TEXT_DOT:
		if (b == '\r') {
			s->text = TEXT_DOT_CR;
			return false;
		}
		break;
	case TEXT_DOT_CR:
		*end = b == '\n';
		if (*end)
			return false;
		*held = true;
		break;
	case TEXT_CR:
		if (b == '\n') {
			s->text = TEXT_START;
			return true;
		}
		break;
	default:
		break;
	}
	s->text = b == '\r' ? TEXT_CR : TEXT_LINE;
	return true;
}

static void take_text(struct smtpd *s, struct cur *in)
{
	static const char cr[] = "\r";
	const char *from = in->p;
	bool held, end;

	while (!cur_done(in)) {
		const char *at = in->p++;

		if (step(s, *at, &held, &end)) {
			if (held)
				put(s, cr, cr + 1);
			continue;
		}
		put(s, from, at);
		from = in->p;
		if (end) {
			end_text(s);
			return;
		}
	}
	put(s, from, in->p);
}

bool smtpd_input(struct smtpd *s, struct cur *in)
{
	while (s->state != SMTPD_CLOSED && !cur_done(in)) {
		if (s->state != SMTPD_DATA) {
			if (!take_line(s, in))
				break;
			continue;
		}
		take_text(s, in);
		/* it was told the limit, and goes on and on */
		if (s->state == SMTPD_DATA &&
		    s->octets > 4 * (uint64_t)LIMIT_SCORE_MESSAGE) {
			s->handler->abandon(s->arg);
			close_session(s, reply_of(SMTPD_TOO_LARGE));
		}
	}
	return s->state != SMTPD_CLOSED;
}

void smtpd_end(struct smtpd *s, bool too_slow)
{
	if (s->state == SMTPD_DATA)
		s->handler->abandon(s->arg);
	close_session(s, too_slow ? "421 4.4.2 Too slow, closing" : NULL);
}
