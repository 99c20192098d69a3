/* privkey_file: the part of privkey.h that touches files.  A key file is judged
 * on its descriptor, never on its name, and is created with its final mode. */
#include "base/limits.h"
#include "crypto/privkey.h"
#include "file/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>

static bool judge_kind(const char *path, const struct stat *st, struct err *e)
{
	if (S_ISDIR(st->st_mode))
		return err_set(e, ERR_CONFIG,
			       "key %s is a directory: name the key file in it",
			       path);
	if (!S_ISREG(st->st_mode))
		return err_set(e, ERR_CONFIG, "key %s is not a regular file",
			       path);
	if (st->st_size == 0)
		return err_set(e, ERR_CONFIG, "key %s is empty", path);
	if (st->st_size > LIMIT_KEY_FILE)
		return err_set(e, ERR_CONFIG,
			       "key %s is larger than %d bytes: not a key",
			       path, LIMIT_KEY_FILE);
	return true;
}

static bool judge_safety(const char *path, const struct stat *st, struct err *e)
{
	if (st->st_mode & (S_IROTH | S_IWOTH))
		return err_set(e, ERR_CONFIG,
			       "key %s is %s by others: chmod 600 %s", path,
			       st->st_mode & S_IWOTH ? "writable" : "readable",
			       path);
	if (st->st_mode & S_IWGRP)
		return err_set(e, ERR_CONFIG,
			       "key %s is writable by its group: chmod 600 %s",
			       path, path);
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return err_set(e, ERR_CONFIG,
			       "key %s belongs to user id %u, not to root or "
			       "user id %u: chown %u %s",
			       path, st->st_uid, geteuid(), geteuid(), path);
	return true;
}

static struct privkey *read_key(int fd, const char *path, size_t size,
				struct err *e)
{
	struct privkey *key = NULL;
	char *text = malloc(size);
	size_t n = 0;

	while (text && n < size) {
		ssize_t got = read(fd, text + n, size - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	if (!text || n < size) {
		(void)err_sys(e, "cannot read key %s", path);
	} else {
		struct err inner;

		key = privkey_parse((str){ text, n }, &inner);
		if (!key)
			(void)err_set(e, ERR_CONFIG, "key %s: %.400s", path,
				      inner.text);
	}
	if (text)
		OPENSSL_cleanse(text, size);
	free(text);
	return key;
}

static struct privkey *judge_and_read(int fd, const char *path,
				      enum privkey_rules rules, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0) {
		(void)err_sys(e, "cannot stat key %s", path);
		return NULL;
	}
	if (!judge_kind(path, &st, e) ||
	    (rules == PRIVKEY_SAFE && !judge_safety(path, &st, e)))
		return NULL;
	return read_key(fd, path, (size_t)st.st_size, e);
}

struct privkey *privkey_read_fd(int fd, const char *path, struct err *e)
{
	return judge_and_read(fd, path, PRIVKEY_ANY, e);
}

struct privkey *privkey_read(const char *path, enum privkey_rules rules,
			     struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct privkey *key;

	if (fd < 0) {
		(void)err_sys(e, "cannot open key %s", path);
		return NULL;
	}
	key = judge_and_read(fd, path, rules, e);
	close(fd);
	return key;
}

bool privkey_write_pem(BIO *bio, const char *path, struct err *e)
{
	char *pem = NULL;
	long n = BIO_get_mem_data(bio, &pem);
	int fd = open(path,
		      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		      0600);
	bool ok = fd >= 0;

	if (fd < 0) {
		if (errno == EEXIST)
			(void)err_set(e, ERR_CREATE,
				      "%s exists: a key is never overwritten; "
				      "choose another selector or move it away",
				      path);
		else
			(void)err_sys(e, "cannot create key %s", path);
		e->code = ERR_CREATE;
	} else if (!write_all(fd, (str){ pem, (size_t)n }) || fsync(fd) != 0) {
		(void)err_sys(e, "cannot write key %s", path);
		e->code = ERR_CREATE;
		(void)unlink(path);
		ok = false;
	}
	if (fd >= 0)
		close(fd);
	return ok;
}

bool privkey_write(const struct privkey *key, const char *path, struct err *e)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	bool ok = bio && privkey_to_pem(key, bio)
			  ? privkey_write_pem(bio, path, e)
			  : err_set(e, ERR_INTERNAL, "cannot write key %s",
				    path);

	BIO_free(bio);
	return ok;
}
