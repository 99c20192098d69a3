#include "inbox/spool.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/cur.h"
#include "base/limits.h"
#include "base/tr.h"
#include "file/write.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ENVELOPE_MAX = 4096, VALUE_MAX = 1000, BROKEN_OFF = 3600 };

bool spool_open(struct spool *s, const char *path, bool create, struct err *e)
{
	struct stat st;

	*s = (struct spool){ -1, path };
	if (create && mkdir(path, 0700) != 0 && errno != EEXIST) {
		(void)err_sys(e, _("cannot create the folder %s"), path);
		e->code = ERR_CREATE;
		return false;
	}
	s->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->fd < 0 || fstat(s->fd, &st) != 0)
		return err_sys(e, _("cannot open the folder %s"), path);
	if (!(st.st_mode & 077) && st.st_uid == geteuid())
		return true;
	spool_close(s);
	return err_set(e, ERR_PERMISSION,
		       _("the folder %s must belong to who uses it, and to "
			 "nobody else (chown, chmod 700)"),
		       path);
}

void spool_close(struct spool *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

bool spool_is_token(str text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((text.p[i] < 'a' || text.p[i] > 'z') &&
		    (text.p[i] < '2' || text.p[i] > '7'))
			return false;
	return text.n == SPOOL_TOKEN;
}

bool spool_token_of(str address, char token[SPOOL_TOKEN + 1])
{
	str local = str_head(address, str_rfind(address, '@'));

	if (local.n < SPOOL_TOKEN)
		return false;
	local = str_skip(local, local.n - SPOOL_TOKEN);
	for (size_t i = 0; i < SPOOL_TOKEN; i++)
		token[i] = ascii_lower(local.p[i]);
	token[SPOOL_TOKEN] = '\0';
	return spool_is_token(str_of(token));
}

static bool random_token(char token[SPOOL_TOKEN + 1])
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t random[SPOOL_TOKEN];

	if (getrandom(random, sizeof random, 0) != sizeof random)
		return false;
	for (size_t i = 0; i < SPOOL_TOKEN; i++)
		token[i] = alphabet[random[i] & 31];
	token[SPOOL_TOKEN] = '\0';
	return true;
}

/* ---- the folder's files ---- */

struct listing {
	struct spool_entry *entry;
	size_t n, cap;
};

static int by_time(const void *a, const void *b)
{
	const struct spool_entry *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? 1 : -1;
	return strcmp(x->token, y->token);
}

static DIR *read_folder(const struct spool *s)
{
	int fd = openat(s->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && fd >= 0)
		close(fd);
	return d;
}

/* "K.TOKEN" or "K.TOKEN.X" with one of these letters. */
static bool is_file(const char *name, const char *kinds)
{
	str text = str_of(name);

	return text.n >= SPOOL_TOKEN + 2 && text.n < SPOOL_NAME &&
	       strchr(kinds, name[0]) && name[1] == '.' &&
	       spool_is_token(str_head(str_skip(text, 2), SPOOL_TOKEN));
}

/* Newest first; heap memory. */
static struct listing list(const struct spool *s, char kind)
{
	const char kinds[] = { kind, '\0' };
	struct listing l = { NULL, 0, 0 };
	DIR *d = read_folder(s);
	struct dirent *f;
	struct stat st;

