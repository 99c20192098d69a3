#include "setup/site.h"

#include "base/buf.h"
#include "base/cur.h"
#include "base/limits.h"
#include "base/tr.h"
#include "setup/postfix_file.h"
#include "setup/run.h"
#include "setup/signing_source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *site_path(const struct site *m, const char *path)
{
	return path_below(m->arena, m->root, path);
}

const char *site_postfix(const struct site *m, const char *name)
{
	const char *value = map_find(&m->settings, str_of(name));

	return value ? value : "";
}

/* "name:password:uid:gid:..." */
bool account_find(str passwd, str name, struct account *out)
{
	str line, field[4];

	*out = (struct account){ .exists = false };
	while (str_split(&passwd, '\n', &line)) {
		size_t n = 0;
		uint32_t uid, gid;

		while (n < 4 && str_split(&line, ':', &field[n]))
			n++;
		if (n < 4 || !str_eq(field[0], name))
			continue;

		struct cur u = cur_of(field[2]), g = cur_of(field[3]);

		if (!cur_uint(&u, UINT32_MAX - 1, &uid) ||
		    !cur_uint(&g, UINT32_MAX - 1, &gid))
			continue;
		*out = (struct account){ true, uid, gid };
		return true;
	}
	return false;
}

static const char *group_name(struct arena *arena, str group, gid_t gid)
{
	str line, field[3];

	while (str_split(&group, '\n', &line)) {
		size_t n = 0;
		uint32_t id;

		while (n < 3 && str_split(&line, ':', &field[n]))
			n++;

		struct cur c = cur_of(n == 3 ? field[2] : STR(""));

		if (cur_uint(&c, UINT32_MAX - 1, &id) && id == gid)
			return arena_cstr(arena, field[0]);
	}
	return NULL;
}

static bool take_settings(struct site *m, str text)
{
	str line;

	m->settings = map_of(m->arena, (struct map_seed){ 1, 2 }, false);
	while (str_split(&text, '\n', &line)) {
		size_t equals = str_find(line, '=');

		if (equals < line.n)
			*map_put(&m->settings,
				 str_trim(str_head(line, equals))) =
				arena_cstr(
					m->arena,
					str_trim(str_skip(line, equals + 1)));
	}
	return m->settings.n > 0;
}

static bool ask_postconf(struct site *m, struct err *e)
{
	const char *dir = site_path(m, m->postfix_dir);
	const char *const argv[] = { "postconf", "-c", dir, "-x", NULL };
	struct run_result r;

	if (!run_program(m->arena, argv, STR(""), RUN_SECONDS, &r, e))
		return e->code == ERR_NO_INPUT
			       ? err_set(e, ERR_UNAVAILABLE,
					 _("there is no Postfix here (no "
					   "program postconf): inkan setup "
					   "--install installs and "
					   "configures it, with Dovecot"))
			       : false;
	if (r.status != 0 || !take_settings(m, r.out))
		return err_set(e, ERR_CONFIG,
			       _("Postfix does not accept its configuration, "
				 "so nothing was looked at: %.*s"),
			       STR_ARG(run_complaint(m->arena, &r)));
	return true;
}

/* Where a file that may be a link really is. */
static const char *real_path(struct site *m, const char *path)
{
	char real[PATH_MAX];
	const char *there = site_path(m, path);

	return realpath(there, real) ? arena_cstr(m->arena, str_of(real))
				     : there;
}

static bool read_postfix(struct site *m, struct err *e)
{
	m->main_path = real_path(m, path_join(m->arena, m->postfix_dir,
					      "main.cf"));
	m->master_path = real_path(m, path_join(m->arena, m->postfix_dir,
						"master.cf"));
	if (!file_look(m->arena, m->main_path, &m->main_cf, e) ||
	    !file_look(m->arena, m->master_path, &m->master_cf, e))
		return false;
	/* of a test that was interrupted: no setting of anybody's */
	if (m->main_cf.exists) {
		const char *mark = strstr(m->main_cf.bytes.p, SETUP_TEST_MARK);

		if (mark)
			m->main_cf.bytes.n = (size_t)(mark -
						      m->main_cf.bytes.p);
	}
	if (!m->main_cf.exists || !m->master_cf.exists)
		return err_set(e, ERR_UNAVAILABLE,
			       _("there is no Postfix configuration in %s: "
				 "install Postfix first (inkan setup "
				 "--install), or say where it is: "
				 "--postfix DIR"),
			       site_path(m, m->postfix_dir));
	return ask_postconf(m, e);
}

