#include "daemon/reload.h"

#include "conf/dataset.h"
#include "daemon/log.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <event2/event.h>

/* A look at large tables takes at most one part in so many of the time. */
enum { LOOKS_SHARE = 20 };

struct reload {
	const struct options *options;
	struct snapshot *current; /* a share */
	struct snapshot *loaded; /* by the thread, for the loop */
	void (*done)(void *, struct snapshot *);
	void *arg;
	struct event *event, *timer;
	pthread_t thread;
	bool running, again, rested;
	/* A look at the databases: what it found, how long it took. */
	bool looking, differ, deaf;
	struct err trouble; /* code ERR_NONE: none */
	str trouble_in; /* the setting */
	long look_ms;
};

struct snapshot *load_snapshot(const struct options *o,
			       enum snapshot_purpose purpose,
			       struct snapshot *last)
{
	struct snapshot_request rq = {
		.purpose = purpose,
		.paths = o->configs,
		.n_paths = o->n_configs,
		.opendmarc = o->opendmarc,
		.settings = o->settings,
		.n_settings = o->n_settings,
		.last = last,
	};

	return snapshot_load(&rq);
}

static enum log_level level_of(const struct problem *p)
{
	return p->level == PROBLEM_ERROR     ? LOG_ERROR
	       : p->level == PROBLEM_WARNING ? LOG_WARN
					     : LOG_NOTE;
}

void tell_problem(const struct problem *p, bool to_stderr)
{
	struct arena *a = arena_new(1024);
	struct buf b = buf_of(a, LOG_LINE_MAX);

	if (!a)
		return;
	if (to_stderr) {
		problem_write(&b, p);
		fprintf(stderr, "%.*s\n", STR_ARG(buf_str(&b)));
	} else {
		/* the level is the log's to say */
		if (p->file.n)
			buf_printf(&b, "%.*s:", STR_ARG(p->file));
		if (p->line)
			buf_printf(&b, "%u:", p->line);
		log_say(level_of(p), "%.*s%s%.*s", STR_ARG(buf_str(&b)),
			b.n ? " " : "", STR_ARG(p->text));
	}
	arena_free(a);
}

void tell_problems(const struct snapshot *s, bool to_stderr)
{
	for (const struct problem *p = s->problems.first; p; p = p->next)
		tell_problem(p, to_stderr);
}

