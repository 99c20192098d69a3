#include "file/replace.h"

#include "base/tr.h"
#include "file/write.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { PATH_MAX_HERE = 4096 };

bool replace_sync_folder(const char *path, struct err *e)
{
	size_t slash = str_rfind(str_of(path), '/');
	char folder[PATH_MAX_HERE];
	int fd;

	(void)snprintf(folder, sizeof folder, "%.*s",
		       path[slash] ? (int)(slash ? slash : 1) : 1,
		       path[slash] ? path : ".");
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0) {
		(void)err_sys(e, _("cannot write directory %s"), folder);
		if (fd >= 0)
			close(fd);
		return false;
	}
	close(fd);
	return true;
}

/* A left-over of an earlier run is overwritten: its name is ours alone. */
static bool write_beside(const char *path, str text, const struct stat *like)
{
	int fd, flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	bool ok;

	(void)unlink(path);
	fd = open(path, flags, 0600);
	if (fd < 0)
		return false;
	ok = (!like || (fchown(fd, like->st_uid, like->st_gid) == 0 &&
			fchmod(fd, like->st_mode & 07777) == 0)) &&
	     write_all(fd, text) && fsync(fd) == 0;
	return close(fd) == 0 && ok;
}

bool replace_file(const char *path, str text, const struct stat *like,
		  struct err *e)
{
	char beside[PATH_MAX_HERE];
	int n = snprintf(beside, sizeof beside, "%s.inkan-new", path);

	if (n < 0 || (size_t)n >= sizeof beside)
		return err_set(e, ERR_CREATE, _("the path %.100s is too long"),
			       path);
	if (!write_beside(beside, text, like) || rename(beside, path) < 0) {
		(void)err_sys(e, _("cannot write %s"), path);
		(void)unlink(beside);
		return false;
	}
	return replace_sync_folder(path, e);
}
