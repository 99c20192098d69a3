/* pollset: libevent does not give away its own epoll descriptor, but lets one
 * walk over its events. */
#include "dns/pollset.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <event2/event.h>

struct member {
	int fd;
	uint32_t events;
	bool wanted; /* by the loop, now */
};

struct pollset {
	int fd;
	struct member *members;
	size_t n, cap;
	bool no_memory;
	struct timeval due; /* of the first timer; 0: none */
};

struct pollset *pollset_new(struct err *e)
{
	struct pollset *p = calloc(1, sizeof *p);

	if (!p) {
		(void)err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	p->fd = epoll_create1(EPOLL_CLOEXEC);
	if (p->fd >= 0)
		return p;
	(void)err_sys(e, "cannot make a descriptor to wait for DNS");
	free(p);
	return NULL;
}

void pollset_free(struct pollset *p)
{
	if (!p)
		return;
	close(p->fd);
	free(p->members);
	free(p);
}

static struct member *member_of(struct pollset *p, int fd)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->members[i].fd == fd)
			return &p->members[i];
	if (p->n == p->cap) {
		size_t cap = p->cap ? 2 * p->cap : 16;
		struct member *m = realloc(p->members,
					   cap * sizeof *p->members);

		if (!m)
			return NULL;
		p->members = m;
		p->cap = cap;
	}
	p->members[p->n] = (struct member){ .fd = fd };
	return &p->members[p->n++];
}

static void note_timer(struct pollset *p, const struct event *ev)
{
	struct timeval due;

	if (event_pending(ev, EV_TIMEOUT, &due) &&
	    (!evutil_timerisset(&p->due) || evutil_timercmp(&due, &p->due, <)))
		p->due = due;
}

static int note_event(const struct event_base *base, const struct event *ev,
		      void *arg)
{
	struct pollset *p = arg;
	short what = (short)event_pending(ev, EV_READ | EV_WRITE, NULL);
	struct member *m;

	(void)base;
	note_timer(p, ev);
	if (!what || event_get_fd(ev) < 0)
		return 0;
	m = member_of(p, event_get_fd(ev));
	if (!m) {
		p->no_memory = true;
		return -1;
	}
	m->wanted = true;
	m->events |= (what & EV_READ ? (uint32_t)EPOLLIN : 0U) |
		     (what & EV_WRITE ? (uint32_t)EPOLLOUT : 0U);
	return 0;
}

/* A closed descriptor has left the set by itself, and its number may be that of
 * another file now: then changing fails and adding is right. */
static bool apply(struct pollset *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->n; i++) {
		struct member *m = &p->members[i];
		struct epoll_event ev = { .events = m->events };

		ev.data.fd = m->fd;
		if (!m->wanted) {
			(void)epoll_ctl(p->fd, EPOLL_CTL_DEL, m->fd, NULL);
			continue;
		}
		if (epoll_ctl(p->fd, EPOLL_CTL_MOD, m->fd, &ev) < 0 &&
		    (errno != ENOENT ||
		     epoll_ctl(p->fd, EPOLL_CTL_ADD, m->fd, &ev) < 0))
			return false;
		p->members[kept++] = *m;
	}
	p->n = kept;
	return true;
}

static int milliseconds_until(struct timeval due)
{
	struct timeval now, left;
	long long ms;

	if (!evutil_timerisset(&due))
		return -1;
	evutil_gettimeofday(&now, NULL);
	if (!evutil_timercmp(&due, &now, >))
		return 0;
	evutil_timersub(&due, &now, &left);
	ms = (long long)left.tv_sec * 1000 + (left.tv_usec + 999) / 1000;
	return ms > 3600000 ? 3600000 : (int)ms;
}

bool pollset_update(struct pollset *p, struct event_base *base, int *fd,
		    int *timeout_ms, struct err *e)
{
	evutil_timerclear(&p->due);
	p->no_memory = false;
	for (size_t i = 0; i < p->n; i++) {
		p->members[i].wanted = false;
		p->members[i].events = 0;
	}
	(void)event_base_foreach_event(base, note_event, p);
	if (p->no_memory)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (!apply(p))
		return err_sys(e, "cannot wait for DNS");
	*fd = p->fd;
	*timeout_ms = milliseconds_until(p->due);
	return true;
}
