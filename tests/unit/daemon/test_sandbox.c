/* What is closed and what stays open, each in a child that has entered. */
#include "daemon/sandbox.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64], run_dir[96], pid_file[128], other_dir[96], other[128];
static char store_dir[96], store[128];

static void put(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "text", 4), 4);
	close(fd);
}

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof dir, "%s", "sandbox-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(run_dir, sizeof run_dir, "%s/run", dir);
	(void)snprintf(pid_file, sizeof pid_file, "%s/pid", run_dir);
	(void)snprintf(other_dir, sizeof other_dir, "%s/other", dir);
	(void)snprintf(other, sizeof other, "%s/file", other_dir);
	(void)snprintf(store_dir, sizeof store_dir, "%s/store", dir);
	(void)snprintf(store, sizeof store, "%s/file", store_dir);
	return mkdir(run_dir, 0700) < 0 || mkdir(store_dir, 0700) < 0
		       ? -1
		       : mkdir(other_dir, 0700);
}

static int tear_down(void **state)
{
	(void)state;
	(void)unlink(pid_file);
	(void)unlink(other);
	(void)rmdir(other_dir);
	(void)unlink(store);
	(void)rmdir(store_dir);
	(void)rmdir(run_dir);
	return rmdir(dir);
}

static int opened(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? errno : 0;
}

static int failed(int rc)
{
	return rc < 0 ? errno : 0;
}

/* Each gives 0, or the errno that it met. */
static int reads(void)
{
	return opened(other, O_RDONLY);
}

static int reads_system(void)
{
	return opened("/etc/passwd", O_RDONLY);
}

static int writes_null(void)
{
	return opened("/dev/null", O_RDWR);
}

static int writes(void)
{
	return opened(other, O_WRONLY);
}

static int makes(void)
{
	return opened(pid_file, O_WRONLY | O_CREAT | O_EXCL);
}

static int truncates(void)
{
	return failed(truncate(other, 0));
}

static int removes_other(void)
{
	return failed(unlink(other));
}

static int removes(void)
{
	return failed(unlink(pid_file));
}

static int makes_folder(void)
{
	return failed(mkdir("sandbox-new", 0700));
}

static int uses_store(void)
{
	int rc = opened(store, O_RDWR | O_CREAT | O_EXCL);

	if (!rc)
		rc = failed(truncate(store, 10));
	return rc ? rc : failed(unlink(store));
}

static int starts_program(void)
{
	return failed(execl("/bin/true", "true", (char *)NULL));
}

static int leaves_namespace(void)
{
	return failed(unshare(CLONE_NEWUSER));
}

/* The errno that a child met behind the door; -1: it died. */
static int in_child(int (*what)(void), enum sandbox_news *news)
{
	const char *const removable[] = { NULL, pid_file };
	int pipe_fds[2], status, met[2] = { -1, -1 };
	pid_t child;

	assert_int_equal(pipe(pipe_fds), 0);
	child = fork();
	if (child == 0) {
		met[0] = (int)sandbox_enter(removable, 2, store_dir);
		met[1] = what();
		if (write(pipe_fds[1], met, sizeof met) < 0)
			_exit(1);
		_exit(0);
	}
	assert_true(child > 0);
	close(pipe_fds[1]);
	if (read(pipe_fds[0], met, sizeof met) != sizeof met)
		met[1] = -1;
	close(pipe_fds[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	*news = (enum sandbox_news)met[0];
	return met[1];
}

static const struct {
	int (*what)(void);
	int want;
	bool of_files; /* Landlock's part */
	const char *name;
} rows[] = {
	{ reads, 0, true, "reads" },
	{ reads_system, 0, true, "reads what a reload may name" },
	{ writes_null, 0, true, "writes /dev/null" },
	{ removes, 0, true, "removes the pid file" },
	{ uses_store, 0, true, "makes, cuts and removes the store's files" },
	{ writes, EACCES, true, "writes a file that is there" },
	{ makes, EACCES, true, "makes a file" },
	{ truncates, EACCES, true, "truncates" },
	{ removes_other, EACCES, true, "removes another file" },
	{ makes_folder, EACCES, true, "makes a folder" },
	{ starts_program, EPERM, false, "starts a program" },
	{ leaves_namespace, EPERM, false, "unshare" },
};

static void what_is_closed(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(rows); i++) {
		enum sandbox_news news;
		int met;

		put(other);
		if (rows[i].what == removes)
			put(pid_file);
		else
			(void)unlink(pid_file);
		met = in_child(rows[i].what, &news);
		if (rows[i].of_files
			    ? news == SANDBOX_FILES_OPEN || news == SANDBOX_NONE
			    : news == SANDBOX_CALLS_OPEN ||
				      news == SANDBOX_NONE)
			continue; /* not on this kernel */
		if (met != rows[i].want)
			fail_msg("%s: errno %d", rows[i].name, met);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_closed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
