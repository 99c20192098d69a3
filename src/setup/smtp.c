#include "setup/smtp.h"

#include "base/base64.h"
#include "base/buf.h"
#include "base/tr.h"
#include "net/listen.h"
#include "setup/talk.h"

#include <errno.h>
#include <unistd.h>

/* A Postfix that was just told to reload ends the connections of its old
 * processes: that is no answer. */
enum { MESSAGE_MAX = 1 << 20, TRIES = 4, PAUSE_SECONDS = 1 };

struct session {
	struct talk talk;
	struct arena *arena;
	bool refused;
	bool broke; /* it ended by itself, before it had the message */
	bool given; /* the message's end was said */
	struct err *e;
};

static bool ended(struct session *s)
{
	s->broke = !s->given && errno != EAGAIN && errno != EWOULDBLOCK;
	return err_sys(s->e, _("Postfix ended the connection"));
}

/* All lines of a reply; true when it begins with this digit. */
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

/* STARTTLS and AUTH PLAIN (RFC 4954, 4616) */
static bool log_in(struct session *s, const struct smtp_job *job)
{
	struct buf plain = buf_of(s->arena, 1024);

	buf_putc(&plain, '\0');
	buf_put(&plain, str_of(job->user));
	buf_putc(&plain, '\0');
	buf_put(&plain, str_of(job->password));
	return command(s, '2', "STARTTLS", "", "") &&
	       talk_start_tls(&s->talk, s->e) &&
	       command(s, '2', "EHLO localhost", "", "") &&
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

	s->refused = s->broke = s->given = false;
	s->talk = (struct talk){ .fd = -1 };
	if (!net_connect(a, &s->talk.fd, s->e)) {
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

bool smtp_send(struct arena *arena, const struct smtp_job *job, bool *refused,
	       struct err *e)
{
	struct net_address a = { .kind = NET_INET, .host = "127.0.0.1" };
	struct session s = { .arena = arena, .e = e };
	bool ok = false;

	memcpy(a.port, job->port, strnlen(job->port, NET_PORT_MAX));
	for (int i = 0; i < TRIES && !ok; i++) {
		if (i > 0)
			(void)sleep(PAUSE_SECONDS);
		ok = try_once(&s, &a, job);
		if (!s.broke)
			break;
	}
	*refused = s.refused;
	return ok;
}
