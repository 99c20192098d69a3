#include "net/listen.h"

#include "base/cur.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A burst of sessions must not be refused while the loop is busy. */
enum { BACKLOG = 1024, FIRST_INHERITED = 3 };

static struct sockaddr_un unix_name(const struct net_address *a)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	memcpy(sun.sun_path, a->path, strlen(a->path));
	return sun;
}

/* Nobody listens there any more, and it is a socket: the rest of a process
 * that was killed. */
static bool stale_removed(const struct net_address *a, struct err *e)
{
	struct sockaddr_un sun = unix_name(a);
	struct stat st;

	if (lstat(a->path, &st) < 0)
		return errno == ENOENT ||
		       err_sys(e, "cannot look at socket %s", a->path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_CREATE,
			       "%s is in the way of the socket and is none: "
			       "move it away or choose another path",
			       a->path);

	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return err_sys(e, "cannot make a socket for %s", a->path);
	int rc = connect(fd, (const struct sockaddr *)&sun, sizeof sun);
	int why = errno;

	close(fd);
	if (rc == 0 || why == EAGAIN)
		return err_set(
			e, ERR_CREATE,
			"socket %s is in use by another process: stop it "
			"or choose another path",
			a->path);
	if (why == ECONNREFUSED && unlink(a->path) < 0 && errno != ENOENT)
		return err_sys(e, "cannot remove the stale socket %s", a->path);
	return true;
}

static bool listen_unix(const struct net_address *a, int *out, struct err *e)
{
	struct sockaddr_un sun = unix_name(a);

	if (!stale_removed(a, e))
		return false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return err_sys(e, "cannot make a socket for %s", a->path);
	if (bind(fd, (const struct sockaddr *)&sun, sizeof sun) < 0 ||
	    listen(fd, BACKLOG) < 0) {
		err_sys(e, "cannot listen on %s", a->path);
		close(fd);
		return false;
	}
	*out = fd;
	return true;
}

/* RFC 6761 6.3: localhost, and what is below it, is the loopback address also on
 * a machine whose /etc/hosts does not say so. */
static const char *host_to_look_up(const struct net_address *a)
{
	str host = str_of(a->host);

	if (str_ieq(host, STR("localhost")) ||
	    str_iends(host, STR(".localhost")))
		return a->kind == NET_INET6 ? "::1" : "127.0.0.1";
	return a->host[0] ? a->host : NULL;
}

static bool look_up(const struct net_address *a, int flags,
		    struct addrinfo **out, struct err *e)
{
	struct addrinfo hints = {
		.ai_family = a->kind == NET_INET6 ? AF_INET6 : AF_INET,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = flags,
	};
	int rc = getaddrinfo(host_to_look_up(a), a->port, &hints, out);

	if (rc)
		return err_set(e, ERR_CONFIG, "socket %s:%s@%s: %s",
			       a->kind == NET_INET6 ? "inet6" : "inet", a->port,
			       a->host, gai_strerror(rc));
	return true;
}

static bool listen_one(const struct net_address *a, const struct addrinfo *ai,
		       int *out, struct err *e)
{
	int one = 1;
	int fd = socket(ai->ai_family,
			SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			ai->ai_protocol);

	if (fd < 0)
		return err_sys(e, "cannot make a socket for port %s", a->port);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	/* inherited by what accept gives: one call less for each session */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (ai->ai_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one,
				 sizeof one);
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) < 0 ||
	    listen(fd, BACKLOG) < 0) {
		err_sys(e, "cannot listen on port %s%s%s", a->port,
			a->host[0] ? " of " : "", a->host);
		close(fd);
		return false;
	}
	*out = fd;
	return true;
}

bool net_listen(const struct net_address *a, int *fds, size_t *n, struct err *e)
{
	struct addrinfo *list;
	bool ok = true;

	*n = 0;
	if (a->kind == NET_UNIX) {
		*n = 1;
		return listen_unix(a, fds, e);
	}
	if (!look_up(a, AI_PASSIVE, &list, e))
		return false;
	for (struct addrinfo *ai = list; ok && ai && *n < NET_LISTEN_MAX;
	     ai = ai->ai_next) {
		ok = listen_one(a, ai, &fds[*n], e);
		*n += ok;
	}
	freeaddrinfo(list);
	while (!ok && *n > 0)
		close(fds[--*n]);
	return ok;
}

static uint32_t number_of(const char *name)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes it */
	struct cur c = cur_of(str_of(getenv(name)));
	uint32_t value;

	return cur_uint(&c, INT32_MAX, &value) && cur_done(&c) ? value : 0;
}

unsigned net_inherited(int *first)
{
	uint32_t n = number_of("LISTEN_FDS");

	if (n == 0 || n > NET_LISTEN_MAX ||
	    number_of("LISTEN_PID") != (uint32_t)getpid())
		return 0;
	for (uint32_t i = 0; i < n; i++) {
		int fd = FIRST_INHERITED + (int)i;
		int flags = fcntl(fd, F_GETFL);

		if (flags < 0)
			return 0;
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
	*first = FIRST_INHERITED;
	return n;
}

static bool connect_to(int family, const struct sockaddr *to, socklen_t n,
		       int *out)
{
	int one = 1;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	if (connect(fd, to, n) < 0) {
		int saved = errno;

		close(fd);
		errno = saved;
		return false;
	}
	if (family != AF_UNIX)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
				 sizeof one);
	*out = fd;
	return true;
}

bool net_connect(const struct net_address *a, int *fd, struct err *e)
{
	struct addrinfo *list;
	bool ok = false;

	if (a->kind == NET_UNIX) {
		struct sockaddr_un sun = unix_name(a);

		return connect_to(AF_UNIX, (const struct sockaddr *)&sun,
				  sizeof sun, fd) ||
		       err_sys(e, "cannot connect to %s", a->path);
	}
	if (!look_up(a, 0, &list, e))
		return false;
	for (struct addrinfo *ai = list; !ok && ai; ai = ai->ai_next)
		ok = connect_to(ai->ai_family, ai->ai_addr, ai->ai_addrlen, fd);
	if (!ok)
		err_sys(e, "cannot connect to port %s%s%s", a->port,
			a->host[0] ? " of " : "", a->host);
	freeaddrinfo(list);
	return ok;
}

void net_unlink(const struct net_address *a)
{
	struct stat st;

	if (a->kind == NET_UNIX && lstat(a->path, &st) == 0 &&
	    S_ISSOCK(st.st_mode))
		(void)unlink(a->path);
}
