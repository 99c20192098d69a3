#include "conf/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct held {
	char *p;
};

static void free_held(void *what)
{
	struct held *h = what;

	free(h->p);
}

/* Made before anything is opened: an arena without memory jumps away. */
static struct held *hold(struct arena *arena)
{
	struct held *h = arena_new_of(arena, struct held);

	arena_defer(arena, free_held, h);
	return h;
}

static bool read_all(int fd, char *p, size_t cap, size_t *n)
{
	while (*n < cap) {
		ssize_t got = read(fd, p + *n, cap - *n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		if (got == 0)
			return true;
		*n += (size_t)got;
	}
	return true;
}

/* Reads one byte more than the size that fstat told, to see files that grow. */
static bool read_into(struct held *h, int fd, const char *path, size_t max,
		      str *out, struct err *e)
{
	struct stat st;
	size_t n = 0;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "cannot look at %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_CONFIG, "%s is not a regular file", path);
	if ((unsigned long long)st.st_size > max)
		return err_set(e, ERR_CONFIG,
			       "%s has %lld bytes, at most %zu are read", path,
			       (long long)st.st_size, max);

	size_t size = (size_t)st.st_size;

	h->p = malloc(size + 1);
	if (!h->p)
		return err_set(e, ERR_INTERNAL, "no memory for %s", path);
	if (!read_all(fd, h->p, size + 1, &n))
		return err_sys(e, "cannot read %s", path);
	if (n > size)
		return err_set(e, ERR_CONFIG,
			       "%s grew while it was read; try again", path);
	h->p[n] = '\0';
	*out = (str){ h->p, n };
	return true;
}

bool file_read_fd(struct arena *arena, int fd, const char *path, size_t max,
		  str *out, struct err *e)
{
	return read_into(hold(arena), fd, path, max, out, e);
}

bool file_read(struct arena *arena, const char *path, size_t max, str *out,
	       struct err *e)
{
	struct held *h = hold(arena);
	/* O_NONBLOCK: opening a FIFO must not wait for its writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return err_sys(e, "cannot open %s", path);

	bool ok = read_into(h, fd, path, max, out, e);

	close(fd);
	return ok;
}