	while (d && (f = readdir(d))) { /* NOLINT(concurrency-mt-unsafe) */
		if (!is_file(f->d_name, kinds) ||
		    fstatat(s->fd, f->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (l.n == l.cap) {
			size_t cap = l.cap ? 2 * l.cap : 64;
			void *p = realloc(l.entry, cap * sizeof *l.entry);

			if (!p)
				break;
			l.entry = p;
			l.cap = cap;
		}
		memcpy(l.entry[l.n].token, f->d_name + 2, SPOOL_TOKEN);
		l.entry[l.n].token[SPOOL_TOKEN] = '\0';
		l.entry[l.n++].time = st.st_mtim.tv_sec;
	}
	if (d)
		(void)closedir(d);
	if (l.n)
		qsort(l.entry, l.n, sizeof *l.entry, by_time);
	return l;
}

static void name_of(char out[SPOOL_NAME], char kind, const char *token)
{
	(void)snprintf(out, SPOOL_NAME, "%c.%.16s", kind, token);
}

static void remove_file(const struct spool *s, char kind, const char *token)
{
	char name[SPOOL_NAME];

	name_of(name, kind, token);
	(void)unlinkat(s->fd, name, 0);
}

/* Takes the oldest away. */
static void keep_at_most(struct spool *s, char kind, size_t n)
{
	struct listing l = list(s, kind);

	while (l.n > n)
		remove_file(s, kind, l.entry[--l.n].token);
	free(l.entry);
}

static int64_t time_of(const struct spool *s, char kind, const char *token)
{
	char name[SPOOL_NAME];
	struct stat st;

	name_of(name, kind, token);
	return fstatat(s->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0
		       ? st.st_mtim.tv_sec
		       : 0;
}

int64_t spool_time(const struct spool *s, const char *token)
{
	return time_of(s, 'a', token);
}

bool spool_knows(const struct spool *s, const char *token)
{
	return spool_time(s, token) != 0;
}

bool spool_give_out(struct spool *s, char token[SPOOL_TOKEN + 1], struct err *e)
{
	char name[SPOOL_NAME];
	int fd;

	if (!random_token(token))
		return err_sys(e, "cannot get random octets");
	keep_at_most(s, 'a', LIMIT_SCORE_ADDRESSES - 1);
	name_of(name, 'a', token);
	fd = openat(s->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		(void)err_sys(e, "cannot write in the folder %s", s->path);
		e->code = ERR_CREATE;
		return false;
	}
	close(fd);
	return true;
}

/* ---- a message comes ---- */

static size_t count_coming(const struct spool *s)
{
	DIR *d = read_folder(s);
	struct dirent *f;
	size_t n = 0;

	while (d && (f = readdir(d))) /* NOLINT(concurrency-mt-unsafe) */
		n += is_file(f->d_name, "tm");
	if (!d)
		return SIZE_MAX;
	(void)closedir(d);
	return n;
}

/* Two who bring mail at once must not both take the last place. */
static enum spool_status make_file(struct spool *s, const char *token,
				   struct spool_mail *m, struct err *e)
{
	char random[SPOOL_TOKEN + 1];
	int lock = openat(s->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool full;

	if (lock < 0 || flock(lock, LOCK_EX) != 0 || !random_token(random)) {
		(void)err_sys(e, "cannot lock the folder %s", s->path);
		if (lock >= 0)
			close(lock);
		return SPOOL_FAILED;
	}
	full = count_coming(s) >= LIMIT_SCORE_WAITING;
	(void)snprintf(m->name, sizeof m->name, "t.%s.%s", token, random);
	if (!full)
		m->fd = openat(s->fd, m->name,
			       O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (!full && m->fd < 0)
		(void)err_sys(e, "cannot write in the folder %s", s->path);
	close(lock);
	if (full)
		return SPOOL_FULL;
	return m->fd < 0 ? SPOOL_FAILED : SPOOL_OK;
}

/* One line, whatever is in it. */
static void put_value(struct buf *b, const char *name, str value)
{
	if (!value.p)
		return;
	value = str_head(value, VALUE_MAX);
	buf_printf(b, "%s ", name);
	for (size_t i = 0; i < value.n; i++)
		buf_putc(b,
			 (unsigned char)value.p[i] < 0x20 ? '?' : value.p[i]);
	buf_putc(b, '\n');
}

enum spool_status spool_begin(struct spool *s, const char *token,
			      const struct spool_envelope *envelope,
			      struct spool_mail *m, struct err *e)
{
	char text[ENVELOPE_MAX], ip[IP_TEXT_MAX];
	struct buf b = { .p = text, .cap = sizeof text, .max = sizeof text };
	enum spool_status status;

	*m = (struct spool_mail){ .s = s, .fd = -1 };
	if (!spool_knows(s, token))
		return SPOOL_UNKNOWN;
	status = make_file(s, token, m, e);
	if (status != SPOOL_OK)
		return status;
	if (envelope->ip.family != IP_NONE)
		put_value(&b, "ip", ip_text(envelope->ip, ip));
	put_value(&b, "helo", envelope->helo);
	put_value(&b, "from", envelope->mail_from);
	buf_putc(&b, '\n');
	if (!write_all(m->fd, buf_str(&b)))
		m->error = errno;
	return SPOOL_OK;
}

void spool_put(struct spool_mail *m, str bytes)
{
	m->octets += bytes.n;
	if (m->fd >= 0 && !m->error && m->octets <= LIMIT_SCORE_MESSAGE &&
	    !write_all(m->fd, bytes))
		m->error = errno;
}

void spool_abandon(struct spool_mail *m)
{
	if (m->fd < 0)
		return;
	close(m->fd);
	m->fd = -1;
	(void)unlinkat(m->s->fd, m->name, 0);
}

enum spool_status spool_commit(struct spool_mail *m, struct err *e)
{
	char name[SPOOL_NAME];

	if (m->octets > LIMIT_SCORE_MESSAGE) {
		spool_abandon(m);
		return SPOOL_TOO_LARGE;
	}
	memcpy(name, m->name, sizeof name);
	name[0] = 'm';
	if (!m->error && fsync(m->fd) != 0)
		m->error = errno;
	if (!m->error && renameat(m->s->fd, m->name, m->s->fd, name) != 0)
		m->error = errno;
	if (m->error) {
		errno = m->error;
		(void)err_sys(e, "cannot write in the folder %s", m->s->path);
		spool_abandon(m);
		return SPOOL_FAILED;
	}
	close(m->fd);
	m->fd = -1;
	if (fsync(m->s->fd) == 0)
		return SPOOL_OK;
	(void)err_sys(e, "cannot write in the folder %s", m->s->path);
	(void)unlinkat(m->s->fd, name, 0);
	return SPOOL_FAILED;
}

/* ---- a message is judged ---- */

static void read_envelope(struct arena *arena, struct spool_job *job)
{
	char text[ENVELOPE_MAX];
	ssize_t n = pread(job->fd, text, sizeof text, 0);
	struct cur c = cur_of((str){ text, n > 0 ? (size_t)n : 0 });

	for (;;) {
		str line = cur_until(&c, '\n');
		size_t space = str_find(line, ' ');
		str name = str_head(line, space);
		str value = arena_str(arena, str_skip(line, space + 1));

		if (!cur_char(&c, '\n') || !line.n)
			break;
		if (str_eq(name, STR("ip")))
			(void)ip_parse(value, &job->envelope.ip);
		else if (str_eq(name, STR("helo")))
			job->envelope.helo = value;
		else if (str_eq(name, STR("from")))
			job->envelope.mail_from = value;
	}
	(void)lseek(job->fd, c.p - text, SEEK_SET);
}

/* "m.TOKEN.X", the oldest */
static bool find_oldest(const struct spool *s, char out[SPOOL_NAME],
			int64_t *when)
{
	struct timespec best = { 0 };
	DIR *d = read_folder(s);
	struct dirent *f;
	struct stat st;
	bool found = false;

	while (d && (f = readdir(d))) { /* NOLINT(concurrency-mt-unsafe) */
		if (!is_file(f->d_name, "m") ||
		    fstatat(s->fd, f->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (found && (st.st_mtim.tv_sec > best.tv_sec ||
			      (st.st_mtim.tv_sec == best.tv_sec &&
			       st.st_mtim.tv_nsec >= best.tv_nsec)))
			continue;
		found = true;
		best = st.st_mtim;
		memcpy(out, f->d_name, strlen(f->d_name) + 1);
	}
	if (d)
		(void)closedir(d);
	*when = best.tv_sec;
	return found;
}

bool spool_next(struct spool *s, struct arena *arena, struct spool_job *out)
{
	*out = (struct spool_job){ .fd = -1 };
	if (!find_oldest(s, out->name, &out->time))
		return false;
	memcpy(out->token, out->name + 2, SPOOL_TOKEN);
	out->fd = openat(s->fd, out->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (out->fd < 0)
		return false;
	read_envelope(arena, out);
	return true;
}

static bool write_result(struct spool *s, const char *token, str result)
{
	char from[SPOOL_NAME], to[SPOOL_NAME];
	bool ok;
	int fd;

	name_of(from, 'w', token);
	name_of(to, 'r', token);
	fd = openat(s->fd, from, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		    0600);
	ok = fd >= 0 && write_all(fd, result) && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return ok && renameat(s->fd, from, s->fd, to) == 0 && fsync(s->fd) == 0;
}

bool spool_finish(struct spool *s, struct spool_job *job, str result,
		  struct err *e)
{
	bool ok = write_result(s, job->token, result);

	if (!ok)
		(void)err_sys(e, "cannot write in the folder %s", s->path);
	close(job->fd);
	job->fd = -1;
	if (ok)
		(void)unlinkat(s->fd, job->name, 0);
	return ok;
}

bool spool_result(const struct spool *s, struct arena *arena, const char *token,
		  str *out)
{
	enum { PIECE = 16384 };
	struct buf b = buf_of(arena, LIMIT_SCORE_RESULT + PIECE);
	char name[SPOOL_NAME];
	char *to;
	ssize_t n;
	int fd;

	name_of(name, 'r', token);
	fd = openat(s->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	do {
		to = buf_room(&b, PIECE);
		n = to ? read(fd, to, PIECE) : -1;
		b.n += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	close(fd);
	*out = buf_str(&b);
	return n == 0;
}

size_t spool_results(const struct spool *s, struct arena *arena,
		     const struct spool_entry **out)
{
	/* first what may jump */
	struct spool_entry *copy = arena_array_of(arena, struct spool_entry,
						  LIMIT_SCORE_RESULTS);
	struct listing l = list(s, 'r');
	size_t n = l.n < LIMIT_SCORE_RESULTS ? l.n : LIMIT_SCORE_RESULTS;

	if (n)
		memcpy(copy, l.entry, n * sizeof *copy);
	free(l.entry);
	*out = copy;
	return n;
}

/* ---- what has had its time ---- */

static bool is_over(const struct spool *s, const char *name, int64_t now,
		    int64_t keep)
{
	struct stat st;

	if (fstatat(s->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return false;
	if (is_file(name, "tw"))
		return st.st_mtim.tv_sec < now - BROKEN_OFF;
	return is_file(name, "ar") && st.st_mtim.tv_sec < now - keep;
}

void spool_sweep(struct spool *s, int64_t now, int64_t keep)
{
	DIR *d = read_folder(s);
	struct dirent *f;

	while (d && (f = readdir(d))) /* NOLINT(concurrency-mt-unsafe) */
		if (is_over(s, f->d_name, now, keep))
			(void)unlinkat(s->fd, f->d_name, 0);
	if (d)
		(void)closedir(d);
	keep_at_most(s, 'r', LIMIT_SCORE_RESULTS);
}
