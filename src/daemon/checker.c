#include "daemon/checker.h"

#include "conf/keycheck.h"
#include "daemon/log.h"
#include "daemon/reload.h"
#include "daemon/resolve.h"
#include "dns/client.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum {
	KEYS_AT_ONCE = 100,
	PAUSE_MS = 20, /* between two keys: name servers are not for us alone */
	FIRST_PAUSE_MS = 1000, /* mail comes first */
	TIMEOUT_MS = 2000
};

struct checker {
	struct snapshot *s;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping;
	bool cancelled; /* nobody joins the thread: it frees all itself */
};

static void tell(void *arg, const struct problem *p)
{
	(void)arg;
	tell_problem(p, false);
}

/* True when it is time to stop. */
static bool rest(struct checker *c, long ms)
{
	struct timespec until;
	bool stopping;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += ms * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&c->lock);
	while (!c->stopping &&
	       pthread_cond_timedwait(&c->wake, &c->lock, &until) == 0)
		;
	stopping = c->stopping;
	pthread_mutex_unlock(&c->lock);
	return stopping;
}

static struct dns_client *new_client(const struct snapshot *s,
				     struct arena *arena)
{
	const char *servers[RESOLVE_NAMESERVERS_MAX];
	const struct dns_client_options o = {
		.nameservers = servers,
		.n_nameservers = resolve_nameservers(s->conf, arena, servers),
		.timeout_ms = TIMEOUT_MS,
		.trust_anchor = s->conf->trust_anchor_file.p,
	};
	struct err e;
	struct dns_client *client = dns_client_new(&o, &e);

	if (!client)
		log_say(LOG_WARN,
			"keys are not compared with their records: %s", e.text);
	return client;
}

static void compare(struct checker *c, struct arena *arena)
{
	struct dns_client *client = new_client(c->s, arena);
	struct keycheck *k = client ? keycheck_new(c->s, tell, NULL) : NULL;

	while (k && keycheck_next(k, client) && !rest(c, PAUSE_MS))
		;
	keycheck_free(k);
	dns_client_free(client);
}

static void open_only(struct checker *c)
{
	size_t at = c->s->keys_checked_to;

	while (snapshot_check_keys(c->s, &at, KEYS_AT_ONCE, tell, NULL) &&
	       !rest(c, 0))
		;
}

static void end(struct checker *c)
{
	pthread_cond_destroy(&c->wake);
	pthread_mutex_destroy(&c->lock);
	snapshot_release(c->s);
	free(c);
}

static void *run(void *arg)
{
	struct checker *c = arg;
	struct arena *arena = arena_new(1024);
	bool no_dns = c->s->test_public_keys || c->s->test_dns_data;
	bool cancelled;

	if (arena && !rest(c, FIRST_PAUSE_MS)) {
		if (no_dns)
			open_only(c);
		else
			compare(c, arena);
	}
	arena_free(arena);
	pthread_mutex_lock(&c->lock);
	cancelled = c->cancelled;
	c->stopping = true; /* from here on whoever cancels frees */
	pthread_mutex_unlock(&c->lock);
	if (cancelled)
		end(c);
	return NULL;
}

struct checker *checker_start(struct snapshot *s)
{
	struct checker *c;
	sigset_t all, before;
	int rc;

	if (!s->rules.sign)
		return NULL;
	c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->s = snapshot_hold(s);
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->wake, NULL);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&c->thread, NULL, run, c);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc == 0)
		return c;
	log_say(LOG_WARN, "cannot start a thread to check the keys");
	end(c);
	return NULL;
}

static void tell_to_stop(struct checker *c, bool cancel)
{
	c->stopping = true;
	c->cancelled = cancel;
	pthread_cond_signal(&c->wake);
}

void checker_cancel(struct checker *c)
{
	bool over;

	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	over = c->stopping;
	if (!over) {
		tell_to_stop(c, true);
		(void)pthread_detach(c->thread);
	}
	pthread_mutex_unlock(&c->lock);
	if (over)
		checker_stop(c);
}

void checker_stop(struct checker *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	tell_to_stop(c, false);
	pthread_mutex_unlock(&c->lock);
	(void)pthread_join(c->thread, NULL);
	end(c);
}
