#include "web/server.h"

#include "crypto/hash.h"
#include "net/listen.h"
#include "web/connections.h"
#include "web/guard.h"
#include "web/login.h"
#include "web/server_inside.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	IDLE_SECONDS = 15,
	HEAD_MAX = 16384, /* a request's line and fields, and its answer's */
	REAP_MS = 1000,
	FULL_MS = 20
};

static bool is_open(const struct sockaddr_storage *a)
{
	const struct sockaddr_in *in4 = (const void *)a;
	const struct sockaddr_in6 *in6 = (const void *)a;

	if (a->ss_family == AF_INET)
		return ntohl(in4->sin_addr.s_addr) >> 24 != 127;
	if (a->ss_family == AF_INET6)
		return !IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
	return a->ss_family != AF_UNIX;
}

/* Where a person finds it. */
static void note_place(struct web_server *s, const struct sockaddr_storage *a)
{
	const struct sockaddr_in *in4 = (const void *)a;
	const struct sockaddr_in6 *in6 = (const void *)a;
	char text[INET6_ADDRSTRLEN] = "";

	if (s->where[0])
		return;
	if (a->ss_family == AF_INET) {
		(void)inet_ntop(AF_INET, &in4->sin_addr, text, sizeof text);
		(void)snprintf(s->where, sizeof s->where, "http://%s:%u/", text,
			       ntohs(in4->sin_port));
	} else if (a->ss_family == AF_INET6) {
		(void)inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text);
		(void)snprintf(s->where, sizeof s->where, "http://[%s]:%u/",
			       text, ntohs(in6->sin6_port));
	} else {
		(void)snprintf(s->where, sizeof s->where, "%s",
			       s->o.address.path);
	}
}

static bool listen_all(struct web_server *s, struct err *e)
{
	if (!net_listen(&s->o.address, s->fds, &s->n_fds, e))
		return false;
	for (size_t i = 0; i < s->n_fds; i++) {
		struct sockaddr_storage a = { 0 };
		socklen_t n = sizeof a;

		if (getsockname(s->fds[i], (struct sockaddr *)&a, &n) < 0)
			return err_sys(e, "cannot look at the socket");
		note_place(s, &a);
		s->unix_socket = a.ss_family == AF_UNIX;
		if (is_open(&a) && !s->o.token.n)
			return err_set(e, ERR_USAGE,
				       "%s can be reached from other machines: "
				       "give --token-file, or listen on "
				       "localhost or a unix socket",
				       s->where);
	}
	return true;
}

struct web_server *web_server_new(const struct web_options *o, struct err *e)
{
	struct web_server *s = calloc(1, sizeof *s);
	uint8_t secret[WEB_SECRET];

	if (!s || !(s->arena = arena_new(4096)) ||
	    !(s->connections = connections_new()) || !arena_enter(s->arena) ||
	    getrandom(secret, sizeof secret, 0) != sizeof secret) {
		(void)err_set(e, ERR_INTERNAL, "out of memory");
		web_server_free(s);
		return NULL;
	}
	s->o = *o;
	if (o->token.n)
		s->session = guard_session(s->arena, o->token, secret);
	arena_leave(s->arena);
	if (listen_all(s, e))
		return s;
	web_server_free(s);
	return NULL;
}

const char *web_server_where(const struct web_server *s)
{
	return s->where;
}

void web_server_free(struct web_server *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_fds; i++)
		close(s->fds[i]);
	if (s->unix_socket)
		net_unlink(&s->o.address);
	connections_free(s->connections);
	arena_free(s->arena);
	free(s);
}

static void ignore_log(void *arg, const char *fmt, va_list ap)
{
	(void)arg, (void)fmt, (void)ap;
}

static int socket_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *i = MHD_get_connection_info(
		c, MHD_CONNECTION_INFO_CONNECTION_FD);

	return i ? i->connect_fd : -1;
}

static void on_connection(void *arg, struct MHD_Connection *c, void **state,
			  enum MHD_ConnectionNotificationCode code)
{
	struct web_server *s = arg;

