/* The private keys: there, readable by the signer and by nobody else, strong. */
#include "base/limits.h"
#include "crypto/privkey.h"
#include "doctor/areas.h"

#include <fcntl.h>
#include <unistd.h>

struct key_file {
	const struct machine *m;
	struct findings *f;
	str path, name, domain, selector, folder;
	str user; /* that the signer runs as; empty: not known */
	struct machine_user who;
	bool known; /* who is, and owners in the tree mean something */
};

str signer_user(const struct machine *m)
{
	str id = m->signer.conf->user_id;

	return str_head(id, str_find(id, ':'));
}

static str octal(const struct machine *m, unsigned mode)
{
	struct buf b = buf_of(m->arena, 8);

	buf_printf(&b, "%04o", mode & 07777);
	return buf_str(&b);
}

static bool readable(const struct key_file *k, const struct stat *st)
{
	return (st->st_uid == k->who.uid && st->st_mode & S_IRUSR) ||
	       (st->st_mode & S_IRGRP &&
		machine_in_group(k->m, k->user, st->st_gid)) ||
	       st->st_mode & S_IROTH;
}

static void check_rights(const struct key_file *k, const struct stat *st)
{
	bool group = st->st_mode & S_IRGRP && k->known && st->st_gid &&
		     !machine_in_group(k->m, k->user, st->st_gid);

	judge(k->f, FIND_KEY_MODE, !(st->st_mode & 026) && !group, k->path,
	      ARGS(octal(k->m, st->st_mode)));
	if (k->known)
		judge(k->f, FIND_KEY_OWNER, readable(k, st), k->path,
		      ARGS(machine_number(k->m, st->st_uid), k->user));
	else
		finding_skip(k->f, FIND_KEY_OWNER, k->path,
			     N_("the signer's user, or who owns the tree's "
				"files, is not known"));
}

static bool folder_safe(const struct key_file *k, const struct stat *st)
{
	bool sticky = st->st_mode & S_ISVTX;

	if (st->st_mode & S_IWOTH && !sticky)
		return false;
	if (!k->known)
		return true;
	if (st->st_uid && st->st_uid != k->who.uid)
		return false;
	return !(st->st_mode & S_IWGRP) || sticky || !st->st_gid ||
	       st->st_gid == k->who.gid;
}

static void check_folders(const struct key_file *k)
{
	for (str at = k->folder; at.n; at = str_head(at, str_rfind(at, '/'))) {
		struct stat st;

		if (!tree_stat(&k->m->tree, machine_cstr(k->m, at), &st) ||
		    folder_safe(k, &st))
			continue;
		judge(k->f, FIND_KEY_DIR, false, at,
		      ARGS(octal(k->m, st.st_mode),
			   machine_number(k->m, st.st_uid),
			   k->user.n ? k->user : STR("root")));
		return;
	}
	judge(k->f, FIND_KEY_DIR, true, k->path, NULL);
}

static void check_content(const struct key_file *k)
{
	int fd = tree_fd(&k->m->tree, machine_cstr(k->m, k->path),
			 O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct err e = { .text = "" };
	struct privkey *key;
	bool rsa;

	if (fd < 0) {
		finding_skip(k->f, FIND_KEY_BAD, k->path,
			     N_("it can be read by root only: run this as "
				"root"));
		return;
	}
	key = privkey_read_fd(fd, machine_cstr(k->m, k->path), &e);
	close(fd);
	rsa = key && privkey_type(key) == KEY_RSA;
	judge(k->f, FIND_KEY_BAD, key, k->path,
	      ARGS(key ? (rsa ? STR("RSA") : STR("Ed25519"))
		       : arena_str(k->m->arena, str_of(e.text)),
		   k->domain, k->selector, k->folder));
	if (key)
		judge(k->f, FIND_KEY_WEAK, !rsa || privkey_bits(key) >= 2048,
		      k->path,
		      ARGS(machine_number(k->m, privkey_bits(key)),
			   rsa ? STR("RSA") : STR("Ed25519"), k->domain));
	privkey_free(key);
}

static void check_file(const struct key_file *k)
{
	struct stat st;

	judge_file(k->f, k->m, FIND_KEY_FILE, k->path, k->path,
		   ARGS(k->name, k->domain, k->selector, k->folder));
	if (!tree_stat(&k->m->tree, machine_cstr(k->m, k->path), &st))
		return;
	check_rights(k, &st);
	check_folders(k);
	check_content(k);
}

static bool seen_before(const struct table *t, size_t at, str path)
{
	struct table_entry e;
	size_t i = 0;

	while (table_next(t, &i, &e) && i < at) {
		struct key_entry k;

		if (!key_entry_parse(&e, &k) && str_eq(k.key, path))
			return true;
	}
	return false;
}

static void check_path(struct key_file *k, str path)
{
	k->path = path;
	k->folder = str_head(path, str_rfind(path, '/'));
	check_file(k);
}

void check_keys(struct findings *f, const struct machine *m)
{
	const struct table *t = m->signer.rules.keys;
	struct key_file k = { .m = m, .f = f, .user = signer_user(m) };
	struct table_entry e;
	struct stat st;
	size_t at = 0, n = 0;

	k.known = k.user.n && machine_user(m, k.user, &k.who) &&
		  tree_stat(&m->tree, "/etc", &st) && st.st_uid == 0;
	while (t && n < LIMIT_DOCTOR_LINES && table_next(t, &at, &e)) {
		struct key_entry key;

		if (key_entry_parse(&e, &key) || !key.is_path ||
		    key_entry_has_percent(&key) || seen_before(t, at, key.key))
			continue;
		n++;
		k.name = key.name;
		k.domain = key.domain;
		k.selector = key.selector;
		check_path(&k, key.key);
	}
	if (t || !m->signer.rules.key_file.p)
		return;
	k.name = STR("KeyFile");
	k.domain = m->signer.conf->domain;
	k.selector = m->signer.rules.selector;
	check_path(&k, m->signer.rules.key_file);
}
