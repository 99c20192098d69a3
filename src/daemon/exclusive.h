/* exclusive: several loops that wait on one listening socket, of which a
 * connection wakes one (EPOLLEXCLUSIVE), not all.  libevent has no word for it
 * and keeps its epoll descriptor to itself. */
#ifndef DAEMON_EXCLUSIVE_H
#define DAEMON_EXCLUSIVE_H

struct event;
struct event_base;

/* A loop, and in *epoll what is most likely its epoll descriptor: the lowest
 * one that was free.  Only while no other thread opens any.  NULL: no memory. */
struct event_base *exclusive_loop(int *epoll);

/* event_add for a listening socket (EV_READ, persistent).  Where *epoll is not
 * the loop's (another kind of loop), the event is an ordinary one: then all
 * loops wake and all but one find nothing. */
int exclusive_add(int epoll, struct event *ev);

#endif
