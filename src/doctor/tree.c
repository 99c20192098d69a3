#include "doctor/tree.h"

#include "conf/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

bool tree_open(struct tree *t, const char *root, struct err *e)
{
	*t = (struct tree){ .live = strspn(root, "/") == strlen(root) };
	t->dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return t->dir >= 0 || err_sys(e, "cannot enter %s", root);
}

void tree_close(struct tree *t)
{
	if (t->dir >= 0)
		close(t->dir);
	t->dir = -1;
}

int tree_fd(const struct tree *t, const char *path, int flags)
{
	struct open_how how = { .flags = (unsigned)flags | O_CLOEXEC,
				.resolve = RESOLVE_IN_ROOT };
	long fd;

	if (t->live)
		return open(path, flags | O_CLOEXEC);
	fd = syscall(SYS_openat2, t->dir, path, &how, sizeof how);
	return (int)fd;
}

bool tree_read(const struct tree *t, struct arena *arena, const char *path,
	       size_t max, str *out, struct err *e)
{
	/* O_NONBLOCK: opening a FIFO must not wait for its writer */
	int fd = tree_fd(t, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	bool ok;

	if (fd < 0)
		return err_sys(e, "cannot open %s", path);
	ok = file_read_fd(arena, fd, path, max, out, e);
	close(fd);
	return ok;
}

bool tree_stat(const struct tree *t, const char *path, struct stat *st)
{
	int fd = tree_fd(t, path, O_PATH);
	bool ok;

	if (fd < 0)
		return false;
	ok = fstat(fd, st) == 0;
	close(fd);
	return ok;
}

bool tree_has(const struct tree *t, const char *path)
{
	struct stat st;

	return tree_stat(t, path, &st);
}

bool tree_hides(const struct tree *t, const char *path)
{
	struct stat st;

	return !tree_stat(t, path, &st) && errno == EACCES;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *joined(struct arena *arena, str dir, const char *name)
{
	str n = str_of(name);
	char *path = arena_alloc(arena, dir.n + n.n + 1);

	memcpy(path, dir.p, dir.n);
	memcpy(path + dir.n, n.p, n.n);
	return path;
}

size_t tree_glob(const struct tree *t, struct arena *arena, const char *pattern,
		 const char **paths, size_t max)
{
	str whole = str_of(pattern);
	str dir = str_head(whole, str_rfind(whole, '/') + 1);
	const char *last = dir.n > whole.n ? pattern : pattern + dir.n;
	int fd = tree_fd(t, arena_cstr(arena, dir), O_RDONLY | O_DIRECTORY);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	size_t n = 0;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of our own */
	while (n < max && (entry = readdir(d)))
		if (fnmatch(last, entry->d_name, FNM_PERIOD) == 0)
			paths[n++] = joined(arena, dir, entry->d_name);
	closedir(d);
	qsort(paths, n, sizeof *paths, by_name);
	return n;
}
