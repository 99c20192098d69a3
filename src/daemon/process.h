/* process: what a daemon does to itself: background, pid file, chroot, user,
 * a parent that starts it again.  In the order in which main calls them. */
#ifndef DAEMON_PROCESS_H
#define DAEMON_PROCESS_H

#include "base/err.h"
#include "conf/conf.h"
#include "conf/safety.h"

#include <stdbool.h>

/* In the child, true; the parent waits until process_ready, or fails with the
 * child, and never returns. */
bool process_background(struct err *e);
/* Serving now: the waiting parent ends, systemd is told (Type=notify), standard
 * streams of a background process are closed. */
void process_ready(void);
/* To systemd: "STOPPING=1", "RELOADING=1" with the clock it wants. */
void process_notify(const char *text);

/* As many descriptors as the system allows: connections and DNS questions. */
void process_descriptors(void);

/* The file holds this process's id; an old one is written over, a link is not
 * followed. */
bool process_pid_file(const char *path, struct err *e);
void process_pid_file_remove(void);

bool process_chroot(const char *dir, struct err *e);

/* Core dumps of this process leave out the heap, where private keys and people's
 * mail are.  Before chroot: it writes below /proc.  False: they would not. */
bool process_cores_without_heap(void);

/* Becomes this user for good, if it is another one; no new privileges and, unless
 * `cores`, no core dumps from here on. */
bool process_become(const struct identity *who, bool cores, struct err *e);

/* AutoRestart: returns in the child, which serves; *again: the child before it
 * died.  The parent stays here, hands on signals and ends as its last child
 * did.  False: cannot fork. */
bool process_supervise(const struct conf *c, bool *again, struct err *e);

#endif
