#include "daemon/listener.h"

#include "daemon/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

enum {
	CONNECTIONS_MAX = 4000, /* of all workers */
	PAUSE_SECONDS = 1 /* when descriptors have run out */
};

struct listener {
	struct event_base *base;
	struct worker **workers;
	size_t n_workers, n;
	struct event *events[NET_LISTEN_MAX];
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

void sockets_close(struct sockets *s, bool remove)
{
	for (size_t i = 0; i < s->n; i++)
		close(s->fds[i]);
	if (remove && s->ours && s->n)
		net_unlink(&s->address);
	s->n = 0;
}

static struct worker *least_loaded(const struct listener *l, unsigned *all)
{
	struct worker *best = l->workers[0];

	*all = 0;
	for (size_t i = 0; i < l->n_workers; i++) {
		*all += worker_load(l->workers[i]);
		if (worker_load(l->workers[i]) < worker_load(best))
			best = l->workers[i];
	}
	return best;
}

static void complain(struct listener *l, const char *what)
{
	unsigned left_out;
	struct timeval now;

	(void)event_base_gettimeofday_cached(l->base, &now);
	if (log_allowed(&l->limit, now.tv_sec, &left_out))
		log_say(LOG_ERROR,
			"%s; the MTA will try again (%u more were not logged)",
			what, left_out);
}

static void pause_accepting(struct listener *l)
{
	static const struct timeval t = { .tv_sec = PAUSE_SECONDS };

	for (size_t i = 0; i < l->n; i++)
		(void)event_del(l->events[i]);
	(void)event_add(l->resume, &t);
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < l->n; i++)
		(void)event_add(l->events[i], NULL);
}

/* A level-triggered loop comes back by itself: one call for one connection. */
static void on_connection(evutil_socket_t from, short what, void *arg)
{
	struct listener *l = arg;
	unsigned all;
	struct worker *w;
	(void)what;
	int fd = accept4((int)from, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM) {
			complain(l, "no descriptors or memory for another "
				    "connection: raise LimitNOFILE");
			pause_accepting(l);
		}
		return;
	}
	w = least_loaded(l, &all);
	if (all >= CONNECTIONS_MAX) {
		complain(l, "too many connections at once");
		close(fd);
	} else {
		worker_give(w, fd);
	}
}

struct listener *listener_new(struct event_base *base, const struct sockets *s,
			      struct worker **workers, size_t n_workers)
{
	struct listener *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->base = base;
	l->workers = workers;
	l->n_workers = n_workers;
	l->resume = evtimer_new(base, on_resume, l);
	for (; l->n < s->n; l->n++) {
		l->events[l->n] = event_new(base, s->fds[l->n],
					    EV_READ | EV_PERSIST, on_connection,
					    l);
		if (!l->events[l->n] || event_add(l->events[l->n], NULL) < 0)
			break;
	}
	if (l->resume && l->n == s->n)
		return l;
	listener_free(l);
	return NULL;
}

void listener_free(struct listener *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < NET_LISTEN_MAX; i++)
		if (l->events[i])
			event_free(l->events[i]);
	if (l->resume)
		event_free(l->resume);
	free(l);
}