static bool look_at_master(struct site *m, struct err *e)
{
	struct masterfile_service s;
	bool smtp = false;
	size_t at = 0;

	while (masterfile_next(m->master_cf.bytes, &at, &s)) {
		smtp |= str_eq(s.type, STR("inet")) &&
			str_eq(s.command, STR("smtpd"));
		if (str_eq(s.type, STR("inet")) &&
		    (str_eq(s.name, STR("submission")) ||
		     str_eq(s.name, STR("submissions")) ||
		     str_eq(s.name, STR("smtps")) ||
		     str_eq(s.name, STR("587")) || str_eq(s.name, STR("465"))))
			m->submission = true;
	}
	return smtp || err_set(e, ERR_CONFIG,
			       _("%s has no smtpd service of type inet: this "
				 "Postfix takes no mail by SMTP, and setup "
				 "does not know its shape"),
			       m->master_path);
}

static bool read_accounts(struct site *m, struct err *e)
{
	const char *owner = site_postfix(m, "mail_owner");

	if (!file_look(m->arena, site_path(m, "/etc/passwd"), &m->passwd, e) ||
	    !file_look(m->arena, site_path(m, "/etc/group"), &m->group, e))
		return false;
	(void)account_find(m->passwd.bytes, STR("inkan"), &m->inkan_user);
	if (!account_find(m->passwd.bytes, str_of(owner), &m->mail_owner))
		return err_set(e, ERR_CONFIG,
			       _("Postfix's user %s (mail_owner) is not in "
				 "%s: setup cannot let it use the socket"),
			       owner, site_path(m, "/etc/passwd"));
	m->mail_group = group_name(m->arena, m->group.bytes, m->mail_owner.gid);
	return m->mail_group ||
	       err_set(e, ERR_CONFIG, _("the group of user %s is not in %s"),
		       owner, site_path(m, "/etc/group"));
}

