#include "setup/change.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/tr.h"
#include "crypto/privkey.h"
#include "crypto/selfsigned.h"
#include "setup/run.h"

#include <errno.h>
#include <shadow.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { RSA_BITS = 2048 };

static bool with_test_mark(const struct change *c, str now)
{
	return str_starts(now, c->after.bytes) &&
	       str_starts(str_skip(now, c->after.bytes.n),
			  STR(SETUP_TEST_MARK));
}

static enum change_place file_place(const struct change *c,
				    const struct file_state *now)
{
	if (now->exists && str_eq(now->bytes, c->after.bytes))
		return PLACE_AFTER;
	if (now->exists == c->before.exists &&
	    str_eq(now->bytes, c->before.bytes))
		return PLACE_BEFORE;
	return now->exists && with_test_mark(c, now->bytes) ? PLACE_AFTER
							    : PLACE_OTHER;
}

bool change_place(struct arena *arena, const struct change *c,
		  enum change_place *out, struct err *e)
{
	struct file_state now;
	struct stat st;

	*out = PLACE_BEFORE;
	if (c->kind != CHANGE_FILE) {
		if (lstat(c->path, &st) == 0)
			*out = PLACE_AFTER;
		return true;
	}
	if (!file_look(arena, c->path, &now, e))
		return false;
	*out = file_place(c, &now);
	return true;
}

/* What a change of lines has added at the end. */
static str added(const struct change *c)
{
	str line = str_skip(c->after.bytes, c->before.bytes.n);

	return line.n && line.p[0] == '\n' ? str_skip(line, 1) : line;
}

static str text_with(struct arena *arena, str text, str line)
{
	struct buf b = buf_of(arena, LIMIT_CONFIG_BYTES + line.n + 1);

	buf_put(&b, text);
	if (text.n && text.p[text.n - 1] != '\n')
		buf_putc(&b, '\n');
	buf_put(&b, line);
	return buf_str(&b);
}

static str text_without(struct arena *arena, str text, str line)
{
	struct buf b = buf_of(arena, LIMIT_CONFIG_BYTES);

	while (text.n) {
		str l = str_head(text, str_find(text, '\n') + 1);

		text = str_skip(text, l.n);
		if (!str_eq(l, line))
			buf_put(&b, l);
	}
	return buf_str(&b);
}

/* passwd(5) and group(5) have a lock of their own. */
static bool put_lines(struct arena *arena, const struct change *c, bool undo,
		      struct err *e)
{
	struct file_state now;
	bool locked = str_starts(str_of(c->path), STR("/etc/")) &&
		      lckpwdf() == 0;
	bool ok = file_look(arena, c->path, &now, e);
	enum change_place place = ok ? file_place(c, &now) : PLACE_OTHER;

	if (ok && place != (undo ? PLACE_BEFORE : PLACE_AFTER)) {
		struct file_state to = undo ? c->before : c->after;

		if (place == PLACE_OTHER) {
			to = now;
			to.mtime = (struct timespec){ 0 };
			to.bytes = text_without(arena, now.bytes, added(c));
			if (!undo)
				to.bytes = text_with(arena, to.bytes, added(c));
		}
		ok = file_put(arena, c->path, &to, e);
	}
	if (locked)
		(void)ulckpwdf();
	return ok;
}

static bool do_file(struct arena *arena, const struct change *c, struct err *e)
{
	struct file_state now;

	if (c->lines)
		return put_lines(arena, c, false, e);
	if (!file_look(arena, c->path, &now, e))
		return false;
	if (file_place(c, &now) == PLACE_OTHER)
		return err_set(e, ERR_CREATE,
			       _("%s was changed by somebody else meanwhile"),
			       c->path);
	if (now.exists && str_eq(now.bytes, c->after.bytes))
		return true;
	return file_put(arena, c->path, &c->after, e);
}

static const char *temporary_key(struct arena *arena, const char *path)
{
	struct buf b = buf_of(arena, 8192);
	const char *dir = path_parent(arena, path);

	buf_printf(&b, "%s/.%s.inkan-setup", dir, strrchr(path, '/') + 1);
	return arena_cstr(arena, buf_str(&b));
}

