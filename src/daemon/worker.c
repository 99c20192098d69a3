#include "daemon/worker.h"

#include "daemon/exclusive.h"
#include "daemon/log.h"
#include "daemon/resolve.h"
#include "daemon/worker_inside.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	IDLE_SECONDS = 7210, /* libmilter's patience, which MTAs rely on */
	REST_SECONDS = 30,
	KEYS_CACHED = 4096,
	STACK_BYTES = 8 << 20 /* as usual; taken page by page when used */
};

enum handed_kind { HANDED_FD, HANDED_SNAPSHOT, HANDED_DRAIN, HANDED_STOP };

struct handed {
	struct handed *next;
	enum handed_kind kind;
	int fd;
	bool tcp;
	struct snapshot *snapshot; /* a share */
};

void worker_remember(struct worker *w, struct conn *c)
{
	c->next = w->conns;
	if (c->next)
		c->next->prev = c;
	w->conns = c;
	stats_add(&w->station.stats.connections, 1);
}

/* The ready list must not hold what is gone. */
static void unready(struct worker *w, const struct filter *f)
{
	struct filter **at = &w->ready;

	if (!f->is_ready)
		return;
	while (*at && *at != f)
		at = &(*at)->next_ready;
	if (*at)
		*at = f->next_ready;
}

static void end_if_drained(struct worker *w)
{
	if (w->draining && !w->conns)
		(void)event_base_loopbreak(w->base);
}

void worker_forget(struct worker *w, struct conn *c)
{
	unready(w, &c->filter);
	if (c->prev)
		c->prev->next = c->next;
	else
		w->conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	atomic_fetch_sub(&w->load, 1);
	end_if_drained(w);
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;

	(void)fd;
	(void)what;
	while (w->ready) {
		struct filter *f = w->ready;

		w->ready = f->next_ready;
		f->is_ready = false;
		conn_resume((struct conn *)f);
	}
}

/* However many answers come in one turn of the loop, a message runs once. */
static void make_ready(struct station *st, struct filter *f)
{
	struct worker *w = (struct worker *)st;

	if (f->is_ready)
		return;
	f->is_ready = true;
	f->next_ready = w->ready;
	w->ready = f;
	event_active(w->ready_event, EV_TIMEOUT, 0);
}

static void use(struct worker *w, struct snapshot *s)
{
	struct err e;
	struct resolver *r = resolve_new(w->base, s, &e);
	struct era *era = r ? era_new(s, r) : NULL;

	if (era) {
		station_use(&w->station, era);
		return;
	}
	log_say(LOG_ERROR, "the new configuration cannot be used: %s",
		r ? "out of memory" : e.text);
	resolver_free(r);
	snapshot_release(s);
}

static void drain(struct worker *w, bool force)
{
	struct conn *c = w->conns, *next;

	w->draining = true;
	listener_free(w->listener);
	w->listener = NULL;
	atomic_store(&w->listening, false);
	for (; c; c = next) {
		next = c->next;
		conn_drain(c, force);
	}
	if (force)
		(void)event_base_loopbreak(w->base);
	end_if_drained(w);
}

static void take(struct worker *w, const struct handed *h)
{
	switch (h->kind) {
	case HANDED_FD:
		if (w->draining) {
			close(h->fd);
			atomic_fetch_sub(&w->load, 1);
		} else if (!conn_open(w, h->fd, h->tcp)) {
			atomic_fetch_sub(&w->load, 1);
		}
		break;
	case HANDED_SNAPSHOT:
		use(w, h->snapshot);
		break;
	case HANDED_DRAIN:
		drain(w, false);
		break;
	case HANDED_STOP:
		drain(w, true);
		break;
	}
}

static struct handed *take_all(struct worker *w)
{
	struct handed *list;

	pthread_mutex_lock(&w->lock);
	list = w->handed;
	w->handed = NULL;
	w->handed_end = &w->handed;
	pthread_mutex_unlock(&w->lock);
	return list;
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct worker *w = arg;
	struct handed *list, *next;
	uint64_t n;

