#include "web/connections.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

struct slot {
	int fd; /* -1: free */
	time_t until; /* 0: it is being answered */
};

struct connections {
	pthread_mutex_t lock;
	struct slot slot[WEB_CONNECTIONS];
};

static time_t now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

struct connections *connections_new(void)
{
	struct connections *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	if (pthread_mutex_init(&c->lock, NULL) != 0) {
		free(c);
		return NULL;
	}
	for (int i = 0; i < WEB_CONNECTIONS; i++)
		c->slot[i].fd = -1;
	return c;
}

void connections_free(struct connections *c)
{
	if (c)
		(void)pthread_mutex_destroy(&c->lock);
	free(c);
}

/* Of a descriptor, or a free one for -1; NULL when there is none. */
static struct slot *find(struct connections *c, int fd)
{
	for (int i = 0; i < WEB_CONNECTIONS; i++)
		if (c->slot[i].fd == fd)
			return &c->slot[i];
	return NULL;
}

bool connections_full(struct connections *c)
{
	bool full;

	(void)pthread_mutex_lock(&c->lock);
	full = !find(c, -1);
	(void)pthread_mutex_unlock(&c->lock);
	return full;
}

static void put(struct connections *c, int fd, struct slot value)
{
	struct slot *slot;

	(void)pthread_mutex_lock(&c->lock);
	slot = find(c, fd);
	if (slot)
		*slot = value;
	(void)pthread_mutex_unlock(&c->lock);
}

void connections_add(struct connections *c, int fd)
{
	put(c, -1, (struct slot){ fd, now() + WEB_REQUEST_SECONDS });
}

void connections_remove(struct connections *c, int fd)
{
	put(c, fd, (struct slot){ -1, 0 });
}

void connections_busy(struct connections *c, int fd, bool busy)
{
	time_t until = busy ? 0 : now() + WEB_REQUEST_SECONDS;

	put(c, fd, (struct slot){ fd, until });
}

void connections_reap(struct connections *c)
{
	time_t t = now();

	(void)pthread_mutex_lock(&c->lock);
	for (int i = 0; i < WEB_CONNECTIONS; i++) {
		struct slot *slot = &c->slot[i];

		if (slot->fd >= 0 && slot->until && slot->until < t)
			(void)shutdown(slot->fd, SHUT_RDWR);
	}
	(void)pthread_mutex_unlock(&c->lock);
}
