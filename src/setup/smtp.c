#include "setup/smtp.h"

#include "base/base64.h"
#include "base/buf.h"
#include "base/tr.h"
#include "net/listen.h"
#include "setup/run.h"
#include "setup/talk.h"

#include <errno.h>

enum { MESSAGE_MAX = 1 << 20 };

/* A Postfix that was just told to reload ends the connections of its old
 * processes: that is no answer.  So long it is waited before the next try. */
static const long pauses_ms[] = { 100, 500, 2500 };

struct session {
	struct talk talk;
	struct arena *arena;
	bool connected, refused;
	bool later; /* refused with 4yz (RFC 5321 4.2.1) */
	bool broke; /* it ended by itself, before it had the message */
	bool given; /* the message's end was said */
	struct err *e;
};

static bool ended(struct session *s)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return err_set(s->e, ERR_UNAVAILABLE,
			       _("Postfix does not answer within %d seconds: "
				 "its log says what it waits for"),
			       TALK_SECONDS);
	s->broke = !s->given;
	return err_sys(s->e, _("Postfix ended the connection"));
}

/* All lines of a reply; true when it begins with this digit.  421 comes from a
 * server that goes away, to whatever was said (RFC 5321 3.8). */
static bool reply_is(struct session *s, char digit)
{
	str line;

	do
		if (!talk_line(&s->talk, &line))
			return ended(s);
	while (line.n > 3 && line.p[3] == '-');
	if (line.n && line.p[0] == digit)
		return true;
	s->refused = true;
	s->later = line.n && line.p[0] == '4';
	s->broke = !s->given && str_starts(line, STR("421"));
	return err_set(s->e, ERR_UNAVAILABLE, _("Postfix says: %.*s"),
		       STR_ARG(str_head(line, 300)));
}

static bool command(struct session *s, char digit, const char *head,
		    const char *arg, const char *tail)
{
	struct buf b = buf_of(s->arena, TALK_LINE_MAX);

	buf_printf(&b, "%s%s%s\r\n", head, arg, tail);
	return (talk_say(&s->talk, buf_str(&b)) || ended(s)) &&
	       reply_is(s, digit);
}

static str as_data(struct arena *arena, str message)
{
	struct buf b = buf_of(arena, MESSAGE_MAX);
	str line;

	while (message.n && str_split(&message, '\n', &line))
		buf_printf(&b, "%s%.*s\r\n",
			   line.n && line.p[0] == '.' ? "." : "",
			   STR_ARG(line));
	return buf_str(&b);
}

static bool start_tls(struct session *s)
{
	if (!command(s, '2', "STARTTLS", "", ""))
		return false;
	s->broke = !talk_start_tls(&s->talk, s->e);
	return !s->broke;
}

/* STARTTLS and AUTH PLAIN (RFC 4954, 4616) */
static bool log_in(struct session *s, const struct smtp_job *job)
{
	struct buf plain = buf_of(s->arena, 1024);

	buf_putc(&plain, '\0');
	buf_put(&plain, str_of(job->user));
	buf_putc(&plain, '\0');
	buf_put(&plain, str_of(job->password));
	return start_tls(s) && command(s, '2', "EHLO localhost", "", "") &&
	       command(s, '2', "AUTH PLAIN ",
		       arena_cstr(s->arena,
				  base64_encode(s->arena, buf_str(&plain))),
		       "");
}

static bool say_end(struct session *s)
{
	s->given = true;
	return command(s, '2', ".", "", "");
}

static bool hand_over(struct session *s, const struct smtp_job *job)
{
	return reply_is(s, '2') && command(s, '2', "EHLO localhost", "", "") &&
	       (!job->user || log_in(s, job)) &&
	       command(s, '2', "MAIL FROM:<", job->from, ">") &&
	       command(s, '2', "RCPT TO:<", job->to, ">") &&
	       command(s, '3', "DATA", "", "") &&
	       (talk_say(&s->talk, as_data(s->arena, job->message)) ||
		ended(s)) &&
	       say_end(s);
}

static bool try_once(struct session *s, const struct net_address *a,
		     const struct smtp_job *job)
{
	bool ok;

	s->refused = s->later = s->broke = s->given = false;
	s->talk = (struct talk){ .fd = -1 };
	s->connected = net_connect(a, &s->talk.fd, s->e);
	if (!s->connected) {
		s->broke = true;
		return false;
	}
	talk_begin(&s->talk);
	ok = hand_over(s, job);
	if (ok)
		(void)talk_say(&s->talk, STR("QUIT\r\n"));
	talk_end(&s->talk);
	return ok;
}

enum smtp_end smtp_send(struct arena *arena, const struct smtp_job *job,
			struct err *e)
{
	struct net_address a = { .kind = NET_INET, .host = "127.0.0.1" };
	struct session s = { .arena = arena, .e = e };
	bool ok;

	memcpy(a.port, job->port, strnlen(job->port, NET_PORT_MAX));
	ok = try_once(&s, &a, job);
	for (size_t i = 0; i < sizeof pauses_ms / sizeof *pauses_ms && s.broke;
	     i++) {
		run_pause_ms(pauses_ms[i] * (job->slower ? job->slower : 1));
		ok = try_once(&s, &a, job);
	}
	return ok            ? SMTP_SENT
	       : s.later     ? SMTP_LATER
	       : s.refused   ? SMTP_REFUSED
	       : s.connected ? SMTP_FAILED
			     : SMTP_NOBODY;
}
