#include "conf/safety.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKS_MAX = 32, LOOKUP_BYTES = 16384 };

static bool find_user(const char *name, struct identity *out, struct err *e)
{
	char buf[LOOKUP_BYTES];
	struct passwd pw, *found = NULL;

	if (getpwnam_r(name, &pw, buf, sizeof buf, &found) != 0 || !found)
		return err_set(e, ERR_CONFIG,
			       "there is no user \"%.60s\": create it, or name "
			       "another in UserID",
			       name);
	out->uid = pw.pw_uid;
	out->gid = pw.pw_gid;
	out->n_groups = (int)(sizeof out->groups / sizeof *out->groups);
	if (getgrouplist(name, pw.pw_gid, out->groups, &out->n_groups) < 0)
		out->n_groups = (int)(sizeof out->groups / sizeof *out->groups);
	return true;
}

static bool find_group(const char *name, struct identity *out, struct err *e)
{
	char buf[LOOKUP_BYTES];
	struct group gr, *found = NULL;

	if (getgrnam_r(name, &gr, buf, sizeof buf, &found) != 0 || !found)
		return err_set(
			e, ERR_CONFIG,
			"there is no group \"%.60s\": create it, or name "
			"another in UserID",
			name);
	out->gid = gr.gr_gid;
	return true;
}

bool identity_find(const char *user_id, struct identity *out, struct err *e)
{
	size_t colon = user_id ? strcspn(user_id, ":") : 0;

	*out = (struct identity){ .uid = geteuid(), .gid = getegid() };
	if (!user_id) {
		out->n_groups = getgroups(64, out->groups);
		if (out->n_groups < 0)
			out->n_groups = 0;
		(void)snprintf(out->name, sizeof out->name, "user id %u",
			       out->uid);
		return true;
	}
	if (colon == 0 || colon >= sizeof out->name)
		return err_set(e, ERR_CONFIG, "UserID \"%.80s\" names no user",
			       user_id);
	memcpy(out->name, user_id, colon);
	return find_user(out->name, out, e) &&
	       (!user_id[colon] || find_group(user_id + colon + 1, out, e));
}

static bool in_group(const struct identity *who, gid_t gid)
{
	if (who->gid == gid)
		return true;
	for (int i = 0; i < who->n_groups; i++)
		if (who->groups[i] == gid)
			return true;
	return false;
}

static bool owner_ok(const char *what, const char *path, const struct stat *st,
		     const struct identity *who, struct err *e)
{
	if (st->st_uid == 0 || st->st_uid == who->uid)
		return true;
	return err_set(e, ERR_CONFIG,
		       "%s %s belongs to user id %u, who could replace the key "
		       "(chown %s %s)",
		       what, path, st->st_uid,
		       strncmp(who->name, "user id ", 8) ? who->name : "root",
		       path);
}

static bool directory_ok(const char *path, const struct stat *st,
			 const struct identity *who, struct err *e)
{
	if (!owner_ok("directory", path, st, who, e))
		return false;
	if (st->st_mode & S_IWOTH && !(st->st_mode & S_ISVTX))
		return err_set(e, ERR_CONFIG,
			       "directory %s can be written to by everybody, "
			       "who could replace the key (chmod o-w %s)",
			       path, path);
	if (st->st_mode & S_IWGRP && !(st->st_mode & S_ISVTX) &&
	    st->st_gid != 0 && st->st_gid != who->gid)
		return err_set(e, ERR_CONFIG,
			       "directory %s can be written to by group id %u, "
			       "who could replace the key (chmod g-w %s)",
			       path, st->st_gid, path);
	return true;
}

static bool file_ok(const char *path, const struct stat *st,
		    const struct identity *who, struct err *e)
{
	if (!owner_ok("key", path, st, who, e))
		return false;
	if (st->st_mode & (S_IROTH | S_IWOTH))
		return err_set(e, ERR_CONFIG,
			       "key %s can be %s by everybody (chmod 600 %s)",
			       path,
			       st->st_mode & S_IWOTH ? "written to" : "read",
			       path);
	if (st->st_mode & S_IWGRP)
		return err_set(e, ERR_CONFIG,
			       "key %s can be written to by its group "
			       "(chmod g-w %s)",
			       path, path);
	if (st->st_mode & S_IRGRP && st->st_gid != 0 &&
	    !in_group(who, st->st_gid))
		return err_set(e, ERR_CONFIG,
			       "key %s can be read by group id %u, which %s is "
			       "not in (chmod g-r %s)",
			       path, st->st_gid, who->name, path);
	return true;
}

/* A walk in progress: what is still to go, and where it got to. */
struct walk {
	const struct identity *who;
	int dir;
	char rest[PATH_MAX]; /* NUL-terminated */
	char done[PATH_MAX]; /* for messages */
	int links;
	struct err *e;
	bool *unsafe;
	bool strict;
};

/* False: stop.  Not strict: the first complaint is kept, the walk goes on. */
static bool judged(struct walk *w, bool ok, const struct err *said)
{
	if (ok)
		return true;
	if (!*w->unsafe)
		*w->e = *said;
	*w->unsafe = true;
	return !w->strict;
}

