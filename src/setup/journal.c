#include "setup/journal.h"

#include "base/buf.h"
#include "base/cur.h"
#include "base/tr.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include <jansson.h>

enum { RUNS_MAX = 10000 };

static bool safe_dir(const char *dir, struct err *e)
{
	struct stat st;

	if (lstat(dir, &st) < 0)
		return err_sys(e, _("cannot look at %s"), dir);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)))
		return err_set(e, ERR_PERMISSION,
			       _("%s is not a directory that only its owner "
				 "can write to: nothing is restored from "
				 "there"),
			       dir);
	return true;
}

static bool take_lock(struct journal *j, struct err *e)
{
	const char *path = path_join(j->arena, j->dir, "lock");

	j->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (j->lock < 0)
		return err_sys(e, _("cannot open %s"), path);
	if (flock(j->lock, LOCK_EX | LOCK_NB) == 0)
		return true;
	(void)err_set(e, ERR_UNAVAILABLE,
		      _("another inkan setup is at work here: wait until it "
			"ends"));
	journal_close(j);
	return false;
}

/* NOLINTNEXTLINE(misc-no-recursion): it ends at the root */
static bool make_dirs(struct arena *arena, const char *dir, struct err *e)
{
	const char *parent = path_parent(arena, dir);
	struct stat st;

	if (stat(parent, &st) < 0 && !make_dirs(arena, parent, e))
		return false;
	return dir_make(dir, stat(parent, &st) == 0 ? 0755 : 0700, geteuid(),
			getegid(), e);
}

bool journal_open(struct arena *arena, const char *root, bool make,
		  struct journal *out, struct err *e)
{
	const char *dir = path_below(arena, root, SETUP_STATE_DIR);
	const char *parent = path_parent(arena, dir);
	struct stat st;

	*out = (struct journal){ .arena = arena, .lock = -1 };
	if (stat(dir, &st) < 0 && !make)
		return errno == ENOENT ||
		       err_sys(e, _("cannot look at %s"), dir);
	if (stat(parent, &st) < 0 && !make_dirs(arena, parent, e))
		return false;
	if (!dir_make(dir, 0700, geteuid(), getegid(), e) || !safe_dir(dir, e))
		return false;
	out->dir = dir;
	return take_lock(out, e);
}

void journal_close(struct journal *j)
{
	if (j->lock >= 0)
		close(j->lock);
	j->lock = -1;
}

static const char *numbered(struct arena *arena, const char *dir, size_t n,
			    const char *suffix)
{
	struct buf b = buf_of(arena, PATH_MAX);

	buf_printf(&b, "%s/%zu%s", dir, n, suffix);
	return arena_cstr(arena, buf_str(&b));
}

/* The highest number of a run; 0: there is none. */
static unsigned last_number(const struct journal *j)
{
	DIR *d = opendir(j->dir);
	const struct dirent *entry;
	unsigned last = 0;

	if (!d)
		return 0;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	while ((entry = readdir(d))) {
		struct cur c = cur_of(str_of(entry->d_name));
		uint32_t n;

		if (cur_uint(&c, RUNS_MAX, &n) && cur_done(&c) && n > last)
			last = n;
	}
	closedir(d);
	return last;
}

static json_t *state_json(const struct file_state *s)
{
	return json_pack("{s:b, s:i, s:I, s:I, s:I, s:I}", "exists",
			 (int)s->exists, "mode", (int)s->mode, "uid",
			 (json_int_t)s->uid, "gid", (json_int_t)s->gid, "mtime",
			 (json_int_t)s->mtime.tv_sec, "mtime_ns",
			 (json_int_t)s->mtime.tv_nsec);
}

static json_t *change_json(const struct change *c)
{
	return json_pack("{s:i, s:b, s:b, s:s, s:s?, s:i, s:o, s:o}", "kind",
			 (int)c->kind, "postfix", (int)c->postfix, "lines",
			 (int)c->lines, "path", c->path, "from", c->from,
			 "type", (int)c->type, "before", state_json(&c->before),
			 "after", state_json(&c->after));
}

static json_t *run_json(const struct setup_run *r)
{
	json_t *changes = json_array();

	for (size_t i = 0; i < r->n_changes; i++)
		json_array_append_new(changes, change_json(&r->change[i]));
	return json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b, "
			 "s:b, s:b, s:b, s:b, s:s, s:s, s:o}",
			 "version", 1, "root", r->root, "domain", r->domain,
			 "postfix_dir", r->postfix_dir, "socket", r->socket,
			 "pid_file", r->pid_file, "inkand", r->inkand,
			 "systemd", (int)r->systemd, "take_over",
			 (int)r->take_over, "stop_opendkim",
			 (int)r->stop_opendkim, "server", (int)r->server,
			 "dovecot", (int)r->dovecot, "postfix_ran",
			 (int)r->postfix_ran, "dovecot_ran",
			 (int)r->dovecot_ran, "opendkim_socket",
			 r->opendkim_socket, "opendkim_pid_file",
			 r->opendkim_pid_file, "changes", changes);
}