	(void)what;
	if (read((int)fd, &n, sizeof n) < 0 && errno != EAGAIN)
		return;
	list = take_all(w);
	for (; list; list = next) {
		next = list->next;
		take(w, list);
		free(list);
	}
}

static bool hand(struct worker *w, struct handed h)
{
	static const uint64_t one = 1;
	struct handed *copy = malloc(sizeof *copy);

	if (!copy)
		return false;
	*copy = h;
	copy->next = NULL;
	pthread_mutex_lock(&w->lock);

	bool first = !w->handed;

	*w->handed_end = copy;
	w->handed_end = &copy->next;
	pthread_mutex_unlock(&w->lock);
	if (first && write(w->wake_fd, &one, sizeof one) < 0)
		log_say(LOG_ERROR, "cannot wake a worker: %s",
			strerror(errno)); /* NOLINT(concurrency-mt-unsafe) */
	return true;
}

void worker_take(struct worker *w, int fd, bool tcp)
{
	atomic_fetch_add(&w->load, 1);
	if (!conn_open(w, fd, tcp))
		atomic_fetch_sub(&w->load, 1);
}

void worker_give(struct worker *w, int fd, bool tcp)
{
	atomic_fetch_add(&w->load, 1);
	if (!hand(w,
		  (struct handed){ .kind = HANDED_FD, .fd = fd, .tcp = tcp })) {
		atomic_fetch_sub(&w->load, 1);
		close(fd);
	}
}

void worker_reload(struct worker *w, struct snapshot *s)
{
	if (!hand(w, (struct handed){ .kind = HANDED_SNAPSHOT,
				      .snapshot = snapshot_hold(s) }))
		snapshot_release(s);
}

void worker_drain(struct worker *w)
{
	(void)hand(w, (struct handed){ .kind = HANDED_DRAIN });
}

void worker_stop(struct worker *w)
{
	(void)hand(w, (struct handed){ .kind = HANDED_STOP });
}

bool worker_listening(const struct worker *w)
{
	return atomic_load(&w->listening);
}

bool worker_finished(const struct worker *w)
{
	return atomic_load(&w->finished);
}

unsigned worker_load(const struct worker *w)
{
	return atomic_load(&w->load);
}

const struct stats *worker_stats(const struct worker *w)
{
	return &w->station.stats;
}

/* All connections of one kind wait equally long: libevent keeps them in a queue
 * then, not in a heap. */
static void init_timeouts(struct worker *w, const struct conf *c)
{
	struct timeval t[WAITS] = {
		[WAIT_IDLE] = { .tv_sec = IDLE_SECONDS },
		[WAIT_REST] = { .tv_sec = REST_SECONDS },
		/* each question ends by itself; a little later all must have */
		[WAIT_ANSWER] = { .tv_sec = c->dns_timeout > 0
						    ? 2 * c->dns_timeout + 5
						    : 250 },
	};

	for (int i = WAIT_IDLE; i < WAITS; i++)
		w->timeouts[i] = event_base_init_common_timeout(w->base, &t[i]);
}

static bool init(struct worker *w, const struct conf *c, struct err *e)
{
	w->base = exclusive_loop(&w->epoll);
	w->in = malloc(WORKER_IN_BYTES);
	w->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	w->station.keys = keycache_new(KEYS_CACHED);
	if (!w->base || !w->in || w->wake_fd < 0 || !w->station.keys)
		return err_set(e, ERR_INTERNAL,
			       "not enough memory or descriptors for a worker");
	init_timeouts(w, c);
	w->ready_event = event_new(w->base, -1, 0, on_ready, w);
	w->wake_event = event_new(w->base, w->wake_fd, EV_READ | EV_PERSIST,
				  on_wake, w);
	return (w->ready_event && w->wake_event &&
		event_add(w->wake_event, NULL) == 0) ||
	       err_set(e, ERR_INTERNAL, "out of memory");
}

