#include "daemon/server.h"

#include "daemon/checker.h"
#include "daemon/log.h"
#include "daemon/process.h"
#include "daemon/recorder.h"
#include "daemon/reload.h"
#include "daemon/worker.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/thread.h>

enum {
	WORKERS_MAX = 256,
	DRAIN_SECONDS = 30,
	POLL_MS = 20 /* while stopping: have all ended? */
};

enum { SIGNALS = 5 };

static const int signals[SIGNALS] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1,
				      SIGUSR2 };

struct server {
	struct event_base *base;
	struct sockets *sockets;
	struct crew crew;
	struct reload *reload;
	struct checker *checker;
	struct recorder *recorder;
	char host[256];
	struct event *signal_events[SIGNALS], *poll;
	unsigned polls;
	bool stopping;
};

void server_open_log(const struct conf *c, const char *program)
{
	const struct log_sinks sinks = {
		.syslog = c->syslog,
		.out = c->stdout_log,
		/* nobody should have to guess why nothing is heard */
		.err = !c->syslog && !c->stdout_log && !c->background,
		.fine = c->milter_debug > 0,
		.facility = c->syslog_facility,
		.name = c->syslog_name.n ? c->syslog_name.p : program,
	};

	log_open(&sinks);
}

static size_t worker_count(const struct conf *c)
{
	long n = c->workers > 0 ? c->workers : sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : (size_t)n;
}

static void log_stats(const struct server *s)
{
	struct stats sum = { 0 };

	for (size_t i = 0; i < s->crew.n; i++)
		stats_sum(&sum, worker_stats(s->crew.workers[i]));
	if (s->recorder)
		recorder_count(s->recorder, &sum);
	stats_log(&sum);
}

static bool any_listening(const struct server *s)
{
	for (size_t i = 0; i < s->crew.n; i++)
		if (worker_listening(s->crew.workers[i]))
			return true;
	return false;
}

static bool all_finished(const struct server *s)
{
	for (size_t i = 0; i < s->crew.n; i++)
		if (!worker_finished(s->crew.workers[i]))
			return false;
	return true;
}

static void on_poll(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;

	(void)fd;
	(void)what;
	s->polls++;
	if (!any_listening(s))
		sockets_close(s->sockets, false);
	if (all_finished(s)) {
		(void)event_base_loopbreak(s->base);
	} else if (s->polls == DRAIN_SECONDS * 1000 / POLL_MS) {
		log_say(LOG_WARN,
			"messages are still under way after %d "
			"seconds: they are tempfailed",
			DRAIN_SECONDS);
		for (size_t i = 0; i < s->crew.n; i++)
			worker_stop(s->crew.workers[i]);
	}
}

static void stop(struct server *s)
{
	static const struct timeval t = { .tv_usec = POLL_MS * 1000L };

	if (s->stopping)
		return;
	s->stopping = true;
	reload_rest(s->reload);
	process_notify("STOPPING=1");
	log_say(LOG_NOTE, "stopping: finishing what is under way");
	sockets_refuse(s->sockets);
	for (size_t i = 0; i < s->crew.n; i++)
		worker_drain(s->crew.workers[i]);
	(void)event_add(s->poll, &t);
}

static void on_signal(evutil_socket_t sig, short what, void *arg)
{
	struct server *s = arg;

	(void)what;
	switch (sig) {
	case SIGHUP:
	case SIGUSR1:
		if (!s->stopping)
			reload_start(s->reload);
		break;
	case SIGUSR2:
		log_stats(s);
		break;
	default:
		stop(s);
	}
}

static void on_reloaded(void *arg, struct snapshot *snapshot)
{
	struct server *s = arg;

	server_open_log(snapshot->conf, "inkand");
	for (size_t i = 0; i < s->crew.n; i++)
		worker_reload(s->crew.workers[i], snapshot);
	recorder_use(s->recorder, snapshot->conf);
	checker_cancel(s->checker);
	s->checker = checker_start(snapshot);
	snapshot_release(snapshot);
}