static const char *find_inkand(struct arena *arena)
{
	static const char *const beside[] = { "inkand", "../sbin/inkand" };
	char exe[PATH_MAX], real[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
	const char *path;

	if (n > 0) {
		exe[n] = '\0';
		for (size_t i = 0; i < 2; i++) {
			path = path_join(arena, path_parent(arena, exe),
					 beside[i]);
			if (access(path, X_OK) == 0 && realpath(path, real))
				return arena_cstr(arena, str_of(real));
		}
	}
	return run_exists(arena, "inkand", &path) ? path : NULL;
}

static bool runs(str stat, str program)
{
	size_t open = str_find(stat, '('), close = str_rfind(stat, ')');
	str name = str_head(str_skip(stat, open + 1),
			    close > open ? close - open - 1 : 0);
	str state = str_trim(str_skip(stat, close + 1));

	return str_eq(name, program) && state.n && state.p[0] != 'Z' &&
	       state.p[0] != 'X';
}

long site_pid(struct arena *arena, const char *pid_file, const char *program)
{
	struct file_state pid;
	struct err ignored;
	char path[64], text[128];
	ssize_t got;
	uint32_t n;
	int fd;

	if (!pid_file || !file_look(arena, pid_file, &pid, &ignored) ||
	    !pid.exists)
		return 0;

	struct cur c = cur_of(str_trim(pid.bytes));

	if (!cur_uint(&c, INT32_MAX, &n) || n < 2)
		return 0;
	(void)snprintf(path, sizeof path, "/proc/%u/stat", n);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	got = read(fd, text, sizeof text);
	close(fd);
	/* proc(5): "PID (NAME) STATE ..."; one that nobody waited for is gone */
	return got > 0 && runs((str){ text, (size_t)got }, str_of(program))
		       ? (long)n
		       : 0;
}

static bool postfix_runs(struct site *m)
{
	const char *const argv[] = { "postfix", "-c", m->postfix_dir, "status",
				     NULL };
	struct run_result r;
	struct err ignored;

	return run_program(m->arena, argv, STR(""), RUN_SECONDS, &r,
			   &ignored) &&
	       r.status == 0;
}

static bool unit_runs(struct site *m, const char *unit)
{
	const char *const argv[] = { "systemctl", "is-active", "--quiet", unit,
				     NULL };
	struct run_result r;
	struct err ignored;

	return run_program(m->arena, argv, STR(""), RUN_SECONDS, &r,
			   &ignored) &&
	       r.status == 0;
}

static void look_at_services(struct site *m)
{
	m->inkand = find_inkand(m->arena);
	if (*m->root)
		return;
	m->systemd = access("/run/systemd/system", F_OK) == 0;
	m->packaged_unit =
		access("/usr/lib/systemd/system/inkand.service", F_OK) == 0 ||
		access("/lib/systemd/system/inkand.service", F_OK) == 0;
	m->postfix_runs = postfix_runs(m);
	m->opendkim_runs = site_pid(m->arena, m->opendkim.pid_file,
				    "opendkim") ||
			   (m->systemd && unit_runs(m, "opendkim"));
}

/* It asks DNS for this machine's own name: where none answers, not for long. */
static const char *ask_doveconf(struct site *m, const char *name)
{
	const char *file = site_path(m, "/etc/dovecot/dovecot.conf");
	const char *const argv[] = {
		"env",      "RES_OPTIONS=timeout:1 attempts:1",
		"doveconf", "-c",
		file,       "-h",
		name,       NULL
	};
	struct run_result r;
	struct err ignored;

	if (!run_program(m->arena, argv, STR(""), RUN_SECONDS, &r, &ignored) ||
	    r.status != 0)
		return NULL;
	return arena_cstr(m->arena, str_trim(r.out));
}

/* Since 2.4 a location is three settings; an inbox elsewhere is what counts. */
static const char *mail_location(struct site *m)
{
	const char *driver, *path, *inbox;
	struct buf b = buf_of(m->arena, 4096);

	if (!m->dovecot_24)
		return ask_doveconf(m, "mail_location");
	driver = ask_doveconf(m, "mail_driver");
	path = ask_doveconf(m, "mail_path");
	inbox = ask_doveconf(m, "mail_inbox_path");
	if (!driver || !path)
		return NULL;
	if (inbox && *inbox && strcmp(inbox, ".") != 0)
		path = inbox;
	buf_printf(&b, "%s:%s", driver, path);
	return arena_cstr(m->arena, buf_str(&b));
}

static bool includes_conf_d(str line)
{
	return str_starts(line, STR("!include conf.d/")) ||
	       str_starts(line, STR("!include_try conf.d/"));
}

static void look_at_dovecot_files(struct site *m)
{
	struct file_state f;
	struct err ignored;
	str rest, line;

	if (!file_look(m->arena, site_path(m, "/etc/dovecot/dovecot.conf"), &f,
		       &ignored) ||
	    !f.exists)
		return;
	m->dovecot_files = true;
	for (rest = f.bytes; str_split(&rest, '\n', &line);) {
		line = str_trim(line);
		m->dovecot_includes |= includes_conf_d(line);
		m->dovecot_24 |= str_starts(line,
					    STR("dovecot_config_version"));
	}
	m->mail_location = mail_location(m);
	if (!*m->root) {
		const char *base = ask_doveconf(m, "base_dir");

		m->dovecot_runs = base && site_pid(m->arena,
						   path_join(m->arena, base,
							     "master.pid"),
						   "dovecot");
	}
}

static void look_at_dovecot(struct site *m)
{
	const char *const argv[] = { "dovecot", "--version", NULL };
	struct run_result r;
	struct err ignored;

	if (*m->root ||
	    !run_program(m->arena, argv, STR(""), RUN_SECONDS, &r, &ignored) ||
	    r.status != 0)
		return;
	r.out = str_trim(r.out);
	m->dovecot = arena_cstr(m->arena,
				str_head(r.out, str_find(r.out, ' ')));
}

bool site_look(struct arena *arena, const char *root, const char *postfix_dir,
	       struct site *out, struct err *e)
{
	*out = (struct site){ .arena = arena,
			      .root = root,
			      .postfix_dir = postfix_dir ? postfix_dir
							 : "/etc/postfix" };
	if (!read_postfix(out, e) || !look_at_master(out, e) ||
	    !read_accounts(out, e) ||
	    !file_look(arena, site_path(out, SETUP_INKAN_CONF),
		       &out->inkan_conf, e) ||
	    !signing_source_read(out, SETUP_INKAN_CONF, &out->inkan, e) ||
	    !signing_source_read(out, SETUP_OPENDKIM_CONF, &out->opendkim, e))
		return false;
	out->queue_dir = site_postfix(out, "queue_directory");
	look_at_services(out);
	look_at_dovecot(out);
	look_at_dovecot_files(out);
	return true;
}