/* Whole or not at all, never over another: a link fails where a rename would
 * replace. */
static bool put_secret(struct arena *arena, const char *path,
		       const struct file_state *owner, struct err *e)
{
	const char *temporary = temporary_key(arena, path);
	bool ok = (lchown(temporary, owner->uid, owner->gid) == 0 ||
		   geteuid() != 0) &&
		  link(temporary, path) == 0;

	if (!ok) {
		(void)err_sys(e, _("cannot make the key %s"), path);
		e->code = ERR_CREATE;
	}
	(void)unlink(temporary);
	return ok && dir_sync(path_parent(arena, path), e);
}

static bool put_key(struct arena *arena, const struct privkey *key,
		    const char *path, const struct file_state *owner,
		    struct err *e)
{
	const char *temporary = temporary_key(arena, path);

	(void)unlink(temporary);
	return privkey_write(key, temporary, e) &&
	       put_secret(arena, path, owner, e);
}

static bool do_certificate(struct arena *arena, const struct change *c,
			   struct err *e)
{
	const char *temporary = temporary_key(arena, c->path);
	struct stat st;

	(void)unlink(temporary);
	if (lstat(c->path, &st) == 0)
		return true;
	return selfsigned_write(temporary, str_of(c->from), time(NULL), e) &&
	       put_secret(arena, c->path, &c->after, e);
}

static bool do_key(struct arena *arena, const struct change *c, struct err *e)
{
	struct privkey *key;
	struct stat st;
	bool ok;

	if (lstat(c->path, &st) == 0) {
		(void)unlink(temporary_key(arena, c->path));
		return true;
	}
	key = c->from ? privkey_read(c->from, PRIVKEY_ANY, e)
		      : privkey_generate(c->type, RSA_BITS, e);
	ok = key && put_key(arena, key, c->path, &c->after, e);
	privkey_free(key);
	return ok;
}

/* postalias(1) works on a copy elsewhere: what it makes is put in place whole. */
static bool make_database(struct arena *arena, const char *dir, str type,
			  str text, struct file_state *out, struct err *e)
{
	const char *copy = path_join(arena, dir, "aliases");
	struct buf b = buf_of(arena, 8192);
	const struct file_state to = { .exists = true,
				       .mode = 0600,
				       .uid = geteuid(),
				       .gid = getegid(),
				       .bytes = text };
	struct run_result r;

	buf_printf(&b, "%.*s:%s", STR_ARG(type), copy);

	const char *const argv[] = { "postalias",
				     arena_cstr(arena, buf_str(&b)), NULL };

	b = buf_of(arena, 8192);
	buf_printf(&b, "%s.db", copy);
	return file_put(arena, copy, &to, e) &&
	       run_program(arena, argv, STR(""), RUN_SECONDS, &r, e) &&
	       (r.status == 0 || err_set(e, ERR_UNAVAILABLE, "postalias: %.*s",
					 STR_ARG(run_complaint(arena, &r)))) &&
	       file_look(arena, arena_cstr(arena, buf_str(&b)), out, e);
}

static bool do_database(struct arena *arena, const struct change *c,
			struct err *e)
{
	char dir[] = "/tmp/inkan-setup.XXXXXX";
	struct file_state text, to = c->after, made;
	str from = str_of(c->from);
	size_t colon = str_find(from, ':');
	bool ok;

	if (!file_look(arena, c->from + colon + 1, &text, e))
		return false;
	if (!mkdtemp(dir))
		return err_sys(e, _("cannot make directory %s"), dir);
	ok = make_database(arena, dir, str_head(from, colon), text.bytes, &made,
			   e);
	dir_remove(arena, dir);
	to.bytes = made.bytes;
	return ok && file_put(arena, c->path, &to, e);
}