static bool append(char *to, size_t size, const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b);

	if (na + nb >= size)
		return false;
	memmove(to + na, b, nb + 1);
	memmove(to, a, na); /* NOLINT(bugprone-not-null-terminated-result): b
			       follows */
	return true;
}

/* Moves the directory to name, which is one component (or "/"). */
static bool enter(struct walk *w, const char *name)
{
	struct stat st;
	struct err said;
	int fd = openat(w->dir, name,
			O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return err_sys(w->e, "cannot enter %s", w->done);
	if (w->dir != AT_FDCWD)
		close(w->dir);
	w->dir = fd;
	if (fstat(fd, &st) < 0)
		return err_sys(w->e, "cannot look at %s", w->done);
	return judged(w, directory_ok(w->done, &st, w->who, &said), &said);
}

static bool from_root(struct walk *w)
{
	(void)memcpy(w->done, "/", 2);
	return enter(w, "/");
}

/* The link's target takes the place of its name in rest. */
static bool follow(struct walk *w, const char *name, const struct stat *st)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(w->dir, name, target, sizeof target - 1);
	struct err said;

	if (!judged(w, owner_ok("link", w->done, st, w->who, &said), &said))
		return false;
	if (n < 0)
		return err_sys(w->e, "cannot read link %s", w->done);
	if (++w->links > LINKS_MAX) {
		errno = ELOOP;
		return err_sys(w->e, "cannot follow %s", w->done);
	}
	target[n] = '\0';
	if (w->rest[0] && !append(target, sizeof target, target, "/"))
		return err_set(w->e, ERR_CONFIG, "%s: path too long", w->done);
	if (!append(w->rest, sizeof w->rest, target, w->rest))
		return err_set(w->e, ERR_CONFIG, "%s: path too long", w->done);
	w->done[strlen(w->done) - strlen(name)] = '\0';
	return target[0] != '/' || from_root(w);
}

/* Takes the next component off rest; empty at the end. */
static void take(struct walk *w, char name[NAME_MAX + 1])
{
	size_t skip = strspn(w->rest, "/");
	size_t n = strcspn(w->rest + skip, "/");
	size_t next = skip + n + strspn(w->rest + skip + n, "/");
	size_t kept = n > NAME_MAX ? NAME_MAX : n;

	memcpy(name, w->rest + skip, kept);
	name[kept] = '\0';
	memmove(w->rest, w->rest + next, strlen(w->rest + next) + 1);
}

static int open_file(struct walk *w, const char *name)
{
	struct stat st;
	struct err said;
	int fd = openat(w->dir, name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
				O_CLOEXEC);

	if (fd < 0) {
		(void)err_sys(w->e, "cannot open key %s", w->done);
		return -1;
	}
	if (fstat(fd, &st) < 0) {
		(void)err_sys(w->e, "cannot look at key %s", w->done);
	} else if (!S_ISREG(st.st_mode)) {
		(void)err_set(w->e, ERR_CONFIG,
			      "key %s is %s: name the key file", w->done,
			      S_ISDIR(st.st_mode) ? "a directory"
						  : "not a regular file");
	} else if (judged(w, file_ok(w->done, &st, w->who, &said), &said)) {
		return fd;
	}
	close(fd);
	return -1;
}

/* One component.  True: go on; false: *fd is the file, or -1. */
static bool step(struct walk *w, int *fd)
{
	char name[NAME_MAX + 1];
	struct stat st;

	take(w, name);
	if (strlen(w->done) > 1 && w->done[strlen(w->done) - 1] != '/' &&
	    !append(w->done, sizeof w->done, w->done, "/"))
		return err_set(w->e, ERR_CONFIG, "path too long");
	if (!append(w->done, sizeof w->done, w->done, name))
		return err_set(w->e, ERR_CONFIG, "path too long");
	if (!name[0])
		return err_set(w->e, ERR_CONFIG, "key %s is no file", w->done);
	if (fstatat(w->dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(w->e, "cannot open key %s", w->done);
	if (S_ISLNK(st.st_mode))
		return follow(w, name, &st);
	if (w->rest[0])
		return enter(w, name);
	*fd = open_file(w, name);
	return false;
}

int safety_open(const char *path, const struct identity *who, bool strict,
		bool *unsafe, struct err *e)
{
	struct walk w = { .who = who,
			  .dir = AT_FDCWD,
			  .e = e,
			  .unsafe = unsafe,
			  .strict = strict };
	int fd = -1;

	*unsafe = false;
	if (strlen(path) >= sizeof w.rest) {
		(void)err_set(e, ERR_CONFIG, "key path too long: %.80s...",
			      path);
		return -1;
	}
	memcpy(w.rest, path, strlen(path) + 1);
	if (path[0] != '/' || from_root(&w))
		while (step(&w, &fd))
			;
	if (w.dir != AT_FDCWD)
		close(w.dir);
	return fd;
}

bool safety_readable(int fd, const struct identity *who)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	if (who->uid == 0)
		return true;
	if (st.st_uid == who->uid)
		return (st.st_mode & S_IRUSR) != 0;
	if (in_group(who, st.st_gid))
		return (st.st_mode & S_IRGRP) != 0;
	return (st.st_mode & S_IROTH) != 0;
}