static const struct file_state private_file = { .exists = true, .mode = 0600 };

static bool put_private(struct arena *arena, const char *path, str bytes,
			struct err *e)
{
	struct file_state f = private_file;

	f.uid = geteuid();
	f.gid = getegid();
	f.bytes = bytes;
	return file_put(arena, path, &f, e);
}

static bool stage_files(struct setup_run *r, struct err *e)
{
	for (size_t i = 0; i < r->n_changes; i++) {
		const struct change *c = &r->change[i];

		if (c->kind != CHANGE_FILE && c->kind != CHANGE_DATABASE)
			continue;
		if ((c->before.exists &&
		     !put_private(r->arena,
				  numbered(r->arena, r->dir, i, ".old"),
				  c->before.bytes, e)) ||
		    (c->kind == CHANGE_FILE &&
		     !put_private(r->arena,
				  numbered(r->arena, r->dir, i, ".new"),
				  c->after.bytes, e)))
			return false;
	}
	return true;
}

static bool stage_plan(struct setup_run *r, struct err *e)
{
	json_t *j = run_json(r);
	char *text = j ? json_dumps(j, JSON_INDENT(1)) : NULL;
	bool ok = text && put_private(r->arena,
				      path_join(r->arena, r->dir, "plan.json"),
				      str_of(text), e);

	if (!text)
		(void)err_set(e, ERR_INTERNAL, _("out of memory"));
	free(text);
	json_decref(j);
	return ok;
}

static struct setup_run run_of(struct journal *j, const struct plan *p)
{
	const struct site *m = p->m;

	return (struct setup_run){
		.arena = j->arena,
		.number = last_number(j) + 1,
		.change = p->change,
		.n_changes = p->n_changes,
		.root = m->root,
		.domain = arena_cstr(j->arena, p->wanted.domain),
		.postfix_dir = m->postfix_dir,
		.socket = p->socket,
		.pid_file = p->pid_file,
		.inkand = m->inkand ? m->inkand : "",
		.systemd = m->systemd,
		.take_over = p->take_over,
		.stop_opendkim = p->take_over && m->opendkim_runs,
		.server = p->wanted.server,
		.dovecot = p->dovecot,
		.postfix_ran = m->postfix_runs,
		.dovecot_ran = m->dovecot_runs,
		.opendkim_socket = p->take_over ? arena_cstr(j->arena,
							     m->opendkim.socket)
						: "",
		.opendkim_pid_file = p->take_over && m->opendkim.pid_file
					     ? m->opendkim.pid_file
					     : "",
	};
}

bool journal_stage(struct journal *j, const struct plan *p,
		   struct setup_run *out, struct err *e)
{
	*out = run_of(j, p);
	out->dir = numbered(j->arena, j->dir, out->number, "");
	if (!dir_make(out->dir, 0700, geteuid(), getegid(), e))
		return false;
	if (stage_files(out, e) && stage_plan(out, e) && dir_sync(j->dir, e))
		return true;
	dir_remove(j->arena, out->dir);
	return false;
}

static void state_of_json(const json_t *j, struct file_state *out)
{
	*out = (struct file_state){
		.exists = json_is_true(json_object_get(j, "exists")),
		.mode = (mode_t)json_integer_value(json_object_get(j, "mode")),
		.uid = (uid_t)json_integer_value(json_object_get(j, "uid")),
		.gid = (gid_t)json_integer_value(json_object_get(j, "gid")),
		.mtime = { .tv_sec = json_integer_value(
				   json_object_get(j, "mtime")),
			   .tv_nsec = json_integer_value(
				   json_object_get(j, "mtime_ns")) },
	};
}

static const char *text_of(struct arena *arena, const json_t *j,
			   const char *name)
{
	const char *text = json_string_value(json_object_get(j, name));

	return text ? arena_cstr(arena, str_of(text)) : NULL;
}

static bool bytes_back(struct setup_run *r, size_t i, const char *suffix,
		       struct file_state *to, struct err *e)
{
	struct file_state f;
	const char *path = numbered(r->arena, r->dir, i, suffix);

	if (!to->exists)
		return true;
	if (!file_look(r->arena, path, &f, e))
		return false;
	to->bytes = f.bytes;
	return f.exists || err_set(e, ERR_NO_INPUT, _("%s is missing"), path);
}

