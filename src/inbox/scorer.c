#include "inbox/scorer.h"

#include "base/limits.h"
#include "inbox/result.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

enum { SWEEP_SECONDS = 60, LATER_MS = 5000, PIECE = 65536 };

struct scorer {
	struct scorer_options o;
	int stop; /* eventfd */
	int news; /* inotify on the folder; -1: look now and then */
	bool running;
	pthread_t thread;
};

static void read_message(struct arena *arena, const struct judge *j, int fd)
{
	struct feed *feed = feed_new(arena, judge_sink(j));
	char piece[PIECE];
	ssize_t n;

	do {
		n = read(fd, piece, sizeof piece);
		if (n > 0)
			feed_put(feed, (str){ piece, (size_t)n });
	} while (n > 0 || (n < 0 && errno == EINTR));
	feed_end(feed);
}

/* JSON; what is too much is left out. */
static str result_of_judge(struct arena *arena, const struct judge *j)
{
	struct buf b = buf_of(arena, LIMIT_SCORE_RESULT);
	struct result r;

	result_of(arena, j, &r);
	result_json(&b, &r, result_as_is, true);
	if (b.overflow) {
		b.n = 0;
		b.overflow = false;
		result_json(&b, &r, result_as_is, false);
	}
	return buf_str(&b);
}

static void close_job(void *what)
{
	struct spool_job *job = what;

	if (job->fd >= 0)
		close(job->fd);
	job->fd = -1;
}

/* Inside the arena's boundary. */
static bool judge_one(struct scorer *s, struct arena *arena, bool *any,
		      struct err *e)
{
	struct spool_job *job = arena_new_of(arena, struct spool_job);
	struct judge_options *o = arena_new_of(arena, struct judge_options);
	struct judge *j;

	job->fd = -1;
	arena_defer(arena, close_job, job);
	*any = spool_next(s->o.spool, arena, job);
	if (!*any)
		return true;
	*o = s->o.judge;
	o->now = job->time;
	o->arrived = true;
	o->ip = job->envelope.ip;
	o->helo = job->envelope.helo;
	o->mail_from = job->envelope.mail_from;
	j = judge_new(arena, o);
	if (!j)
		return err_set(e, ERR_INTERNAL, "out of memory");
	read_message(arena, j, job->fd);
	/* more memory than one message may have: it will not get better */
	return spool_finish(
		s->o.spool, job,
		judge_end(j) ? result_of_judge(arena, j) : STR("{}\n"), e);
}

/* All that waits.  False: something did not work, try again later. */
static bool judge_all(struct scorer *s)
{
	struct err e = { .text = "out of memory" };
	bool any = true, ok = true;

	while (any && ok) {
		struct arena *arena = arena_new(PIECE);

		ok = arena && arena_enter(arena) &&
		     judge_one(s, arena, &any, &e);
		if (arena && ok)
			arena_leave(arena);
		arena_free(arena);
	}
	if (!ok)
		(void)fprintf(stderr, "inkan: %s\n", e.text);
	return ok;
}

static void drain(int fd)
{
	char events[4096];

	while (fd >= 0 && read(fd, events, sizeof events) > 0)
		;
}

static void *run(void *arg)
{
	struct scorer *s = arg;
	struct pollfd p[2] = { { .fd = s->stop, .events = POLLIN },
			       { .fd = s->news, .events = POLLIN } };
	int64_t swept = 0;

	for (;;) {
		bool ok;
		int wait;

		drain(s->news);
		ok = judge_all(s);
		if (time(NULL) - swept >= SWEEP_SECONDS) {
			swept = time(NULL);
			spool_sweep(s->o.spool, swept, s->o.keep);
		}
		/* without a word of what comes, or after trouble */
		wait = ok && s->news >= 0 ? SWEEP_SECONDS * 1000
		       : ok               ? 500
					  : LATER_MS;
		if (poll(p, ok ? 2 : 1, wait) < 0 && errno != EINTR)
			return NULL;
		if (p[0].revents)
			return NULL;
	}
}

struct scorer *scorer_new(const struct scorer_options *o, struct err *e)
{
	struct scorer *s = calloc(1, sizeof *s);

	if (!s) {
		(void)err_set(e, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	s->o = *o;
	s->stop = eventfd(0, EFD_CLOEXEC);
	s->news = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (s->news >= 0 &&
	    inotify_add_watch(s->news, o->spool->path, IN_MOVED_TO) < 0) {
		close(s->news);
		s->news = -1;
	}
	if (s->stop >= 0)
		return s;
	(void)err_sys(e, "cannot make an eventfd");
	scorer_free(s);
	return NULL;
}

bool scorer_start(struct scorer *s, struct err *e)
{
	int problem = pthread_create(&s->thread, NULL, run, s);

	s->running = problem == 0;
	errno = problem;
	return s->running || err_sys(e, "cannot start a thread");
}

void scorer_free(struct scorer *s)
{
	const uint64_t one = 1;

	if (!s)
		return;
	if (s->running && write(s->stop, &one, sizeof one) == sizeof one)
		(void)pthread_join(s->thread, NULL);
	if (s->stop >= 0)
		close(s->stop);
	if (s->news >= 0)
		close(s->news);
	free(s);
}
