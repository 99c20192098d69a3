/* supervise: AutoRestart.  A parent that keeps the sockets open, so that MTAs
 * wait instead of failing while a new child starts. */
#include "daemon/log.h"
#include "daemon/process.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CRASHES_PER_MINUTE = 5, HISTORY = 64, BACKOFF_SECONDS = 10 };

struct crashes {
	time_t at[HISTORY]; /* the latest ones, in a ring */
	unsigned long n;
};

static time_t now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static unsigned long within(const struct crashes *c, time_t seconds)
{
	unsigned long count = 0, kept = c->n < HISTORY ? c->n : HISTORY;
	time_t t = now();

	for (unsigned long i = 0; i < kept; i++)
		count += t - c->at[i] < seconds;
	return count;
}

static bool too_many(const struct crashes *c, const struct conf *conf)
{
	struct conf_rate rate = conf->auto_restart_rate;
	unsigned long most = rate.n > HISTORY ? HISTORY : (unsigned long)rate.n;

	if (conf->auto_restart_count > 0 &&
	    c->n > (unsigned long)conf->auto_restart_count)
		return true;
	return rate.n > 0 && within(c, rate.seconds) > most;
}

static void describe(pid_t child, int status)
{
	if (WIFSIGNALED(status))
		log_say(LOG_ERROR,
			"process %ld was killed by signal %d; starting another",
			(long)child, WTERMSIG(status));
	else
		log_say(LOG_ERROR,
			"process %ld ended with status %d; starting another",
			(long)child, WEXITSTATUS(status));
}

static void rest(time_t seconds, const sigset_t *all)
{
	const struct timespec t = { seconds, 0 };

	(void)sigtimedwait(all, NULL, &t);
}

/* Waits for the child to end, handing signals on to it. */
static int tend(pid_t child, const sigset_t *all, bool *stopping)
{
	for (;;) {
		int status, sig;

		if (waitpid(child, &status, WNOHANG) == child)
			return status;
		if (sigwait(all, &sig))
			continue;
		if (sig == SIGTERM || sig == SIGINT)
			*stopping = true;
		if (sig != SIGCHLD)
			(void)kill(child, sig);
	}
}

/* Configuration errors do not mend themselves by starting again. */
static bool final(int status)
{
	return WIFEXITED(status) &&
	       (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 78);
}

static _Noreturn void end_as(int status)
{
	process_pid_file_remove();
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 70);
}

bool process_supervise(const struct conf *c, bool *again, struct err *e)
{
	struct crashes crashes = { .n = 0 };
	sigset_t all, before;

	*again = false;
	(void)sigemptyset(&all);
	for (size_t i = 0; i < 5; i++)
		(void)sigaddset(&all, (const int[]){ SIGTERM, SIGINT, SIGHUP,
						     SIGUSR1, SIGCHLD }[i]);
	(void)sigprocmask(SIG_BLOCK, &all, &before);
	for (;;) {
		bool stopping = false;
		pid_t child = fork();

		if (child < 0)
			return err_sys(e, "cannot fork");
		if (child == 0) {
			(void)sigprocmask(SIG_SETMASK, &before, NULL);
			return true;
		}
		int status = tend(child, &all, &stopping);

		crashes.at[crashes.n++ % HISTORY] = now();
		if (stopping || final(status) || too_many(&crashes, c))
			end_as(status);
		describe(child, status);
		if (within(&crashes, 60) > CRASHES_PER_MINUTE)
			rest(BACKOFF_SECONDS, &all);
		*again = true;
	}
}
