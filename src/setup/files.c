#include "setup/files.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/tr.h"
#include "conf/file.h"
#include "file/write.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

const char *path_join(struct arena *arena, const char *dir, const char *name)
{
	struct buf b = buf_of(arena, PATH_MAX * 2);

	buf_printf(&b, "%s%s%s", dir,
		   *dir && dir[strlen(dir) - 1] != '/' ? "/" : "", name);
	return arena_cstr(arena, buf_str(&b));
}

const char *path_below(struct arena *arena, const char *root, const char *path)
{
	return *root ? path_join(arena, root, path + (*path == '/')) : path;
}

const char *path_parent(struct arena *arena, const char *path)
{
	str dir = str_head(str_of(path), str_rfind(str_of(path), '/'));

	return dir.n ? arena_cstr(arena, dir) : "/";
}

bool file_look(struct arena *arena, const char *path, struct file_state *out,
	       struct err *e)
{
	struct stat st;

	*out = (struct file_state){ .exists = false };
	if (stat(path, &st) < 0)
		return errno == ENOENT ||
		       err_sys(e, _("cannot look at %s"), path);
	if (!file_read(arena, path, LIMIT_CONFIG_BYTES, &out->bytes, e))
		return false;
	out->exists = true;
	out->mode = st.st_mode & 07777;
	out->uid = st.st_uid;
	out->gid = st.st_gid;
	out->mtime = st.st_mtim;
	return true;
}

/* In the same directory, so that a rename puts it in place. */
static const char *beside(struct arena *arena, const char *path)
{
	struct buf b = buf_of(arena, PATH_MAX * 2);
	size_t slash = str_rfind(str_of(path), '/');

	buf_printf(&b, "%.*s/.%s.inkan-setup", (int)slash, path,
		   path + slash + 1);
	return arena_cstr(arena, buf_str(&b));
}

/* Around err_sys: that it could not be made is what counts.  Gives false. */
static bool not_made(bool refused, struct err *e)
{
	if (e->code != ERR_PERMISSION)
		e->code = ERR_CREATE;
	return refused;
}

/* Owner and mode are its own before the first byte is in it.  As another user
 * than root only a file of one's own can be made, in a tree of one's own. */
static bool fill(int fd, const struct file_state *to)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
					   to->mtime };
	bool owned = fchown(fd, to->uid, to->gid) == 0 || geteuid() != 0;

	return owned && fchmod(fd, to->mode) == 0 && write_all(fd, to->bytes) &&
	       (!to->mtime.tv_sec || futimens(fd, times) == 0) &&
	       fsync(fd) == 0;
}

bool file_prepare(struct arena *arena, const char *path,
		  const struct file_state *to, struct err *e)
{
	const char *temporary = beside(arena, path);
	int fd;
	bool ok;

	if (!to->exists)
		return true;
	(void)unlink(temporary);
	fd = open(temporary,
		  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return not_made(err_sys(e, _("cannot write beside %s"), path),
				e);
	ok = fill(fd, to);
	if (!ok) {
		(void)not_made(err_sys(e, _("cannot write %s"), temporary), e);
		(void)unlink(temporary);
	}
	close(fd);
	return ok;
}

bool file_put(struct arena *arena, const char *path,
	      const struct file_state *to, struct err *e)
{
	const char *dir = path_parent(arena, path);

	if (!to->exists) {
		if (unlink(path) < 0 && errno != ENOENT)
			return not_made(err_sys(e, _("cannot remove %s"), path),
					e);
		return dir_sync(dir, e);
	}
	/* always anew: what lies there may be of another run */
	if (!file_prepare(arena, path, to, e))
		return false;
	if (rename(beside(arena, path), path) < 0)
		return not_made(err_sys(e, _("cannot replace %s"), path), e);
	return dir_sync(dir, e);
}

void file_forget(struct arena *arena, const char *path)
{
	(void)unlink(beside(arena, path));
}

bool dir_sync(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return errno == ENOENT ||
		       not_made(err_sys(e, _("cannot open %s"), path), e);
	ok = fsync(fd) == 0 || errno == EINVAL;
	if (!ok)
		(void)not_made(err_sys(e, _("cannot sync %s"), path), e);
	close(fd);
	return ok;
}

bool dir_make(const char *path, mode_t mode, uid_t uid, gid_t gid,
	      struct err *e)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		return S_ISDIR(st.st_mode) ||
		       err_set(e, ERR_CREATE,
			       _("%s is in the way and is no directory: move "
				 "it away"),
			       path);
	if (mkdir(path, 0700) < 0)
		return not_made(err_sys(e, _("cannot make directory %s"), path),
				e);
	if ((lchown(path, uid, gid) < 0 && geteuid() == 0) ||
	    chmod(path, mode) < 0) {
		(void)not_made(err_sys(e, _("cannot give directory %s away"),
				       path),
			       e);
		(void)rmdir(path);
		return false;
	}
	return true;
}

/* NOLINTNEXTLINE(misc-no-recursion): it ends at depth */
static void remove_entries(struct arena *arena, const char *path, int depth)
{
	DIR *d = opendir(path);
	const struct dirent *entry;

	if (!d)
		return;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	while ((entry = readdir(d))) {
		const char *inner = path_join(arena, path, entry->d_name);

		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlink(inner) < 0 && depth > 0) {
			remove_entries(arena, inner, depth - 1);
			(void)rmdir(inner);
		}
	}
	closedir(d);
}

void dir_remove(struct arena *arena, const char *path)
{
	remove_entries(arena, path, 1);
	(void)rmdir(path);
}
