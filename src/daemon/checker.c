#include "daemon/checker.h"

#include "daemon/log.h"
#include "daemon/reload.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { KEYS_AT_ONCE = 100 };

struct checker {
	struct snapshot *s;
	pthread_t thread;
	atomic_bool stopping;
};

static void tell(void *arg, const struct problem *p)
{
	(void)arg;
	tell_problem(p, false);
}

static void *run(void *arg)
{
	struct checker *c = arg;
	size_t at = c->s->keys_checked_to;

	while (!atomic_load(&c->stopping) &&
	       snapshot_check_keys(c->s, &at, KEYS_AT_ONCE, tell, NULL))
		;
	return NULL;
}

struct checker *checker_start(struct snapshot *s)
{
	struct checker *c;
	sigset_t all, before;
	int rc;

	if (!s->rules.keys)
		return NULL;
	c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->s = snapshot_hold(s);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&c->thread, NULL, run, c);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc == 0)
		return c;
	log_say(LOG_WARN, "cannot start a thread to check the keys");
	snapshot_release(c->s);
	free(c);
	return NULL;
}

void checker_stop(struct checker *c)
{
	if (!c)
		return;
	atomic_store(&c->stopping, true);
	(void)pthread_join(c->thread, NULL);
	snapshot_release(c->s);
	free(c);
}
