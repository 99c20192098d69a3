#include "milter/session.h"

#include "base/limits.h"
#include "milter/codec.h"

#include <stdio.h>

enum { SYMBOLS_MAX = 4096 };

/* The changes that a filter of version 2 may make without asking. */
static uint32_t offered(uint32_t version, uint32_t theirs, uint32_t v2)
{
	return version > 2 ? theirs : theirs & v2;
}

static bool broken(struct milter_session *s, const char *why)
{
	s->problem = why;
	s->state = MILTER_CLOSED;
	return false;
}

static void message_over(struct milter_session *s)
{
	if (!s->in_message)
		return;
	s->in_message = false;
	if (s->handler->message_end)
		s->handler->message_end(s->arg);
}

/* Back to between two messages; the connection's data stay. */
static void message_reset(struct milter_session *s)
{
	message_over(s);
	s->kept = MILTER_GO_ON;
	s->code[0] = '\0';
	milter_macros_clear(&s->macros, MILTER_AT_MAIL);
	if (s->state != MILTER_FRESH)
		s->state = MILTER_IDLE;
}

void milter_session_init(struct milter_session *s,
			 const struct milter_handler *handler, void *arg,
			 const struct milter_wish *wish)
{
	*s = (struct milter_session){ .handler = handler,
				      .arg = arg,
				      .wish = wish };
}

void milter_session_done(struct milter_session *s)
{
	message_over(s);
	milter_macros_done(&s->macros);
	s->state = MILTER_CLOSED;
}

str milter_session_macro(const struct milter_session *s, str name)
{
	return milter_macro(&s->macros, name);
}

void milter_set_reply(struct milter_session *s, const char *code,
		      const char *enhanced, str text)
{
	(void)snprintf(s->code, sizeof s->code, "%s", code);
	(void)snprintf(s->enhanced, sizeof s->enhanced, "%s", enhanced);
	(void)snprintf(s->text, sizeof s->text, "%.*s", STR_ARG(text));
}

/* The MTA undoes %% and drops a lone %; a line end would end the reply. */
static void put_reply_text(struct buf *b, const char *text)
{
	for (; *text; text++) {
		if (*text == '%')
			buf_putc(b, '%');
		buf_putc(b, (char)((unsigned char)*text < ' ' ? ' ' : *text));
	}
}

static void reply_code(struct milter_session *s)
{
	size_t mark = milter_begin(s->out, MILTER_REPLY_CODE);

	buf_printf(s->out, "%s %s ", s->code, s->enhanced);
	put_reply_text(s->out, s->text);
	buf_putc(s->out, '\0');
	milter_end(s->out, mark);
}

static char letter_of(enum milter_verdict v)
{
	static const char letters[] = {
		[MILTER_GO_ON] = MILTER_REPLY_CONTINUE,
		[MILTER_ACCEPT] = MILTER_REPLY_ACCEPT,
		[MILTER_REJECT] = MILTER_REPLY_REJECT,
		[MILTER_TEMPFAIL] = MILTER_REPLY_TEMPFAIL,
		[MILTER_DISCARD] = MILTER_REPLY_DISCARD,
		[MILTER_SKIP_BODY] = MILTER_REPLY_SKIP,
	};

	return letters[v];
}

static void reply(struct milter_session *s, enum milter_verdict v)
{
	if (s->code[0] && (v == MILTER_REJECT || v == MILTER_TEMPFAIL))
		reply_code(s);
	else
		milter_put(s->out, letter_of(v), (str){ 0 });
}

/* The first verdict that ends the message stays. */
static void keep(struct milter_session *s, enum milter_verdict v)
{
	if (s->kept == MILTER_GO_ON && v != MILTER_SKIP_BODY)
		s->kept = v;
}

static bool wanted(const struct milter_session *s)
{
	return s->in_message && s->kept == MILTER_GO_ON;
}

/* The callback's verdict where the command may have no answer. */
static bool answer(struct milter_session *s, uint32_t no_reply,
		   enum milter_verdict v)
{
	if (v == MILTER_SKIP_BODY && !(s->steps & MILTER_SKIP))
		v = MILTER_GO_ON;
	keep(s, v);
	if (s->steps & no_reply)
		return true;
	if (v != MILTER_SKIP_BODY)
		v = s->kept;
	reply(s, v);
	if (v != MILTER_GO_ON && v != MILTER_SKIP_BODY && s->in_message) {
		message_over(s);
		s->state = MILTER_DECIDED;
	}
	return true;
}