bool change_prepare(struct arena *arena, const struct change *c, struct err *e)
{
	enum change_place place;
	struct stat st;

	if (c->kind != CHANGE_FILE || c->lines)
		return true;
	if (!change_place(arena, c, &place, e))
		return false;
	/* a directory that is still to be made is written to later */
	if (place == PLACE_AFTER || stat(path_parent(arena, c->path), &st) < 0)
		return true;
	return file_prepare(arena, c->path, &c->after, e);
}

bool change_prepare_undo(struct arena *arena, const struct change *c,
			 struct err *e)
{
	enum change_place place;

	if ((c->kind != CHANGE_FILE && c->kind != CHANGE_DATABASE) ||
	    c->lines || !c->before.exists)
		return true;
	return change_place(arena, c, &place, e) &&
	       (place == PLACE_BEFORE ||
		file_prepare(arena, c->path, &c->before, e));
}

void change_forget(struct arena *arena, const struct change *c)
{
	if (c->kind == CHANGE_FILE || c->kind == CHANGE_DATABASE)
		file_forget(arena, c->path);
}

bool change_do(struct arena *arena, const struct change *c, struct err *e)
{
	switch (c->kind) {
	case CHANGE_DIR:
		return dir_make(c->path, c->after.mode, c->after.uid,
				c->after.gid, e);
	case CHANGE_KEY:
		return do_key(arena, c, e);
	case CHANGE_CERT:
		return do_certificate(arena, c, e);
	case CHANGE_DATABASE:
		return do_database(arena, c, e);
	case CHANGE_FILE:
	default:
		return do_file(arena, c, e);
	}
}

/* KEPT/DOMAIN/SELECTOR.private for .../DOMAIN/SELECTOR.private */
static bool keep_key(struct arena *arena, const char *path, const char *kept,
		     struct err *e)
{
	const struct file_state own = { .uid = geteuid(), .gid = getegid() };
	const char *domain = strrchr(path_parent(arena, path), '/') + 1;
	const char *dir = path_join(arena, kept, domain);
	const char *to = path_join(arena, dir, strrchr(path, '/') + 1);
	struct privkey *key;
	struct stat st;
	bool ok;

	if (lstat(to, &st) == 0)
		return true;
	if (!dir_make(kept, 0700, own.uid, own.gid, e) ||
	    !dir_make(dir, 0700, own.uid, own.gid, e))
		return false;
	key = privkey_read(path, PRIVKEY_ANY, e);
	ok = key && put_key(arena, key, to, &own, e);
	privkey_free(key);
	return ok;
}

static bool undo_key(struct arena *arena, const struct change *c,
		     const char *kept, struct err *e)
{
	struct stat st;

	(void)unlink(temporary_key(arena, c->path));
	if (lstat(c->path, &st) < 0)
		return true;
	if (c->kind == CHANGE_KEY && !c->from &&
	    !keep_key(arena, c->path, kept, e))
		return false;
	if (unlink(c->path) < 0)
		return err_sys(e, _("cannot remove %s"), c->path);
	return dir_sync(path_parent(arena, c->path), e);
}

bool change_undo(struct arena *arena, const struct change *c, const char *kept,
		 struct err *e)
{
	struct file_state now;

	switch (c->kind) {
	case CHANGE_DIR:
		/* what others have put into it stays, and so does it */
		return rmdir(c->path) == 0 || errno == ENOENT ||
		       errno == ENOTEMPTY || errno == EEXIST ||
		       err_sys(e, _("cannot remove %s"), c->path);
	case CHANGE_KEY:
	case CHANGE_CERT:
		return undo_key(arena, c, kept, e);
	case CHANGE_DATABASE: /* newaliases(1) may have made it anew since */
	case CHANGE_FILE:
	default:
		break;
	}
	file_forget(arena, c->path);
	if (c->lines)
		return put_lines(arena, c, true, e);
	if (!file_look(arena, c->path, &now, e))
		return false;
	if (now.exists == c->before.exists &&
	    str_eq(now.bytes, c->before.bytes) &&
	    (!now.exists ||
	     (now.mode == c->before.mode && now.uid == c->before.uid &&
	      now.gid == c->before.gid)))
		return true;
	return file_put(arena, c->path, &c->before, e);
}
