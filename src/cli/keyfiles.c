#include "cli/keyfiles.h"

#include "base/buf.h"
#include "cli/tr.h"
#include "file/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { STRING_MAX = 250, TEXT_MAX = 16384 };

static void put_strings(struct buf *b, str text)
{
	while (text.n) {
		str part = str_head(text, STRING_MAX);

		text = str_skip(text, part.n);
		buf_printf(b, "\n\t  \"%.*s\"", STR_ARG(part));
	}
}

str keyfiles_zone_text(struct arena *arena, const struct keyfiles *k,
		       str record, size_t key_at)
{
	struct buf b = buf_of(arena, TEXT_MAX);

	buf_printf(&b, "%s._domainkey", k->selector);
	if (k->append_domain)
		buf_printf(&b, ".%s.", k->domain);
	buf_printf(&b, "\tIN\tTXT\t( \"%.*s\"", (int)key_at, record.p);
	put_strings(&b, str_skip(record, key_at));
	buf_printf(&b, " )  ; ----- DKIM key %s for %s\n", k->selector,
		   k->domain);
	return buf_str(&b);
}

static const char *path_of(struct arena *arena, const struct keyfiles *k,
			   const char *suffix)
{
	struct buf b = buf_of(arena, 4096);

	if (strcmp(k->directory, ".") != 0)
		buf_printf(&b, "%s/", k->directory);
	buf_printf(&b, "%s%s", k->selector, suffix);
	return b.overflow ? "" : arena_cstr(arena, buf_str(&b));
}

/* The record may be read by all, but is not overwritten either. */
static bool write_text(const char *path, str text, struct err *e)
{
	int fd = open(path,
		      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		      0644);
	bool ok;

	if (fd < 0) {
		if (errno == EEXIST)
			(void)err_set(e, ERR_CREATE,
				      _("%s exists: move it away first"), path);
		else
			(void)err_sys(e, _("cannot create %s"), path);
		e->code = ERR_CREATE;
		return false;
	}
	ok = write_all(fd, text) && fsync(fd) == 0;
	if (!ok) {
		(void)err_sys(e, _("cannot write %s"), path);
		e->code = ERR_CREATE;
	}
	close(fd);
	return ok;
}

bool keyfiles_make(struct arena *arena, const struct keyfiles *k,
		   struct keyfiles_made *out, struct err *e)
{
	size_t key_at;

	out->private_path = path_of(arena, k, ".private");
	out->text_path = path_of(arena, k, ".txt");
	if (access(k->directory, X_OK) < 0) {
		(void)err_sys(e, _("directory %s (mkdir -m 750 makes it)"),
			      k->directory);
		e->code = ERR_CREATE;
		return false;
	}
	if (access(out->text_path, F_OK) == 0)
		return err_set(e, ERR_CREATE,
			       _("%s exists: choose another selector or move "
				 "it away"),
			       out->text_path);
	out->key = privkey_generate(k->type, k->bits, e);
	if (!out->key)
		return false;
	out->record = dkim_record_write(arena, out->key, &k->record, &key_at);
	if (privkey_write(out->key, out->private_path, e)) {
		if (write_text(out->text_path,
			       keyfiles_zone_text(arena, k, out->record,
						  key_at),
			       e))
			return true;
		(void)unlink(out->text_path);
		(void)unlink(out->private_path);
	}
	privkey_free(out->key);
	return false;
}
