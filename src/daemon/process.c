#include "daemon/process.h"

#include "daemon/log.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct {
	int ready_fd; /* to the parent that waits; -1: none */
	bool background;
	char pid_file[4096];
	pid_t pid_file_owner;
} state = { .ready_fd = -1 };

/* The parent's end: the child's "ready" byte, or its exit status. */
static _Noreturn void wait_for_child(int fd, pid_t child)
{
	char byte;
	ssize_t n;
	int status;

	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		_exit(0);
	if (waitpid(child, &status, 0) == child && WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	_exit(70);
}

bool process_background(struct err *e)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(e, "cannot make a pipe");
	pid_t child = fork();

	if (child < 0)
		return err_sys(e, "cannot fork");
	if (child > 0) {
		close(fds[1]);
		wait_for_child(fds[0], child);
	}
	close(fds[0]);
	state.ready_fd = fds[1];
	state.background = true;
	(void)setsid();
	return true;
}

static void close_streams(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	(void)dup2(null, STDIN_FILENO);
	(void)dup2(null, STDERR_FILENO);
	close(null);
}

void process_notify(const char *text)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes it */
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	if (!path || strlen(path) >= sizeof to.sun_path || strlen(path) < 2)
		return;
	memcpy(to.sun_path, path, strlen(path));
	if (to.sun_path[0] == '@') /* the abstract name space */
		to.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	(void)sendto(fd, text, strlen(text), MSG_NOSIGNAL,
		     (const struct sockaddr *)&to,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				 strlen(path)));
	close(fd);
}

void process_ready(void)
{
	char text[64];

	(void)snprintf(text, sizeof text, "READY=1\nMAINPID=%ld",
		       (long)(state.pid_file_owner ? state.pid_file_owner
						   : getpid()));
	process_notify(text);
	if (state.ready_fd >= 0) {
		ssize_t n = write(state.ready_fd, "r", 1);

		(void)n; /* the parent may have been killed */
		close(state.ready_fd);
		state.ready_fd = -1;
	}
	if (state.background)
		close_streams();
}

void process_descriptors(void)
{
	enum { ENOUGH = 65536 };
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= ENOUGH)
		return;
	limit.rlim_cur = limit.rlim_max < ENOUGH ? limit.rlim_max : ENOUGH;
	(void)setrlimit(RLIMIT_NOFILE, &limit); /* else with what there is */
}

/* Directories below /run are gone after every boot; what a unit or an init
 * script would make there is made here. */
static int open_pid_file(const char *path)
{
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC |
			  O_NOFOLLOW | O_NONBLOCK;
	int fd = open(path, flags, 0644);
	str dir = str_head(str_of(path), str_rfind(str_of(path), '/'));
	char text[4096];

	if (fd >= 0 || errno != ENOENT || !dir.n || dir.n >= sizeof text)
		return fd;
	memcpy(text, dir.p, dir.n);
	text[dir.n] = '\0';
	if (mkdir(text, 0755) < 0) {
		errno = ENOENT;
		return -1;
	}
	return open(path, flags, 0644);
}

bool process_pid_file(const char *path, struct err *e)
{
	char text[32];
	int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
	int fd = open_pid_file(path);
	struct stat st;

	if (fd < 0)
		return err_sys(
			e,
			"cannot write PidFile %s (make its directory, or "
			"name another file)",
			path);
	bool ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		  write(fd, text, (size_t)n) == n;

	if (close(fd) < 0 || !ok)
		return err_sys(e, "cannot write PidFile %s", path);
	if (snprintf(state.pid_file, sizeof state.pid_file, "%s", path) <
	    (int)sizeof state.pid_file)
		state.pid_file_owner = getpid();
	return true;
}

void process_pid_file_remove(void)
{
	if (state.pid_file_owner == getpid() && unlink(state.pid_file) < 0 &&
	    errno != ENOENT && errno != EACCES && errno != EPERM)
		log_say(LOG_WARN, "cannot remove PidFile %s", state.pid_file);
	state.pid_file_owner = 0;
}

bool process_chroot(const char *dir, struct err *e)
{
	if (chdir(dir) < 0 || chroot(dir) < 0)
		return err_sys(e,
			       "cannot change the root to "
			       "ChangeRootDirectory %s (it needs root)",
			       dir);
	if (chdir("/") < 0)
		return err_sys(e, "cannot enter %s", dir);
	return true;
}

static bool change_user(const struct identity *who, struct err *e)
{
	if (geteuid() == who->uid && getegid() == who->gid)
		return true;
	if (geteuid() != 0)
		return err_set(e, ERR_PERMISSION,
			       "only root can become the user of UserID (%s): "
			       "start as root, or as that user",
			       who->name);
	if (setgroups((size_t)who->n_groups, who->groups) < 0 ||
	    setresgid(who->gid, who->gid, who->gid) < 0 ||
	    setresuid(who->uid, who->uid, who->uid) < 0)
		return err_sys(e, "cannot become user %s", who->name);
	if (who->uid != 0 && setuid(0) == 0)
		return err_set(e, ERR_INTERNAL,
			       "root could be had back as user %s", who->name);
	return true;
}

/* core(5): shared memory (the workers' stacks), what is mapped from files, and
 * ELF headers; not private memory.  Debuggers that make a core keep to it. */
bool process_cores_without_heap(void)
{
	static const char filter[] = "0x16";
	int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return false;
	ok = write(fd, filter, sizeof filter - 1) == sizeof filter - 1;
	close(fd);
	return ok;
}

bool process_become(const struct identity *who, bool cores, struct err *e)
{
	const struct rlimit none = { 0, 0 };

	if (!change_user(who, e))
		return false;
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (cores) {
		(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
		return true;
	}
	/* private keys must not lie around in core files */
	if (setrlimit(RLIMIT_CORE, &none) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(e, "cannot switch core dumps off");
	return true;
}
