#include "setup/run.h"

#include "base/buf.h"
#include "base/tr.h"
#include "setup/files.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUT_MAX = 4 << 20 };

bool run_exists(struct arena *arena, const char *name, const char **path)
{
	/* su without "-" leaves a user's PATH */
	static const char sbin[] = ":/usr/local/sbin:/usr/sbin:/sbin";
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes it */
	const char *env = getenv("PATH");
	struct buf all = buf_of(arena, 65536);
	str rest, dir;

	if (strchr(name, '/')) {
		*path = name;
		return access(name, X_OK) == 0;
	}
	buf_printf(&all, "%s%s", env ? env : "/usr/bin:/bin", sbin);
	rest = buf_str(&all);
	while (str_split(&rest, ':', &dir)) {
		if (!dir.n || dir.p[0] != '/')
			continue;
		*path = path_join(arena, arena_cstr(arena, dir), name);
		if (access(*path, X_OK) == 0)
			return true;
	}
	return false;
}

long long run_now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void run_pause_ms(long ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	(void)nanosleep(&t, NULL);
}

/* in, out, err: the child's ends */
static _Noreturn void child(const char *path, const char *const argv[],
			    const int fds[3])
{
	char *const *args;

	for (int i = 0; i < 3; i++)
		if (dup2(fds[i], i) < 0)
			_exit(126);
	(void)signal(SIGPIPE, SIG_DFL);
	/* messages are looked for in English, and dates are not local */
	(void)setenv("LC_ALL", "C", 1); /* NOLINT(concurrency-mt-unsafe) */
	memcpy(&args, &argv, sizeof args);
	(void)execv(path, args);
	_exit(127);
}

struct child {
	pid_t pid;
	int out[2]; /* our ends */
};

/* The whole input before the program begins: when this one is killed, the other
 * does not take half of it for all. */
static int input_file(str input)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	while (fd >= 0 && input.n) {
		ssize_t n = write(fd, input.p, input.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			close(fd);
			return -1;
		}
		input = str_skip(input, (size_t)n);
	}
	if (fd >= 0)
		(void)lseek(fd, 0, SEEK_SET);
	return fd;
}

/* Pipes that are not the standard ones: 0 to 2 are open here (keep_standard_
 * files of the program). */
static bool spawn(const char *path, const char *const argv[], str input,
		  struct child *c)
{
	int in = input_file(input), out[2], err[2];

	if (in < 0)
		return false;
	if (pipe2(out, O_CLOEXEC) < 0) {
		close(in);
		return false;
	}
	if (pipe2(err, O_CLOEXEC) < 0) {
		close(in);
		close(out[0]);
		close(out[1]);
		return false;
	}
	c->pid = fork();
	if (c->pid == 0)
		child(path, argv, (const int[]){ in, out[1], err[1] });
	close(in);
	close(out[1]);
	close(err[1]);
	c->out[0] = out[0];
	c->out[1] = err[0];
	return c->pid > 0;
}

static void take(int *fd, struct buf *b)
{
	char bytes[16384];
	ssize_t n = read(*fd, bytes, sizeof bytes);

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		close(*fd);
		*fd = -1;
		return;
	}
	buf_put(b, (str){ bytes, (size_t)n });
}

/* A daemon that goes to the background may keep the pipes: with its parent gone
 * there is nothing to wait for but what was written already. */
static bool gone(pid_t pid, int *status)
{
	return waitpid(pid, status, WNOHANG) == pid;
}

static bool converse(struct child *c, long long until, struct buf out[2],
		     int *status)
{
	bool ended = false;

	while (!ended || c->out[0] >= 0 || c->out[1] >= 0) {
		struct pollfd p[2] = { { c->out[0], POLLIN, 0 },
				       { c->out[1], POLLIN, 0 } };
		int n = poll(p, 2, ended ? 0 : 20);

		for (int i = 0; i < 2; i++)
			if (c->out[i] >= 0 && p[i].revents)
				take(&c->out[i], &out[i]);
		if (n <= 0 && ended)
			return true;
		if (!ended)
			ended = gone(c->pid, status);
		if (!ended && run_now_ms() > until)
			return false;
	}
	return true;
}

bool run_program(struct arena *arena, const char *const argv[], str input,
		 unsigned seconds, struct run_result *out, struct err *e)
{
	struct buf b[2] = { buf_of(arena, OUTPUT_MAX),
			    buf_of(arena, OUTPUT_MAX) };
	struct child c;
	const char *path;
	int status = 0;
	bool ok;

	if (!run_exists(arena, argv[0], &path))
		return err_set(e, ERR_NO_INPUT,
			       _("there is no program %s here"), argv[0]);
	if (!spawn(path, argv, input, &c))
		return err_sys(e, _("cannot run %s"), path);
	ok = converse(&c, run_now_ms() + seconds * 1000LL, b, &status);
	if (!ok) {
		(void)kill(c.pid, SIGKILL);
		(void)waitpid(c.pid, &status, 0);
		(void)err_set(e, ERR_UNAVAILABLE,
			      _("%s did not end within %u seconds"), path,
			      seconds);
	}
	for (int i = 0; i < 2; i++)
		if (c.out[i] >= 0)
			close(c.out[i]);
	out->status = WIFEXITED(status) ? WEXITSTATUS(status)
					: 128 + WTERMSIG(status);
	out->out = buf_str(&b[0]);
	out->cut = b[0].overflow;
	out->err = buf_str(&b[1]);
	return ok;
}

str run_complaint(struct arena *arena, const struct run_result *r)
{
	str text = str_trim(r->err.n ? r->err : r->out);
	struct buf b = buf_of(arena, 1024);

	if (text.n)
		return str_head(str_head(text, str_find(text, '\n')), 300);
	buf_printf(&b, _("exit status %d"), r->status);
	return buf_str(&b);
}
