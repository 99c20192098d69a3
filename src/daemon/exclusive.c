#include "daemon/exclusive.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>

struct event_base *exclusive_loop(int *epoll)
{
	int probe = eventfd(0, EFD_CLOEXEC);

	if (probe < 0)
		return NULL;
	close(probe);
	*epoll = probe; /* the first thing that event_base_new opens */
	return event_base_new();
}

int exclusive_add(int epoll, struct event *ev)
{
	int fd = event_get_fd(ev);
	struct epoll_event how = {
		.events = EPOLLIN | EPOLLEXCLUSIVE,
		.data.fd = fd, /* as libevent has it */
	};

	if (event_add(ev, NULL) < 0)
		return -1;
	/* a descriptor that is no epoll, or does not hold fd, refuses this */
	if (epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL) < 0)
		return 0;
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &how) == 0)
		return 0;
	how.events = EPOLLIN;
	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &how);
}
