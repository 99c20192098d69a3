#include "milter/client.h"

#include "base/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	OUT_MAX = 8 << 20,
	IN_MAX = 2 * LIMIT_MILTER_PACKET,
	READ_BYTES = 65536,
	CHUNK = 65535, /* as Postfix sends bodies */
	PORT = 25000
};

void milter_client_init(struct milter_client *c, int fd)
{
	*c = (struct milter_client){ .fd = fd,
				     .in = { .max = IN_MAX },
				     .out = { .max = OUT_MAX } };
}

void milter_client_done(struct milter_client *c)
{
	buf_free(&c->in);
	buf_free(&c->out);
}

void milter_client_put(struct milter_client *c, char command, str data)
{
	milter_put(&c->out, command, data);
}

bool milter_client_flush(struct milter_client *c, struct err *e)
{
	size_t sent = 0;

	if (c->out.overflow)
		return err_set(e, ERR_INTERNAL,
			       "too much to send to the filter at once");
	while (sent < c->out.n) {
		ssize_t n = send(c->fd, c->out.p + sent, c->out.n - sent,
				 MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "cannot send to the filter");
		sent += (size_t)n;
	}
	c->out.n = 0;
	return true;
}

static bool read_more(struct milter_client *c, struct err *e)
{
	if (c->taken) {
		memmove(c->in.p, c->in.p + c->taken, c->in.n - c->taken);
		c->in.n -= c->taken;
		c->taken = 0;
	}
	char *to = buf_room(&c->in, READ_BYTES);

	if (!to)
		return err_set(e, ERR_DATA, "the filter's packet is too long");

	ssize_t n;

	do
		n = recv(c->fd, to, READ_BYTES, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, "cannot read from the filter");
	if (n == 0)
		return err_set(e, ERR_UNAVAILABLE,
			       "the filter closed the connection");
	c->in.n += (size_t)n;
	return true;
}

bool milter_client_reply(struct milter_client *c, struct milter_frame *out,
			 struct err *e)
{
	if (!milter_client_flush(c, e))
		return false;
	for (;;) {
		struct cur in = { c->in.p + c->taken, c->in.p + c->in.n };
		enum milter_take t =
			c->in.n ? milter_take(&in, LIMIT_MILTER_PACKET, out)
				: MILTER_MORE;

		if (t == MILTER_TAKEN) {
			c->taken = (size_t)(in.p - c->in.p);
			return true;
		}
		if (t == MILTER_BROKEN)
			return err_set(e, ERR_DATA,
				       "the filter does not speak milter");
		if (!read_more(c, e))
			return false;
	}
}

bool milter_client_negotiate(struct milter_client *c, uint32_t version,
			     uint32_t actions, uint32_t steps, struct err *e)
{
	struct milter_frame f;
	size_t mark = milter_begin(&c->out, MILTER_NEGOTIATE);

	milter_put_u32(&c->out, version);
	milter_put_u32(&c->out, actions);
	milter_put_u32(&c->out, steps);
	milter_end(&c->out, mark);
	if (!milter_client_reply(c, &f, e))
		return false;

	struct cur data = cur_of(f.data);

	if (f.command != MILTER_NEGOTIATE ||
	    !milter_take_u32(&data, &c->version) ||
	    !milter_take_u32(&data, &c->actions) ||
	    !milter_take_u32(&data, &c->steps))
		return err_set(e, ERR_DATA,
			       "the filter's negotiation cannot be read");
	return true;
}

/* Macros as NAME, VALUE, NAME, VALUE; pairs without value are left out. */
static void put_macros(struct milter_client *c, char command, const str *pairs,
		       size_t n)
{
	size_t mark = milter_begin(&c->out, MILTER_MACRO);

	buf_putc(&c->out, command);
	for (size_t i = 0; i + 1 < n; i += 2) {
		if (!pairs[i + 1].n)
			continue;
		milter_put_string(&c->out, pairs[i]);
		milter_put_string(&c->out, pairs[i + 1]);
	}
	milter_end(&c->out, mark);
}

/* Waits for the answer unless the filter gives none.  *verdict stays 'c' as long
 * as the filter wants to see more. */
