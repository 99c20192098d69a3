/* pollset: one descriptor for all that a libevent loop waits for, so that a
 * program with another loop can wait for it: an epoll set kept equal to the
 * events of the loop. */
#ifndef DNS_POLLSET_H
#define DNS_POLLSET_H

#include "base/err.h"

struct event_base;
struct pollset;

struct pollset *pollset_new(struct err *e);
void pollset_free(struct pollset *p);

/* *fd becomes readable when the loop has something to do; *timeout_ms is when
 * its next timer is due, rounded up, or -1. */
bool pollset_update(struct pollset *p, struct event_base *base, int *fd,
		    int *timeout_ms, struct err *e);

#endif
