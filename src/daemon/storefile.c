#include "daemon/storefile.h"

#include "daemon/process.h"
#include "store/store.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

const char *storefile_folder(const char *url, char *out, size_t size)
{
	const char *path = url ? store_file(url) : NULL;
	size_t n = path ? str_rfind(str_of(path), '/') : 0;

	if (!path || path[0] != '/' || n + 1 >= size)
		return NULL;
	memcpy(out, path, n ? n : 1);
	out[n ? n : 1] = '\0';
	return out;
}

bool storefile_same_folder(const char *first, const char *url)
{
	char a[PATH_MAX], b[PATH_MAX];
	const char *old = storefile_folder(first, a, sizeof a);
	const char *new = storefile_folder(url, b, sizeof b);

	return !new || (old && strcmp(old, new) == 0);
}

static const char *user(const struct identity *who)
{
	return who && who->name[0] ? who->name : "inkan";
}

static bool check_folder(const char *dir, const struct identity *who,
			 struct err *e)
{
	struct stat st;

	if (stat(dir, &st) < 0 && (errno == ENOENT || errno == ENOTDIR))
		return err_set(e, ERR_CONFIG,
			       "Store: there is no folder %s (make it: install "
			       "-d -m 0750 -o %s %s, and restart inkand)",
			       dir, user(who), dir);
	if (access(dir, W_OK | X_OK) < 0 && (errno == EACCES || errno == EPERM))
		return err_set(
			e, ERR_CONFIG,
			"Store: the user that inkand runs as may not "
			"write in %s, where the store's journal stands "
			"beside it (chown %s %s, or name another folder)",
			dir, user(who), dir);
	return true;
}

/* Only what is wrong for good: a full disk, or one that is read-only after a
 * fault, is not. */
static bool check(const char *url, const struct identity *who, struct err *e)
{
	const char *path = store_file(url);
	char dir[PATH_MAX];

	if (!store_url_check(url, e))
		return false;
	if (!path)
		return true;
	if (!storefile_folder(url, dir, sizeof dir))
		return err_set(e, ERR_CONFIG,
			       "Store: %.200s is no path from / on: write "
			       "/var/lib/inkan/inkan.db",
			       path);
	if (!check_folder(dir, who, e))
		return false;
	if (access(path, R_OK | W_OK) < 0 &&
	    (errno == EACCES || errno == EPERM))
		return err_set(e, ERR_CONFIG,
			       "Store: the user that inkand runs as may not "
			       "write %s (chown %s %s*)",
			       path, user(who), path);
	return true;
}

/* The child's answer: nothing, or the error. */
static _Noreturn void answer(int fd, const char *url,
			     const struct identity *who)
{
	struct err e = { .code = ERR_NONE };

	if (!process_become(who, true, &e) || !check(url, who, &e)) {
		ssize_t n = write(fd, &e, sizeof e);

		(void)n; /* the parent has gone, then */
	}
	_exit(0);
}

bool storefile_check(const char *url, const struct identity *who, struct err *e)
{
	struct err found;
	ssize_t n;
	int ends[2];
	pid_t child;

	if (!who || geteuid() == who->uid)
		return check(url, who, e);
	if (pipe(ends) < 0)
		return err_sys(e, "cannot make a pipe");
	child = fork();
	if (child == 0)
		answer(ends[1], url, who);
	close(ends[1]);
	n = child < 0 ? 0 : read(ends[0], &found, sizeof found);
	close(ends[0]);
	if (child > 0)
		(void)waitpid(child, NULL, 0);
	if (n != sizeof found)
		return true;
	*e = found;
	return false;
}