static bool step(struct milter_client *c, uint32_t no_reply, char *verdict,
		 struct err *e)
{
	struct milter_frame f;

	*verdict = MILTER_REPLY_CONTINUE;
	if (c->steps & no_reply)
		return true;
	do {
		if (!milter_client_reply(c, &f, e))
			return false;
	} while (f.command == MILTER_REPLY_PROGRESS);
	*verdict = f.command;
	return true;
}

static void put_connect(struct milter_client *c,
			const struct milter_envelope *env)
{
	size_t mark = milter_begin(&c->out, MILTER_CONNECT);

	if (env->client_name.n) {
		milter_put_string(&c->out, env->client_name);
	} else {
		buf_putc(&c->out, '[');
		buf_put(&c->out, env->client_ip);
		milter_put_string(&c->out, STR("]"));
	}
	if (env->client_ip.n) {
		bool v6 = str_find(env->client_ip, ':') < env->client_ip.n;

		buf_putc(&c->out, v6 ? '6' : '4');
		buf_putc(&c->out, (char)(PORT >> 8));
		buf_putc(&c->out, (char)(PORT & 0xff));
		milter_put_string(&c->out, env->client_ip);
	} else {
		buf_putc(&c->out, 'U');
	}
	milter_end(&c->out, mark);
}

bool milter_client_hello(struct milter_client *c,
			 const struct milter_envelope *env, char *verdict,
			 struct err *e)
{
	const str macros[] = { STR("j"), env->host, STR("{daemon_name}"),
			       env->daemon_name };

	put_macros(c, MILTER_CONNECT, macros, 4);
	if (!(c->steps & MILTER_NO_CONNECT)) {
		put_connect(c, env);
		if (!step(c, MILTER_NR_CONNECT, verdict, e))
			return false;
		if (*verdict != MILTER_REPLY_CONTINUE)
			return err_set(e, ERR_UNAVAILABLE,
				       "the filter ended the connection early");
	}
	put_macros(c, MILTER_HELO, NULL, 0);
	if (c->steps & MILTER_NO_HELO)
		return true;

	size_t mark = milter_begin(&c->out, MILTER_HELO);

	milter_put_string(&c->out, env->helo);
	milter_end(&c->out, mark);
	if (!step(c, MILTER_NR_HELO, verdict, e))
		return false;
	return *verdict == MILTER_REPLY_CONTINUE ||
	       err_set(e, ERR_UNAVAILABLE, "the filter refused the HELO");
}

static void put_path(struct milter_client *c, char command, str path)
{
	size_t mark = milter_begin(&c->out, command);

	buf_putc(&c->out, '<');
	buf_put(&c->out, path);
	milter_put_string(&c->out, STR(">"));
	milter_end(&c->out, mark);
}

static bool send_envelope(struct milter_client *c,
			  const struct milter_envelope *env, char *verdict,
			  struct err *e)
{
	const str macros[] = { STR("{auth_type}"),   env->auth_type,
			       STR("{auth_authen}"), env->auth_user,
			       STR("{mail_addr}"),   env->mail_from };
	const str id[] = { STR("i"), env->queue_id };

	put_macros(c, MILTER_MAIL, macros, 6);
	if (!(c->steps & MILTER_NO_MAIL)) {
		put_path(c, MILTER_MAIL, env->mail_from);
		if (!step(c, MILTER_NR_MAIL, verdict, e))
			return false;
	}
	for (size_t i = 0; *verdict == MILTER_REPLY_CONTINUE &&
			   i < env->rcpt_count && !(c->steps & MILTER_NO_RCPT);
	     i++) {
		const str rcpt[] = { STR("{rcpt_addr}"), env->rcpts[i] };

		put_macros(c, MILTER_RCPT, rcpt, 2);
		put_path(c, MILTER_RCPT, env->rcpts[i]);
		if (!step(c, MILTER_NR_RCPT, verdict, e))
			return false;
	}
	if (*verdict != MILTER_REPLY_CONTINUE)
		return true;
	put_macros(c, MILTER_DATA, id, 2);
	if (c->version < 4 || (c->steps & MILTER_NO_DATA))
		return true;
	milter_client_put(c, MILTER_DATA, (str){ 0 });
	return step(c, MILTER_NR_DATA, verdict, e);
}