static bool first_era(struct worker *w, struct snapshot *s, struct err *e)
{
	struct resolver *r = resolve_new(w->base, s, e);
	struct era *era;

	if (!r)
		return false;
	era = era_new(snapshot_hold(s), r);
	if (!era) {
		snapshot_release(s);
		resolver_free(r);
		return err_set(e, ERR_INTERNAL, "out of memory");
	}
	station_use(&w->station, era);
	return true;
}

struct worker *worker_new(struct snapshot *s, struct recorder *recorder,
			  struct err *e)
{
	struct worker *w = calloc(1, sizeof *w);

	if (!w) {
		err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	w->wake_fd = -1;
	w->out.max = WORKER_OUT_MAX;
	w->handed_end = &w->handed;
	pthread_mutex_init(&w->lock, NULL);
	if (gethostname(w->host, sizeof w->host - 1) < 0)
		w->host[0] = '\0';
	w->station.host = w->host;
	w->station.recorder = recorder;
	w->station.fixed_time = -1;
	w->station.ready = make_ready;
	if (!init(w, s->conf, e) || !first_era(w, s, e)) {
		worker_free(w);
		return NULL;
	}
	return w;
}

bool worker_listen(struct worker *w, const struct crew *crew,
		   const struct sockets *s, struct err *e)
{
	w->listener = listener_new(w, crew, s);
	atomic_store(&w->listening, w->listener != NULL);
	return w->listener || err_set(e, ERR_INTERNAL, "out of memory");
}

static void *run(void *arg)
{
	struct worker *w = arg;

	(void)event_base_dispatch(w->base);
	atomic_store(&w->finished, true);
	return NULL;
}

/* A thread whose stack is in a core dump, where private memory is not (see
 * process_cores_without_heap). */
static int start_thread(struct worker *w)
{
	pthread_attr_t attr;
	int rc;

	w->stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (w->stack == MAP_FAILED) {
		w->stack = NULL;
		return errno;
	}
	/* the page that ends a stack that grows too far */
	(void)mprotect(w->stack, (size_t)sysconf(_SC_PAGESIZE), PROT_NONE);
	rc = pthread_attr_init(&attr);
	if (rc)
		return rc;
	rc = pthread_attr_setstack(&attr, w->stack, STACK_BYTES);
	if (!rc)
		rc = pthread_create(&w->thread, &attr, run, w);
	(void)pthread_attr_destroy(&attr);
	return rc;
}

bool worker_start(struct worker *w, struct err *e)
{
	sigset_t all, before;
	int rc;

	(void)sigfillset(&all); /* signals are the main thread's */
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = start_thread(w);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc) {
		errno = rc;
		return err_sys(e, "cannot start a thread");
	}
	w->started = true;
	return true;
}

void worker_join(struct worker *w)
{
	if (w->started)
		(void)pthread_join(w->thread, NULL);
	w->started = false;
}

void worker_free(struct worker *w)
{
	struct handed *list = take_all(w), *next;

	for (; list; list = next) {
		next = list->next;
		if (list->kind == HANDED_FD)
			close(list->fd);
		if (list->kind == HANDED_SNAPSHOT)
			snapshot_release(list->snapshot);
		free(list);
	}
	listener_free(w->listener);
	w->draining = false; /* nothing is left to break */
	while (w->conns)
		conn_close(w->conns);
	era_release(w->station.era);
	keycache_free(w->station.keys);
	if (w->ready_event)
		event_free(w->ready_event);
	if (w->wake_event)
		event_free(w->wake_event);
	if (w->base)
		event_base_free(w->base);
	if (w->wake_fd >= 0)
		close(w->wake_fd);
	if (w->stack)
		(void)munmap(w->stack, STACK_BYTES);
	buf_free(&w->out);
	free(w->in);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
