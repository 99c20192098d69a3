/* reload: a new configuration is read and checked on a thread of its own, while
 * mail goes on; only when all of it is good do the workers get it.  Tables in
 * databases are looked at again from time to time (SQLTableRefresh). */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include "daemon/options.h"

struct event_base;
struct reload;

/* done(arg, s) is called on the base's thread with a good new snapshot, whose
 * share it takes over.  options are borrowed. */
struct reload *reload_new(struct event_base *base,
			  const struct options *options,
			  struct snapshot *current,
			  void (*done)(void *arg, struct snapshot *s),
			  void *arg);
/* Waits for a loading that is under way. */
void reload_free(struct reload *r);

/* Begins, or begins again behind one that is under way. */
void reload_start(struct reload *r);

/* No more looks at databases. */
void reload_rest(struct reload *r);

/* The snapshot in use. */
struct snapshot *reload_current(struct reload *r);

/* Reads the configuration of the command line. */
struct snapshot *load_snapshot(const struct options *o,
			       enum snapshot_purpose purpose,
			       struct snapshot *last);

/* To the log, or to standard error. */
void tell_problem(const struct problem *p, bool to_stderr);
/* Every problem to the log, or to standard error. */
void tell_problems(const struct snapshot *s, bool to_stderr);

#endif
