#include "setup/catcher.h"

#include "base/buf.h"
#include "base/tr.h"
#include "setup/talk.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGE_MAX = 1 << 20 };

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

static bool take_data(struct talk *t, struct buf *message)
{
	str line;

	message->n = 0;
	while (talk_line(t, &line)) {
		if (str_eq(line, STR(".")))
			return talk_say(t, STR("250 2.0.0 taken\r\n"));
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
	bool taken = false, going = talk_say(t, STR("220 inkan setup\r\n"));
	str line;

	while (going && talk_line(t, &line)) {
		if (str_istarts(line, STR("DATA"))) {
			going = talk_say(t, STR("354 go on\r\n")) &&
				take_data(t, message);
			taken |= going;
		} else if (str_istarts(line, STR("QUIT"))) {
			(void)talk_say(t, STR("221 2.0.0 bye\r\n"));
			going = false;
		} else {
			going = talk_say(t, STR("250 inkan setup\r\n"));
		}
	}
	return taken;
}

bool catcher_take(struct catcher *c, struct arena *arena, unsigned seconds,
		  str *message)
{
	struct buf b = buf_of(arena, MESSAGE_MAX);
	struct pollfd p = { c->fd, POLLIN, 0 };

	while (poll(&p, 1, (int)seconds * 1000) > 0) {
		struct talk t = { .fd = accept4(c->fd, NULL, NULL,
						SOCK_CLOEXEC) };
		bool taken;

		if (t.fd < 0)
			continue;
		talk_begin(&t);
		taken = serve(&t, &b);
		talk_end(&t);
		if (taken) {
			*message = buf_str(&b);
			return true;
		}
	}
	return false;
}