static void put_symbols(struct milter_session *s)
{
	for (uint32_t i = 0; i < MILTER_STAGES; i++) {
		if (!s->wish->symbols[i])
			continue;
		milter_put_u32(s->out, i);
		milter_put_string(s->out, str_head(str_of(s->wish->symbols[i]),
						   SYMBOLS_MAX));
	}
}

static bool on_negotiate(struct milter_session *s, struct cur data)
{
	uint32_t version, actions, steps;

	if (s->state != MILTER_FRESH)
		return broken(s, "a second negotiation");
	if (!milter_take_u32(&data, &version) ||
	    !milter_take_u32(&data, &actions) ||
	    !milter_take_u32(&data, &steps))
		return broken(s, "a negotiation that is cut short");
	if (version < MILTER_VERSION_MIN)
		return broken(s, "a protocol version below 2");
	s->version = version < MILTER_VERSION ? version : MILTER_VERSION;
	s->actions = s->wish->actions &
		     offered(s->version, actions, MILTER_ACTIONS_V2);
	s->steps = s->wish->steps & offered(s->version, steps, MILTER_STEPS_V2);

	size_t mark = milter_begin(s->out, MILTER_NEGOTIATE);

	milter_put_u32(s->out, s->version);
	milter_put_u32(s->out, s->actions);
	milter_put_u32(s->out, s->steps);
	if (s->actions & MILTER_SYMBOL_LIST)
		put_symbols(s);
	milter_end(s->out, mark);
	s->state = MILTER_IDLE;
	return true;
}

static bool stage_of(char command, enum milter_stage *out)
{
	switch (command) {
	case MILTER_CONNECT:
		*out = MILTER_AT_CONNECT;
		return true;
	case MILTER_HELO:
		*out = MILTER_AT_HELO;
		return true;
	case MILTER_MAIL:
		*out = MILTER_AT_MAIL;
		return true;
	case MILTER_RCPT:
		*out = MILTER_AT_RCPT;
		return true;
	case MILTER_DATA:
		*out = MILTER_AT_DATA;
		return true;
	case MILTER_HEADER:
	case MILTER_BODY:
	case MILTER_END:
		*out = MILTER_AT_END;
		return true;
	case MILTER_END_OF_HEADERS:
		*out = MILTER_AT_EOH;
		return true;
	default:
		return false;
	}
}

static bool on_macro(struct milter_session *s, str data)
{
	enum milter_stage stage;

	if (!data.n)
		return broken(s, "macros for no command");
	if (!stage_of(data.p[0], &stage))
		return true; /* of a command that is not ours to know */
	return milter_macros_put(&s->macros, stage, str_skip(data, 1)) ||
	       broken(s, "more macros than fit");
}

static struct ip peer_ip(str text)
{
	struct ip ip = { .family = IP_NONE };

	if (str_istarts(text, STR("IPv6:"))) /* as sendmail writes it */
		text = str_skip(text, 5);
	(void)ip_parse(text, &ip);
	return ip;
}

static bool on_connect(struct milter_session *s, struct cur data)
{
	struct milter_peer peer = { .ip.family = IP_NONE };
	str address = { 0 };

	if (!milter_take_string(&data, &peer.host) || cur_done(&data))
		return broken(s, "a connection without its data");
	char family = *data.p++;

	if (family != 'U') {
		if (data.end - data.p < 2)
			return broken(s, "a connection without a port");
		data.p += 2;
		if (!milter_take_string(&data, &address))
			return broken(s, "a connection without an address");
	}
	if (family == '4' || family == '6')
		peer.ip = peer_ip(address);
	if (s->in_message || s->state != MILTER_IDLE)
		message_reset(s);
	s->connection = MILTER_GO_ON;

	enum milter_verdict v = s->handler->connect
					? s->handler->connect(s->arg, &peer)
					: MILTER_GO_ON;

	s->connection = v;
	if (!(s->steps & MILTER_NR_CONNECT))
		reply(s, v);
	return true;
}

static bool on_helo(struct milter_session *s, struct cur data)
{
	str name;

	if (!milter_take_string(&data, &name))
		return broken(s, "HELO without a name");
	/* macros for the MAIL to come may be here already */
	if (s->in_message || s->state != MILTER_IDLE)
		message_reset(s);

	enum milter_verdict v = s->handler->helo
					? s->handler->helo(s->arg, name)
					: MILTER_GO_ON;

	if (s->connection == MILTER_GO_ON)
		s->connection = v;
	if (!(s->steps & MILTER_NR_HELO))
		reply(s, s->connection);
	return true;
}