static bool add_events(struct server *s, struct err *e)
{
	bool ok = true;

	for (size_t i = 0; i < SIGNALS; i++) {
		s->signal_events[i] = evsignal_new(s->base, signals[i],
						   on_signal, s);
		ok = ok && s->signal_events[i] &&
		     event_add(s->signal_events[i], NULL) == 0;
	}
	s->poll = event_new(s->base, -1, EV_PERSIST, on_poll, s);
	return (ok && s->poll) || err_set(e, ERR_INTERNAL, "out of memory");
}

static bool add_workers(struct server *s, struct snapshot *snapshot,
			struct err *e)
{
	size_t n = worker_count(snapshot->conf);

	/* NOLINTNEXTLINE(bugprone-sizeof-expression): pointers are meant */
	s->crew.workers = calloc(n, sizeof *s->crew.workers);
	if (!s->crew.workers)
		return err_set(e, ERR_INTERNAL, "out of memory");
	for (; s->crew.n < n; s->crew.n++) {
		s->crew.workers[s->crew.n] = worker_new(snapshot, s->recorder,
							e);
		if (!s->crew.workers[s->crew.n])
			return false;
	}
	return true;
}

static bool begin(struct server *s, const struct options *o,
		  struct snapshot *snapshot, struct err *e)
{
	if (evthread_use_pthreads() < 0)
		return err_set(e, ERR_INTERNAL, "libevent has no threads");
	s->base = event_base_new();
	if (!s->base)
		return err_set(e, ERR_INTERNAL, "out of memory");
	if (gethostname(s->host, sizeof s->host - 1) < 0)
		s->host[0] = '\0';
	s->recorder = recorder_new(s->host, e);
	if (!s->recorder || !add_workers(s, snapshot, e) || !add_events(s, e))
		return false;
	s->reload = reload_new(s->base, o, snapshot, on_reloaded, s);
	if (!s->reload)
		return err_set(e, ERR_INTERNAL, "out of memory");
	recorder_use(s->recorder, snapshot->conf);
	for (size_t i = 0; i < s->crew.n; i++)
		if (!worker_listen(s->crew.workers[i], &s->crew, s->sockets, e))
			return false;
	for (size_t i = 0; i < s->crew.n; i++)
		if (!worker_start(s->crew.workers[i], e))
			return false;
	s->checker = checker_start(snapshot);
	return true;
}

/* False: the recorder's thread cannot be ended. */
static bool end(struct server *s)
{
	bool ended;

	checker_stop(s->checker);
	for (size_t i = 0; i < s->crew.n; i++) {
		worker_stop(
			s->crew.workers[i]); /* for those that never drained */
		worker_join(s->crew.workers[i]);
	}
	ended = !s->recorder || recorder_stop(s->recorder);
	if (s->base && s->reload)
		log_stats(s);
	reload_free(s->reload);
	for (size_t i = 0; i < SIGNALS; i++)
		if (s->signal_events[i])
			event_free(s->signal_events[i]);
	if (s->poll)
		event_free(s->poll);
	for (size_t i = 0; i < s->crew.n; i++)
		worker_free(s->crew.workers[i]);
	free(s->crew.workers);
	if (s->base)
		event_base_free(s->base);
	if (ended)
		recorder_free(s->recorder);
	return ended;
}

bool server_run(struct sockets *sockets, const struct options *o,
		struct snapshot *snapshot, struct err *e)
{
	struct server s = { .sockets = sockets };
	bool ok = begin(&s, o, snapshot, e);

	if (ok) {
		log_say(LOG_NOTE,
			"inkand " INKAN_VERSION " is ready (%zu threads)",
			s.crew.n);
		process_ready();
		(void)event_base_dispatch(s.base);
	}

	bool ended = end(&s);

	sockets_close(sockets, true);
	if (!ended) { /* what is shared with its thread must stay */
		process_pid_file_remove();
		_exit(0);
	}
	return ok;
}
