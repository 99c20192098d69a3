#include "daemon/listener.h"

#include "daemon/conn.h"
#include "daemon/exclusive.h"
#include "daemon/log.h"
#include "daemon/worker_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CONNECTIONS_MAX = 4000, /* of all workers */
	PAUSE_SECONDS = 1, /* when descriptors have run out */
	/* Handing a connection over costs five system calls: more than another
	 * worker's idleness is worth until there is some. */
	UNEVEN = 2
};

struct door {
	struct listener *listener;
	struct event *event;
	bool tcp;
};

struct listener {
	struct worker *worker;
	const struct crew *crew;
	struct door doors[NET_LISTEN_MAX];
	size_t n;
	struct event *resume;
	struct log_limit limit;
};

bool sockets_open(struct sockets *s, const struct conf *c, bool before_chroot,
		  struct err *e)
{
	int first;

	if (s->n)
		return true;
	s->n = net_inherited(&first);
	for (size_t i = 0; i < s->n; i++)
		s->fds[i] = first + (int)i;
	if (s->n)
		return true;
	if (!net_address_parse(c->socket, &s->address, e))
		return false;
	if (before_chroot && s->address.kind == NET_UNIX)
		return true; /* its path is inside */
	s->ours = true;
	return net_listen(&s->address, s->fds, &s->n, e);
}

bool sockets_give(const struct sockets *s, const struct identity *who,
		  struct err *e)
{
	if (!s->ours || s->address.kind != NET_UNIX || geteuid() != 0 ||
	    who->uid == 0)
		return true;
	return lchown(s->address.path, who->uid, who->gid) == 0 ||
	       err_sys(e, "cannot give socket %s to user %s", s->address.path,
		       who->name);
}

void sockets_refuse(const struct sockets *s)
{
	if (!s->ours || !s->n)
		return; /* systemd's go on listening */
	net_unlink(&s->address);
	for (size_t i = 0; i < s->n; i++)
		(void)shutdown(s->fds[i], SHUT_RDWR);
}

void sockets_close(struct sockets *s, bool remove)
{
	for (size_t i = 0; i < s->n; i++)
		close(s->fds[i]);
	if (remove && s->ours && s->n)
		net_unlink(&s->address);
	s->n = 0;
}

static struct worker *least_loaded(const struct crew *crew, unsigned *all)
{
	struct worker *best = crew->workers[0];

	*all = 0;
	for (size_t i = 0; i < crew->n; i++) {
		*all += worker_load(crew->workers[i]);
		if (worker_load(crew->workers[i]) < worker_load(best))
			best = crew->workers[i];
	}
	return best;
}

static void complain(struct listener *l, const char *what)
{
	unsigned left_out;

	if (log_allowed(&l->limit, station_now(&l->worker->station), &left_out))
		log_say(LOG_ERROR,
			"%s; the MTA will try again (%u more were not logged)",
			what, left_out);
}

static void pause_accepting(struct listener *l)
{
	static const struct timeval t = { .tv_sec = PAUSE_SECONDS };

	for (size_t i = 0; i < l->n; i++)
		(void)event_del(l->doors[i].event);
	(void)event_add(l->resume, &t);
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < l->n; i++)
		(void)exclusive_add(l->worker->epoll, l->doors[i].event);
}

static void refused(struct listener *l, int why)
{
	if (why != EMFILE && why != ENFILE && why != ENOBUFS && why != ENOMEM)
		return; /* another worker has it, or the MTA gave up */
	complain(l, "no descriptors or memory for another connection: raise "
		    "LimitNOFILE");
	pause_accepting(l);
}

static void serve(struct listener *l, int fd, bool tcp)
{
	unsigned all;
	struct worker *least = least_loaded(l->crew, &all);

	if (all >= CONNECTIONS_MAX) {
		complain(l, "too many connections at once");
		close(fd);
	} else if (worker_load(l->worker) >= worker_load(least) + UNEVEN) {
		worker_give(least, fd, tcp);
	} else {
		worker_take(l->worker, fd, tcp);
	}
}

/* A level-triggered loop comes back by itself: one call for one connection. */
static void on_connection(evutil_socket_t from, short what, void *arg)
{
	const struct door *door = arg;
	(void)what;
	int fd = accept4((int)from, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		refused(door->listener, errno);
	else
		serve(door->listener, fd, door->tcp);
}

static bool is_tcp(int fd)
{
	struct sockaddr_storage name = { .ss_family = AF_UNIX };
	socklen_t n = sizeof name;

	return getsockname(fd, (struct sockaddr *)&name, &n) == 0 &&
	       name.ss_family != AF_UNIX;
}

static bool open_door(struct listener *l, int fd)
{
	struct door *door = &l->doors[l->n];

	*door = (struct door){ .listener = l, .tcp = is_tcp(fd) };
	door->event = event_new(l->worker->base, fd, EV_READ | EV_PERSIST,
				on_connection, door);
	if (!door->event)
		return false;
	l->n++;
	return exclusive_add(l->worker->epoll, door->event) == 0;
}

struct listener *listener_new(struct worker *w, const struct crew *crew,
			      const struct sockets *s)
{
	struct listener *l = calloc(1, sizeof *l);
	bool ok;

	if (!l)
		return NULL;
	l->worker = w;
	l->crew = crew;
	l->resume = evtimer_new(w->base, on_resume, l);
	ok = l->resume;
	for (size_t i = 0; ok && i < s->n; i++)
		ok = open_door(l, s->fds[i]);
	if (ok)
		return l;
	listener_free(l);
	return NULL;
}

void listener_free(struct listener *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n; i++)
		event_free(l->doors[i].event);
	if (l->resume)
		event_free(l->resume);
	free(l);
}