/* One line with its end, without CR and LF in *line. */
static bool take_line(str *rest, str *line)
{
	if (!rest->n)
		return false;

	size_t n = str_find(*rest, '\n');

	*line = str_head(*rest, n);
	*rest = str_skip(*rest, n + 1);
	if (line->n && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

static bool continues(str rest)
{
	return rest.n && (rest.p[0] == ' ' || rest.p[0] == '\t');
}

/* The next field with folds as LF; false at the blank line, which is taken. */
static bool take_field(struct arena *arena, str *rest, str *name, str *value)
{
	struct buf b = buf_of(arena, LIMIT_MILTER_PACKET);
	str line;

	if (!take_line(rest, &line) || !line.n)
		return false;
	buf_put(&b, line);
	while (continues(*rest) && take_line(rest, &line)) {
		buf_putc(&b, '\n');
		buf_put(&b, line);
	}

	str all = buf_str(&b);
	size_t colon = str_find(all, ':');

	*name = str_trim(str_head(all, colon));
	*value = str_skip(all, colon + 1);
	return true;
}

static bool send_header(struct milter_client *c, str name, str value,
			char *verdict, struct err *e)
{
	size_t mark = milter_begin(&c->out, MILTER_HEADER);

	if (!(c->steps & MILTER_LEADING_SPACE) && value.n && value.p[0] == ' ')
		value = str_skip(value, 1);
	milter_put_string(&c->out, name);
	milter_put_string(&c->out, value);
	milter_end(&c->out, mark);
	return step(c, MILTER_NR_HEADER, verdict, e);
}

/* Bare LF become CRLF, as in a mail queue. */
static str with_crlf(struct arena *arena, str text)
{
	struct buf b = buf_of(arena, 2 * text.n + 2);
	str line;

	while (take_line(&text, &line)) {
		buf_put(&b, line);
		buf_put(&b, STR("\r\n"));
	}
	return buf_str(&b);
}

static bool send_body(struct milter_client *c, str body, char *verdict,
		      struct err *e)
{
	if (c->steps & MILTER_NO_BODY)
		return true;
	for (; *verdict == MILTER_REPLY_CONTINUE && body.n;
	     body = str_skip(body, CHUNK)) {
		milter_client_put(c, MILTER_BODY, str_head(body, CHUNK));
		if (!milter_client_flush(c, e) ||
		    !step(c, MILTER_NR_BODY, verdict, e))
			return false;
	}
	if (*verdict == MILTER_REPLY_SKIP)
		*verdict = MILTER_REPLY_CONTINUE;
	return true;
}

static bool send_content(struct milter_client *c, struct arena *arena,
			 str message, char *verdict, struct err *e)
{
	str name, value;

	while (*verdict == MILTER_REPLY_CONTINUE &&
	       take_field(arena, &message, &name, &value))
		if (!(c->steps & MILTER_NO_HEADERS) &&
		    !send_header(c, name, value, verdict, e))
			return false;
	if (*verdict == MILTER_REPLY_CONTINUE &&
	    !(c->steps & MILTER_NO_END_OF_HEADERS)) {
		milter_client_put(c, MILTER_END_OF_HEADERS, (str){ 0 });
		if (!step(c, MILTER_NR_END_OF_HEADERS, verdict, e))
			return false;
	}
	return *verdict != MILTER_REPLY_CONTINUE ||
	       send_body(c, with_crlf(arena, message), verdict, e);
}

static enum milter_change_kind kind_of(char command)
{
	switch (command) {
	case MILTER_REPLY_INSERT_HEADER:
		return MILTER_CHANGE_INSERT;
	case MILTER_REPLY_ADD_HEADER:
		return MILTER_CHANGE_ADD;
	case MILTER_REPLY_CHANGE_HEADER:
		return MILTER_CHANGE_REPLACE;
	case MILTER_REPLY_QUARANTINE:
		return MILTER_CHANGE_QUARANTINE;
	case MILTER_REPLY_ADD_RCPT:
		return MILTER_CHANGE_ADD_RCPT;
	case MILTER_REPLY_DELETE_RCPT:
		return MILTER_CHANGE_DELETE_RCPT;
	default:
		return MILTER_CHANGE_OTHER;
	}
}

/* What the MTA puts behind the colon of a value it was given. */
static str spaced(const struct milter_client *c, struct arena *arena, str value)
{
	struct buf b = buf_of(arena, value.n + 1);

	if (!value.n || (c->steps & MILTER_LEADING_SPACE))
		return arena_str(arena, value);
	buf_putc(&b, ' ');
	buf_put(&b, value);
	return buf_str(&b);
}

static bool note_change(struct milter_client *c, struct arena *arena,
			const struct milter_frame *f, struct milter_outcome *o)
{
	struct milter_change *ch = arena_new_of(arena, struct milter_change);
	struct cur data = cur_of(f->data);
	str value = { 0 };
	bool ok = true;

	ch->kind = kind_of(f->command);
	if (ch->kind == MILTER_CHANGE_INSERT ||
	    ch->kind == MILTER_CHANGE_REPLACE)
		ok = milter_take_u32(&data, &ch->index);
	if (ch->kind <= MILTER_CHANGE_REPLACE) {
		ok = ok && milter_take_string(&data, &ch->name);
		ch->name = arena_str(arena, ch->name);
	}
	ok = ok && milter_take_string(&data, &value);
	ch->value = ch->kind <= MILTER_CHANGE_REPLACE ? spaced(c, arena, value)
						      : arena_str(arena, value);
	*o->end = ch;
	o->end = &ch->next;
	return ok || ch->kind == MILTER_CHANGE_OTHER;
}

static bool is_verdict(char command)
{
	return command == MILTER_REPLY_CONTINUE ||
	       command == MILTER_REPLY_ACCEPT ||
	       command == MILTER_REPLY_REJECT ||
	       command == MILTER_REPLY_TEMPFAIL ||
	       command == MILTER_REPLY_DISCARD ||
	       command == MILTER_REPLY_CODE ||
	       command == MILTER_REPLY_SHUTDOWN ||
	       command == MILTER_REPLY_CONN_FAIL;
}

static bool read_outcome(struct milter_client *c, struct arena *arena,
			 struct milter_outcome *o, struct err *e)
{
	struct milter_frame f;

	for (;;) {
		if (!milter_client_reply(c, &f, e))
			return false;
		if (is_verdict(f.command)) {
			o->verdict = f.command;
			o->text = arena_str(arena,
					    str_head(f.data,
						     str_find(f.data, '\0')));
			return true;
		}
		if (f.command == MILTER_REPLY_PROGRESS)
			continue;
		if (!note_change(c, arena, &f, o))
			return err_set(e, ERR_DATA,
				       "the filter's change cannot be read");
	}
}

bool milter_client_message(struct milter_client *c, struct arena *arena,
			   const struct milter_envelope *env, str message,
			   struct milter_outcome *out, struct err *e)
{
	char verdict = MILTER_REPLY_CONTINUE;
	const str id[] = { STR("i"), env->queue_id };

	*out = (struct milter_outcome){ .end = &out->first };
	if (!send_envelope(c, env, &verdict, e))
		return false;
	if (verdict == MILTER_REPLY_CONTINUE &&
	    !send_content(c, arena, message, &verdict, e))
		return false;
	if (verdict != MILTER_REPLY_CONTINUE) {
		out->verdict = verdict;
		milter_client_put(c, MILTER_ABORT, (str){ 0 });
		return milter_client_flush(c, e);
	}
	put_macros(c, MILTER_END, id, 2);
	milter_client_put(c, MILTER_END, (str){ 0 });
	if (!read_outcome(c, arena, out, e))
		return false;
	milter_client_put(c, MILTER_ABORT, (str){ 0 });
	return milter_client_flush(c, e);
}

void milter_client_quit(struct milter_client *c)
{
	struct err e;

	milter_client_put(c, MILTER_QUIT, (str){ 0 });
	(void)milter_client_flush(c, &e);
}