static long now_ms(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Whether a table in a database has other rows now. */
static bool look(struct reload *r)
{
	long start = now_ms();

	r->differ = false;
	r->trouble.code = ERR_NONE;
	for (const struct conf_rows *p = r->current->conf->rows;
	     p && !r->differ && r->trouble.code == ERR_NONE; p = p->next) {
		r->differ = dataset_rows_differ(p, &r->trouble);
		r->trouble_in = p->setting;
	}
	r->look_ms = now_ms() - start;
	return r->differ;
}

static void *load(void *arg)
{
	struct reload *r = arg;

	if (!r->looking || look(r))
		r->loaded = load_snapshot(r->options, SNAPSHOT_RELOAD,
					  r->current);
	event_active(r->event, EV_TIMEOUT, 0);
	return NULL;
}

static const struct {
	const char *name;
	size_t at;
	enum { TEXT, BOOL, INT } kind;
} fixed[] = {
	{ "Socket", offsetof(struct conf, socket), TEXT },
	{ "UserID", offsetof(struct conf, user_id), TEXT },
	{ "PidFile", offsetof(struct conf, pid_file), TEXT },
	{ "BaseDirectory", offsetof(struct conf, base_directory), TEXT },
	{ "ChangeRootDirectory", offsetof(struct conf, change_root_directory),
	  TEXT },
	{ "SyslogName", offsetof(struct conf, syslog_name), TEXT },
	{ "Background", offsetof(struct conf, background), BOOL },
	{ "AutoRestart", offsetof(struct conf, auto_restart), BOOL },
	{ "EnableCoredumps", offsetof(struct conf, enable_coredumps), BOOL },
	{ "Sandbox", offsetof(struct conf, sandbox), BOOL },
	{ "AutoRestartCount", offsetof(struct conf, auto_restart_count), INT },
	{ "UMask", offsetof(struct conf, umask), INT },
	{ "Workers", offsetof(struct conf, workers), INT },
};

static bool same(const struct conf *a, const struct conf *b, size_t i)
{
	const char *x = (const char *)a + fixed[i].at;
	const char *y = (const char *)b + fixed[i].at;

	switch (fixed[i].kind) {
	case TEXT:
		return str_eq(*(const str *)(const void *)x,
			      *(const str *)(const void *)y);
	case BOOL:
		return *(const bool *)x == *(const bool *)y;
	default:
		return *(const long *)(const void *)x ==
		       *(const long *)(const void *)y;
	}
}

static void tell_fixed(const struct conf *old, const struct conf *new)
{
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		if (!same(old, new, i))
			log_say(LOG_WARN,
				"%s was changed: that needs a restart",
				fixed[i].name);
}

static void take_over(struct reload *r, struct snapshot *s)
{
	tell_fixed(r->current->conf, s->conf);
	snapshot_release(r->current);
	r->current = s;
	r->done(r->arg, snapshot_hold(s));
	log_say(LOG_NOTE, "configuration reloaded");
}

static void tell_look(struct reload *r)
{
	bool deaf = r->trouble.code != ERR_NONE;

	if (deaf && !r->deaf)
		log_say(LOG_WARN, "%.*s: %s: the rows read before stay in use",
			STR_ARG(r->trouble_in), r->trouble.text);
	if (!deaf && r->deaf)
		log_say(LOG_NOTE, "the tables in databases can be read again");
	r->deaf = deaf;
}

/* The next look at the databases, if there are any. */
static void arm(struct reload *r)
{
	const struct conf *c = r->current->conf;
	long ms = c->sql_table_refresh * 1000;
	struct timeval t;

	if (!c->rows || ms <= 0 || r->running || r->rested)
		return;
	if (ms < r->look_ms * LOOKS_SHARE)
		ms = r->look_ms * LOOKS_SHARE;
	t = (struct timeval){ .tv_sec = ms / 1000,
			      .tv_usec = ms % 1000 * 1000 };
	(void)event_add(r->timer, &t);
}

static void on_loaded(evutil_socket_t fd, short what, void *arg)
{
	struct reload *r = arg;
	struct snapshot *s = r->loaded;

	(void)fd;
	(void)what;
	(void)pthread_join(r->thread, NULL);
	r->running = false;
	r->loaded = NULL;
	if (r->looking)
		tell_look(r);
	if (s)
		tell_problems(s, false);
	if (s && s->ok) {
		take_over(r, s);
	} else if (!r->looking || r->differ) {
		log_say(LOG_ERROR,
			"the new configuration is not used (%s); the old one "
			"stays",
			s ? "see the errors above" : "out of memory");
		snapshot_release(s);
	}
	if (r->again)
		reload_start(r);
	else
		arm(r);
}

static void begin(struct reload *r)
{
	sigset_t all, before;

	(void)sigfillset(&all); /* signals are the main thread's */
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r->running = pthread_create(&r->thread, NULL, load, r) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!r->running)
		log_say(LOG_ERROR, "cannot start a thread to reload");
}

void reload_start(struct reload *r)
{
	if (r->running) {
		r->again = true;
		return;
	}
	r->again = false;
	r->looking = false;
	(void)event_del(r->timer);
	begin(r);
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
	struct reload *r = arg;

	(void)fd;
	(void)what;
	if (r->running)
		return;
	r->looking = true;
	begin(r);
	arm(r); /* if there is no thread */
}

void reload_rest(struct reload *r)
{
	(void)event_del(r->timer);
	r->rested = true;
}

struct reload *reload_new(struct event_base *base,
			  const struct options *options,
			  struct snapshot *current,
			  void (*done)(void *arg, struct snapshot *s),
			  void *arg)
{
	struct reload *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	r->options = options;
	r->current = snapshot_hold(current);
	r->done = done;
	r->arg = arg;
	r->event = event_new(base, -1, 0, on_loaded, r);
	r->timer = evtimer_new(base, on_time, r);
	if (r->event && r->timer) {
		arm(r);
		return r;
	}
	reload_free(r);
	return NULL;
}

void reload_free(struct reload *r)
{
	if (!r)
		return;
	if (r->running)
		(void)pthread_join(r->thread, NULL);
	if (r->event)
		event_free(r->event);
	if (r->timer)
		event_free(r->timer);
	snapshot_release(r->loaded);
	snapshot_release(r->current);
	free(r);
}

struct snapshot *reload_current(struct reload *r)
{
	return r->current;
}