static str path_of(str path)
{
	if (path.n >= 2 && path.p[0] == '<' && path.p[path.n - 1] == '>')
		return (str){ path.p + 1, path.n - 2 };
	return path;
}

static bool on_mail(struct milter_session *s, struct cur data)
{
	str path;

	if (!milter_take_string(&data, &path))
		return broken(s, "MAIL without a sender");
	if (s->in_message || s->state != MILTER_IDLE) {
		/* the MTA forgot to abort the last one; its macros for this
		 * MAIL are here already and must stay */
		message_over(s);
		s->kept = MILTER_GO_ON;
		s->code[0] = '\0';
		milter_macros_clear(&s->macros, MILTER_AT_RCPT);
	}
	s->kept = s->connection;
	s->state = MILTER_ENVELOPE;
	if (s->kept != MILTER_GO_ON)
		return answer(s, MILTER_NR_MAIL, s->kept);
	s->in_message = true;
	return answer(s, MILTER_NR_MAIL,
		      s->handler->mail ? s->handler->mail(s->arg, path_of(path))
				       : MILTER_GO_ON);
}

/* Shown only because others ask for it (RCPT_REJ): the MTA has refused it. */
static bool refused(const struct milter_session *s)
{
	return (s->steps & MILTER_RCPT_REJECTED) &&
	       str_eq(milter_session_macro(s, STR("rcpt_mailer")),
		      STR("error"));
}

static bool on_rcpt(struct milter_session *s, struct cur data)
{
	enum milter_verdict v = MILTER_GO_ON;
	str path;

	if (!milter_take_string(&data, &path))
		return broken(s, "RCPT without a recipient");
	if (s->state != MILTER_ENVELOPE)
		return broken(s, "RCPT out of order");
	if (s->handler->rcpt && wanted(s) && !refused(s))
		v = s->handler->rcpt(s->arg, path_of(path));
	if (s->kept != MILTER_GO_ON)
		v = s->kept;
	if (s->steps & MILTER_NR_RCPT)
		return answer(s, MILTER_NR_RCPT, v);
	reply(s, v); /* refuses this recipient only */
	return true;
}

static bool on_data(struct milter_session *s)
{
	if (s->state != MILTER_ENVELOPE)
		return broken(s, "DATA out of order");
	return answer(s, MILTER_NR_DATA, MILTER_GO_ON);
}

static bool on_header(struct milter_session *s, struct cur data)
{
	enum milter_verdict v = MILTER_GO_ON;
	str name, value;

	if (!milter_take_string(&data, &name))
		return broken(s, "a header field without a name");
	/* a NUL within the value: the rest belongs to it too */
	value = cur_rest(&data);
	if (!value.n || value.p[value.n - 1] != '\0')
		return broken(s, "a header field without a value");
	value.n--;
	if (s->state != MILTER_ENVELOPE && s->state != MILTER_IN_HEADER)
		return broken(s, "a header field out of order");
	s->state = MILTER_IN_HEADER;
	if (s->handler->header && wanted(s))
		v = s->handler->header(
			s->arg, name,
			s->steps & MILTER_LEADING_SPACE ? STR("") : STR(" "),
			value);
	return answer(s, MILTER_NR_HEADER, v);
}

/* A body without end of headers (a peer that leaves it out) has had it. */
static enum milter_verdict headers_end(struct milter_session *s)
{
	s->state = MILTER_IN_BODY;
	return s->handler->end_of_headers && wanted(s)
		       ? s->handler->end_of_headers(s->arg)
		       : MILTER_GO_ON;
}

static bool before_body(const struct milter_session *s)
{
	return s->state == MILTER_ENVELOPE || s->state == MILTER_IN_HEADER;
}

static bool on_end_of_headers(struct milter_session *s)
{
	if (!before_body(s))
		return broken(s, "an end of headers out of order");
	return answer(s, MILTER_NR_END_OF_HEADERS, headers_end(s));
}

static enum milter_verdict body_chunk(struct milter_session *s, str chunk)
{
	return s->handler->body && wanted(s) && chunk.n
		       ? s->handler->body(s->arg, chunk)
		       : MILTER_GO_ON;
}

static bool on_body(struct milter_session *s, str chunk)
{
	if (before_body(s))
		keep(s, headers_end(s));
	if (s->state != MILTER_IN_BODY)
		return broken(s, "a body out of order");
	return answer(s, MILTER_NR_BODY, body_chunk(s, chunk));
}