static bool change_back(struct setup_run *r, size_t i, const json_t *j,
			struct err *e)
{
	struct change *c = &r->change[i];

	c->kind = (enum change_kind)json_integer_value(
		json_object_get(j, "kind"));
	c->postfix = json_is_true(json_object_get(j, "postfix"));
	c->lines = json_is_true(json_object_get(j, "lines"));
	c->path = text_of(r->arena, j, "path");
	c->from = text_of(r->arena, j, "from");
	c->type = (enum key_type)json_integer_value(json_object_get(j, "type"));
	state_of_json(json_object_get(j, "before"), &c->before);
	state_of_json(json_object_get(j, "after"), &c->after);
	if (!c->path)
		return err_set(e, ERR_DATA, _("%s cannot be read"), r->dir);
	if (c->kind == CHANGE_DATABASE)
		return bytes_back(r, i, ".old", &c->before, e);
	return c->kind != CHANGE_FILE ||
	       (bytes_back(r, i, ".old", &c->before, e) &&
		bytes_back(r, i, ".new", &c->after, e));
}

static bool run_back(struct setup_run *r, const json_t *j, struct err *e)
{
	struct arena *arena = r->arena;
	const json_t *changes = json_object_get(j, "changes");

	r->root = text_of(arena, j, "root");
	r->domain = text_of(arena, j, "domain");
	r->postfix_dir = text_of(arena, j, "postfix_dir");
	r->socket = text_of(arena, j, "socket");
	r->pid_file = text_of(arena, j, "pid_file");
	r->inkand = text_of(arena, j, "inkand");
	r->opendkim_socket = text_of(arena, j, "opendkim_socket");
	r->opendkim_pid_file = text_of(arena, j, "opendkim_pid_file");
	r->systemd = json_is_true(json_object_get(j, "systemd"));
	r->take_over = json_is_true(json_object_get(j, "take_over"));
	r->stop_opendkim = json_is_true(json_object_get(j, "stop_opendkim"));
	r->server = json_is_true(json_object_get(j, "server"));
	r->dovecot = json_is_true(json_object_get(j, "dovecot"));
	r->postfix_ran = json_is_true(json_object_get(j, "postfix_ran"));
	r->dovecot_ran = json_is_true(json_object_get(j, "dovecot_ran"));
	if (!r->root || !r->domain || !r->postfix_dir || !r->socket ||
	    !r->pid_file || !r->inkand || !r->opendkim_socket ||
	    !r->opendkim_pid_file || !json_is_array(changes))
		return err_set(e, ERR_DATA, _("%s cannot be read"), r->dir);
	r->n_changes = json_array_size(changes);
	r->change = arena_array_of(arena, struct change, r->n_changes + 1);
	for (size_t i = 0; i < r->n_changes; i++)
		if (!change_back(r, i, json_array_get(changes, i), e))
			return false;
	r->applied = access(path_join(arena, r->dir, "applied"), F_OK) == 0;
	r->undoing = access(path_join(arena, r->dir, "undo"), F_OK) == 0;
	return true;
}

bool journal_last(struct journal *j, struct setup_run *out, struct err *e)
{
	*out = (struct setup_run){ .arena = j->arena };
	for (;;) {
		struct file_state plan;
		json_t *json;
		bool ok;

		out->number = j->dir ? last_number(j) : 0;
		if (!out->number)
			return true;
		out->dir = numbered(j->arena, j->dir, out->number, "");
		if (!file_look(j->arena,
			       path_join(j->arena, out->dir, "plan.json"),
			       &plan, e))
			return false;
		if (!plan.exists) { /* interrupted before anything was done */
			dir_remove(j->arena, out->dir);
			if (last_number(j) == out->number)
				return err_set(e, ERR_CREATE,
					       _("cannot remove %s"), out->dir);
			out->dir = NULL;
			continue;
		}
		json = json_loadb(plan.bytes.p, plan.bytes.n, 0, NULL);
		ok = json ? run_back(out, json, e)
			  : err_set(e, ERR_DATA, _("%s cannot be read"),
				    out->dir);
		json_decref(json);
		return ok;
	}
}

bool setup_run_mark(struct setup_run *r, const char *what, struct err *e)
{
	if (strcmp(what, "applied") == 0)
		r->applied = true;
	else
		r->undoing = true;
	return put_private(r->arena, path_join(r->arena, r->dir, what), STR(""),
			   e);
}

bool setup_run_end(struct setup_run *r, struct err *e)
{
	/* without its plan it is nothing, whatever is left of it */
	const struct file_state none = { .exists = false };

	if (!file_put(r->arena, path_join(r->arena, r->dir, "plan.json"), &none,
		      e))
		return false;
	dir_remove(r->arena, r->dir);
	return true;
}
