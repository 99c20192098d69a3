/* Where reports lie: files, directories of them, Maildirs; and where those go
 * that cannot be read. */
#include "base/buf.h"
#include "cli/reports.h"
#include "crypto/hash.h"
#include "file/write.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH = 16, READ_MAX = 64 << 20 };

static const char *join(struct cli *cli, const char *dir, const char *name)
{
	size_t n = strlen(dir) + strlen(name) + 2;
	char *path = arena_alloc(cli->arena, n);

	(void)snprintf(path, n, "%s/%s", dir, name);
	return path;
}

static void add_file(struct cli *cli, struct reports_files *out,
		     struct reports_file f)
{
	if (out->n == out->cap) {
		size_t cap = out->cap ? out->cap * 2 : 64;

		out->file = arena_grow(cli->arena, out->file,
				       out->cap * sizeof f, cap * sizeof f);
		out->cap = cap;
	}
	out->file[out->n++] = f;
	out->bytes += f.size;
}

static bool is_directory(struct cli *cli, const char *dir, const char *name)
{
	struct stat st;

	return stat(join(cli, dir, name), &st) == 0 && S_ISDIR(st.st_mode);
}

/* Folders of a Maildir are hidden (".Reports"), other hidden files are not
 * ours; tmp is what is being delivered. */
static bool is_wanted(const char *name, bool maildir)
{
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	if (maildir)
		return strcmp(name, "cur") == 0 || strcmp(name, "new") == 0 ||
		       name[0] == '.';
	return name[0] != '.';
}

/* NOLINTNEXTLINE(misc-no-recursion): it ends at DEPTH */
static bool find_below(struct cli *cli, const char *dir, bool mail,
		       unsigned depth, struct reports_files *out)
{
	bool maildir = is_directory(cli, dir, "cur") &&
		       is_directory(cli, dir, "new");
	struct dirent **names = NULL;
	int n = depth < DEPTH ? scandir(dir, &names, NULL, alphasort) : 0;
	bool ok = n >= 0 || err_sys(&cli->err, _("cannot read %s"), dir);

	for (int i = 0; i < n; i++) {
		const char *name = names[i]->d_name;
		const char *path = join(cli, dir, name);
		struct stat st;

		if (ok && is_wanted(name, maildir) && lstat(path, &st) == 0) {
			if (S_ISDIR(st.st_mode))
				ok = find_below(cli, path, mail || maildir,
						depth + 1, out);
			else if (S_ISREG(st.st_mode))
				add_file(cli, out,
					 (struct reports_file){
						 path, (uint64_t)st.st_size,
						 false, mail || maildir });
		}
		free(names[i]);
	}
	free(names);
	return ok;
}

bool reports_find(struct cli *cli, const char *path, struct reports_files *out)
{
	struct stat st;

	if (strcmp(path, "-") == 0) {
		add_file(cli, out,
			 (struct reports_file){ path, 0, true, false });
		return true;
	}
	if (stat(path, &st) != 0)
		return err_sys(&cli->err, _("cannot open %s"), path);
	if (S_ISDIR(st.st_mode))
		return find_below(cli, path, false, 0, out);
	add_file(cli, out,
		 (struct reports_file){ path, (uint64_t)st.st_size, true,
					false });
	return true;
}

/* All of a descriptor, at most READ_MAX. */
static bool read_all(int fd, const char *name, struct buf *b, struct err *e)
{
	enum { PIECE = 65536 };

	for (;;) {
		char *to = buf_room(b, PIECE);
		ssize_t n;

		if (!to)
			return err_set(e, ERR_DATA,
				       _("%s is larger than any report"), name);
		n = read(fd, to, PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, _("cannot read %s"), name);
		if (n == 0)
			return true;
		b->n += (size_t)n;
	}
}

static bool map(int fd, const char *path, size_t size,
		struct reports_loaded *out, struct err *e)
{
	void *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (p == MAP_FAILED)
		return err_sys(e, _("cannot read %s"), path);
	*out = (struct reports_loaded){ { p, size }, p, true };
	return true;
}

void reports_unload(struct reports_loaded *l)
{
	if (l->mapped)
		(void)munmap(l->memory, l->octets.n);
	else
		free(l->memory);
	*l = (struct reports_loaded){ .octets = STR_INIT("") };
}

bool reports_load(const char *path, struct reports_loaded *out, struct err *e)
{
	bool standard = strcmp(path, "-") == 0;
	const char *name = standard ? _("standard input") : path;
	struct buf b = buf_of(NULL, READ_MAX);
	struct stat st;
	bool ok;
	/* not waiting for somebody to open the other end of a pipe */
	int fd = standard ? STDIN_FILENO
			  : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	*out = (struct reports_loaded){ .octets = STR_INIT("") };
	if (fd < 0 || fstat(fd, &st) != 0)
		return err_sys(e, _("cannot open %s"), name);
	if (!standard && !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(e, ERR_NO_INPUT, _("%s is no file"), name);
	}
	if (!standard && st.st_size > READ_MAX - 65536) {
		ok = map(fd, path, (size_t)st.st_size, out, e);
	} else {
		ok = read_all(fd, name, &b, e);
		*out = (struct reports_loaded){ buf_str(&b), b.p, false };
		if (!ok)
			reports_unload(out);
	}
	if (!standard)
		close(fd);
	return ok;
}

static bool write_file(const char *path, str octets, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	bool ok = fd >= 0 && write_all(fd, octets) && fsync(fd) == 0;

	if (!ok) {
		(void)err_sys(e, _("cannot set aside to %s"), path);
		e->code = ERR_CREATE;
	}
	if (fd >= 0)
		close(fd);
	return ok;
}

static bool make_directory(const char *dir, struct err *e)
{
	if (mkdir(dir, 0750) == 0 || errno == EEXIST)
		return true;
	(void)err_sys(e, _("cannot create %s"), dir);
	e->code = ERR_CREATE;
	return false;
}

bool reports_set_aside(struct cli *cli, const char *dir, str name, str piece,
		       const char *why, struct err *e)
{
	str digest = hash_of(cli->arena, HASH_SHA256, piece);
	char base[64];
	struct buf reason = buf_of(cli->arena, 8192);
	const char *path;
	int n = 0;

	if (!make_directory(dir, e))
		return false;
	/* the name of a piece comes from its octets, never from a stranger */
	for (size_t i = 0; i < 12; i++)
		n += snprintf(base + n, sizeof base - (size_t)n, "%02x",
			      (unsigned char)digest.p[i]);
	path = join(cli, dir, base);
	buf_printf(&reason, "%.*s: %s\n",
		   STR_ARG(out_text(cli->arena, str_head(name, 4000))), why);
	(void)snprintf(base + n, sizeof base - (size_t)n, ".reason");
	return write_file(path, piece, e) &&
	       write_file(join(cli, dir, base), buf_str(&reason), e);
}