static bool on_end(struct milter_session *s, str chunk)
{
	if (before_body(s))
		keep(s, headers_end(s));
	if (s->state != MILTER_IN_BODY)
		return broken(s, "an end of message out of order");
	keep(s,
	     body_chunk(s, chunk)); /* sendmail may put the last chunk here */
	s->state = MILTER_JUDGING;
	s->mark = s->out->n;
	if (s->handler->end && wanted(s))
		s->handler->end(s->arg);
	else
		milter_finish(s, s->kept);
	return true;
}

/* What comes of a message after its early verdict needs no answer but where the
 * protocol has one: then the same again. */
static bool on_decided(struct milter_session *s, char command)
{
	static const struct {
		char command;
		uint32_t no_reply;
	} answered[] = {
		{ MILTER_RCPT, MILTER_NR_RCPT },
		{ MILTER_DATA, MILTER_NR_DATA },
		{ MILTER_HEADER, MILTER_NR_HEADER },
		{ MILTER_END_OF_HEADERS, MILTER_NR_END_OF_HEADERS },
		{ MILTER_BODY, MILTER_NR_BODY },
		{ MILTER_END, 0 },
	};

	for (size_t i = 0; i < sizeof answered / sizeof *answered; i++)
		if (answered[i].command == command) {
			if (!(s->steps & answered[i].no_reply))
				reply(s, s->kept);
			if (command == MILTER_END)
				message_reset(s);
			return true;
		}
	return broken(s, "a command that is not in the protocol");
}

static bool on_unknown(struct milter_session *s)
{
	if (!(s->steps & MILTER_NR_UNKNOWN))
		reply(s, MILTER_GO_ON);
	return true;
}

static bool on_message(struct milter_session *s, const struct milter_frame *f)
{
	if (s->state == MILTER_DECIDED)
		return on_decided(s, f->command);
	switch (f->command) {
	case MILTER_RCPT:
		return on_rcpt(s, cur_of(f->data));
	case MILTER_DATA:
		return on_data(s);
	case MILTER_HEADER:
		return on_header(s, cur_of(f->data));
	case MILTER_END_OF_HEADERS:
		return on_end_of_headers(s);
	case MILTER_BODY:
		return on_body(s, f->data);
	case MILTER_END:
		return on_end(s, f->data);
	default:
		return broken(s, "a command that is not in the protocol");
	}
}

static bool on_quit_new(struct milter_session *s)
{
	message_reset(s);
	milter_macros_clear(&s->macros, MILTER_AT_CONNECT);
	s->connection = MILTER_GO_ON;
	return true;
}

static bool on_frame(struct milter_session *s, const struct milter_frame *f)
{
	if (s->state == MILTER_FRESH && f->command != MILTER_NEGOTIATE &&
	    f->command != MILTER_QUIT)
		return broken(s, "a command before the negotiation");
	if (s->state == MILTER_JUDGING && f->command != MILTER_ABORT &&
	    f->command != MILTER_QUIT && f->command != MILTER_QUIT_NEW)
		return broken(s, "a command while the verdict is due");
	switch (f->command) {
	case MILTER_NEGOTIATE:
		return on_negotiate(s, cur_of(f->data));
	case MILTER_MACRO:
		return on_macro(s, f->data);
	case MILTER_CONNECT:
		return on_connect(s, cur_of(f->data));
	case MILTER_HELO:
		return on_helo(s, cur_of(f->data));
	case MILTER_MAIL:
		return on_mail(s, cur_of(f->data));
	case MILTER_UNKNOWN:
		return on_unknown(s);
	case MILTER_ABORT:
		message_reset(s);
		return true;
	case MILTER_QUIT:
		message_reset(s);
		s->state = MILTER_CLOSED;
		return false;
	case MILTER_QUIT_NEW:
		return on_quit_new(s);
	default:
		return on_message(s, f);
	}
}

bool milter_session_input(struct milter_session *s, struct cur *in)
{
	struct milter_frame f;

	if (s->state == MILTER_CLOSED)
		return false;
	for (;;) {
		switch (milter_take(in, LIMIT_MILTER_PACKET, &f)) {
		case MILTER_MORE:
			return true;
		case MILTER_BROKEN:
			return broken(s, "a packet of impossible length");
		case MILTER_TAKEN:
			if (!on_frame(s, &f))
				return false;
		}
	}
}

void milter_finish(struct milter_session *s, enum milter_verdict v)
{
	if (s->out->overflow) {
		s->out->n = s->mark;
		s->out->overflow = false;
		s->code[0] = '\0';
		v = MILTER_TEMPFAIL;
	}
	reply(s, v);
	message_reset(s);
}
