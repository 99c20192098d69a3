#include "setup/catcher.h"

#include "base/buf.h"
#include "base/tr.h"
#include "net/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { MESSAGE_MAX = 1 << 20, LINE_MAX_BYTES = 8192, PATIENCE = 30 };

bool catcher_open(struct catcher *c, struct err *e)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t n = sizeof a;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || bind(c->fd, (const struct sockaddr *)&a, n) < 0 ||
	    listen(c->fd, 16) < 0 ||
	    getsockname(c->fd, (struct sockaddr *)&a, &n) < 0) {
		(void)err_sys(e, _("cannot listen on 127.0.0.1"));
		catcher_close(c);
		return false;
	}
	c->port = ntohs(a.sin_port);
	return true;
}

void catcher_close(struct catcher *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

struct talk {
	int fd;
	char bytes[LINE_MAX_BYTES];
	size_t n, taken;
};

static void be_patient(int fd)
{
	const struct timeval t = { PATIENCE, 0 };

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
}

/* Without its line end; of one that is too long a part. */
static bool line_take(struct talk *t, str *line)
{
	for (;;) {
		str rest = { t->bytes + t->taken, t->n - t->taken };
		size_t end = str_find(rest, '\n');
		ssize_t got;

		if (end < rest.n || rest.n == sizeof t->bytes) {
			*line = str_head(rest, end);
			t->taken += end + (end < rest.n);
			if (line->n && line->p[line->n - 1] == '\r')
				line->n--;
			return true;
		}
		memmove(t->bytes, rest.p, rest.n);
		t->n = rest.n;
		t->taken = 0;
		got = recv(t->fd, t->bytes + t->n, sizeof t->bytes - t->n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		t->n += (size_t)got;
	}
}

static bool say(struct talk *t, str text)
{
	while (text.n) {
		ssize_t n = send(t->fd, text.p, text.n, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text = str_skip(text, (size_t)n);
	}
	return true;
}

static bool take_data(struct talk *t, struct buf *message)
{
	str line;

	message->n = 0;
	while (line_take(t, &line)) {
		if (str_eq(line, STR(".")))
			return say(t, STR("250 2.0.0 taken\r\n"));
		if (line.n && line.p[0] == '.')
			line = str_skip(line, 1);
		buf_put(message, line);
		buf_put(message, STR("\r\n"));
	}
	return false;
}

/* One session; true when a message was taken. */
static bool serve(struct talk *t, struct buf *message)
{
	bool taken = false, going = say(t, STR("220 inkan setup\r\n"));
	str line;

	while (going && line_take(t, &line)) {
		if (str_istarts(line, STR("DATA"))) {
			going = say(t, STR("354 go on\r\n")) &&
				take_data(t, message);
			taken |= going;
		} else if (str_istarts(line, STR("QUIT"))) {
			(void)say(t, STR("221 2.0.0 bye\r\n"));
			going = false;
		} else {
			going = say(t, STR("250 inkan setup\r\n"));
		}
	}
	return taken;
}

bool catcher_take(struct catcher *c, struct arena *arena, unsigned seconds,
		  str *message, struct err *e)
{
	struct buf b = buf_of(arena, MESSAGE_MAX);
	struct pollfd p = { c->fd, POLLIN, 0 };

	while (poll(&p, 1, (int)seconds * 1000) > 0) {
		struct talk t = { .fd = accept4(c->fd, NULL, NULL,
						SOCK_CLOEXEC) };
		bool taken;

		if (t.fd < 0)
			continue;
		be_patient(t.fd);
		taken = serve(&t, &b);
		close(t.fd);
		if (taken) {
			*message = buf_str(&b);
			return true;
		}
	}
	return err_set(e, ERR_UNAVAILABLE,
		       _("the test mail did not come out of Postfix within %u "
			 "seconds: look into its log"),
		       seconds);
}

/* All lines of a reply; true when it begins with this digit. */
static bool reply_is(struct talk *t, char digit, bool *refused, struct err *e)
{
	str line;

	do
		if (!line_take(t, &line))
			return err_sys(e, _("Postfix ended the connection"));
	while (line.n > 3 && line.p[3] == '-');
	if (line.n && line.p[0] == digit)
		return true;
	*refused = true;
	return err_set(e, ERR_UNAVAILABLE, _("Postfix says: %.*s"),
		       STR_ARG(str_head(line, 300)));
}

static bool command(struct talk *t, struct arena *arena, char digit,
		    bool *refused, struct err *e, const char *fmt,
		    const char *arg)
{
	struct buf b = buf_of(arena, LINE_MAX_BYTES);

	buf_printf(&b, "%s%s%s\r\n", fmt, arg, *arg ? ">" : "");
	return (say(t, buf_str(&b)) ||
		err_sys(e, _("Postfix ended the connection"))) &&
	       reply_is(t, digit, refused, e);
}

static str as_data(struct arena *arena, str message)
{
	struct buf b = buf_of(arena, MESSAGE_MAX);
	str line;

	while (message.n && str_split(&message, '\n', &line))
		buf_printf(&b, "%s%.*s\r\n",
			   line.n && line.p[0] == '.' ? "." : "",
			   STR_ARG(line));
	buf_put(&b, STR("."));
	return buf_str(&b);
}

bool smtp_send(struct arena *arena, const char *port, const char *from,
	       const char *to, str message, bool *refused, struct err *e)
{
	struct net_address a = { .kind = NET_INET, .host = "127.0.0.1" };
	struct talk t = { .fd = -1 };
	const char *data = arena_cstr(arena, as_data(arena, message));
	bool ok;

	*refused = false;
	memcpy(a.port, port, strnlen(port, NET_PORT_MAX));
	if (!net_connect(&a, &t.fd, e))
		return false;
	be_patient(t.fd);
	ok = reply_is(&t, '2', refused, e) &&
	     command(&t, arena, '2', refused, e, "EHLO localhost", "") &&
	     command(&t, arena, '2', refused, e, "MAIL FROM:<", from) &&
	     command(&t, arena, '2', refused, e, "RCPT TO:<", to) &&
	     command(&t, arena, '3', refused, e, "DATA", "") &&
	     say(&t, str_of(data)) &&
	     command(&t, arena, '2', refused, e, "", "");
	if (ok)
		(void)say(&t, STR("QUIT\r\n"));
	close(t.fd);
	return ok;
}