	(void)state;
	if (code == MHD_CONNECTION_NOTIFY_CLOSED)
		connections_remove(s->connections, socket_of(c));
}

void web_server_busy(struct web_server *s, struct MHD_Connection *c, bool busy)
{
	connections_busy(s->connections, socket_of(c), busy);
}

static struct MHD_Daemon *start(struct web_server *s)
{
	return MHD_start_daemon(
		MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET |
			MHD_USE_ITC | MHD_USE_ERROR_LOG,
		0, NULL, NULL, exchange_go, s, MHD_OPTION_EXTERNAL_LOGGER,
		ignore_log, NULL, MHD_OPTION_URI_LOG_CALLBACK, exchange_begin,
		s, MHD_OPTION_NOTIFY_COMPLETED, exchange_end, s,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
		MHD_OPTION_CONNECTION_LIMIT, 2U * WEB_CONNECTIONS,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_MAX,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

/* libmicrohttpd 0.9.75 waits for itself forever when its limit is reached by
 * connections that are handed to it: so it never is. */
static void take(struct web_server *s, struct MHD_Daemon *d, int listener)
{
	struct sockaddr_storage a = { 0 };
	socklen_t n = sizeof a;
	int fd;

	if (connections_full(s->connections))
		return;
	fd = accept4(listener, (struct sockaddr *)&a, &n,
		     SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	connections_add(s->connections, fd);
	if (MHD_add_connection(d, fd, (struct sockaddr *)&a, n) != MHD_YES)
		connections_remove(s->connections, fd);
}

static void serve(struct web_server *s, struct MHD_Daemon *d, int signals)
{
	struct pollfd p[NET_LISTEN_MAX + 1];

	p[0] = (struct pollfd){ .fd = signals, .events = POLLIN };
	for (size_t i = 0; i < s->n_fds; i++)
		p[i + 1] = (struct pollfd){ .fd = s->fds[i], .events = POLLIN };
	for (;;) {
		/* with all places taken the others wait in the kernel */
		bool full = connections_full(s->connections);
		int n = poll(p, full ? 1 : s->n_fds + 1,
			     full ? FULL_MS : REAP_MS);

		if (n < 0 && errno != EINTR)
			return;
		if (n > 0 && p[0].revents)
			return;
		for (size_t i = 1; n > 0 && !full && i <= s->n_fds; i++)
			if (p[i].revents)
				take(s, d, p[i].fd);
		connections_reap(s->connections);
	}
}

bool web_server_run(struct web_server *s, struct err *e)
{
	struct MHD_Daemon *d;
	sigset_t set;
	int signals;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)signal(SIGPIPE, SIG_IGN);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
		return err_sys(e, "cannot block signals");
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals < 0)
		return err_sys(e, "cannot wait for signals");
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	d = start(s);
	if (d) {
		serve(s, d, signals);
		MHD_stop_daemon(d);
	}
	close(signals);
	return d || err_set(e, ERR_SYSTEM, "cannot start the HTTP server");
}

bool web_token_read(struct arena *arena, const char *path, str *out,
		    struct err *e)
{
	char text[WEB_TOKEN_MAX + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return err_sys(e, "cannot open token file %s", path);
	n = fstat(fd, &st) == 0 ? read(fd, text, sizeof text) : -1;
	close(fd);
	if (n < 0)
		return err_sys(e, "cannot read token file %s", path);
	if (st.st_mode & 077)
		return err_set(e, ERR_PERMISSION,
			       "token file %s can be read by others (chmod "
			       "600 it)",
			       path);
	*out = arena_str(arena, str_trim((str){ text, (size_t)n }));
	if (out->n < WEB_TOKEN_MIN || n > WEB_TOKEN_MAX)
		return err_set(e, ERR_CONFIG,
			       "token file %s must hold %d to %d characters "
			       "(openssl rand -hex 24 makes some)",
			       path, WEB_TOKEN_MIN, WEB_TOKEN_MAX);
	return true;
}
