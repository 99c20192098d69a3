#include "cli/source.h"

#include "cli/tr.h"
#include "file/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool source_open(struct source *s, const char *path, struct err *e)
{
	bool standard = !path || strcmp(path, "-") == 0;
	struct stat st;

	s->name = standard ? _("standard input") : path;
	s->fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
			 : open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0)
		return err_sys(e, _("cannot open %s"), s->name);
	if (fstat(s->fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		close(s->fd);
		s->fd = -1;
		return err_set(e, ERR_NO_INPUT, _("%s is a directory"),
			       s->name);
	}
	return true;
}

static bool read_all(struct source *s, int copy,
		     void (*chunk)(void *arg, str bytes), void *arg,
		     struct err *e)
{
	char bytes[65536];

	for (;;) {
		ssize_t n = read(s->fd, bytes, sizeof bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, _("cannot read %s"), s->name);
		if (n == 0)
			return true;
		if (copy >= 0 && !write_all(copy, (str){ bytes, (size_t)n })) {
			(void)err_sys(e, _("cannot keep a copy of %s"),
				      s->name);
			e->code = ERR_CREATE;
			return false;
		}
		if (chunk)
			chunk(arg, (str){ bytes, (size_t)n });
	}
}

bool source_read(struct source *s, void (*chunk)(void *arg, str bytes),
		 void *arg, struct err *e)
{
	return read_all(s, -1, chunk, arg, e);
}

static int temporary(void)
{
	const char *dir = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe) */
	FILE *f;
	int fd = open(dir && *dir ? dir : "/tmp",
		      O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	f = tmpfile();
	fd = f ? fcntl(fileno(f), F_DUPFD_CLOEXEC, 3) : -1;
	if (f)
		fclose(f);
	return fd;
}

bool source_read_twice(struct source *s, void (*chunk)(void *arg, str bytes),
		       void *arg, struct err *e)
{
	off_t start = lseek(s->fd, 0, SEEK_CUR);
	int copy = -1;

	if (start >= 0)
		return read_all(s, -1, chunk, arg, e) &&
		       (lseek(s->fd, start, SEEK_SET) >= 0 ||
			err_sys(e, _("cannot read %s again"), s->name));
	copy = temporary();
	if (copy < 0)
		return err_sys(e, _("cannot create a temporary file"));
	if (!read_all(s, copy, chunk, arg, e)) {
		close(copy);
		return false;
	}
	close(s->fd);
	s->fd = copy;
	return lseek(copy, 0, SEEK_SET) == 0 ||
	       err_sys(e, _("cannot read %s again"), s->name);
}

static void print(void *arg, str bytes)
{
	(void)arg;
	(void)fwrite(bytes.p, 1, bytes.n, stdout);
}

bool source_copy_line(struct source *s, struct err *e)
{
	char c = 0;

	while (c != '\n') {
		ssize_t n = read(s->fd, &c, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, _("cannot read %s"), s->name);
		if (n == 0)
			return true;
		putchar(c);
	}
	return true;
}

bool source_copy(struct source *s, struct err *e)
{
	return read_all(s, -1, print, NULL, e);
}

void source_close(struct source *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}
