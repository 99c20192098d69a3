/* Dovecot as Postfix needs it: the socket for passwords, and the folder that
 * mail is put into. */
#include "base/ascii.h"
#include "doctor/areas.h"

static str joined(const struct machine *m, str a, str b)
{
	struct buf x = buf_of(m->arena, a.n + b.n + 2);

	buf_put(&x, a);
	buf_put(&x, b);
	return buf_str(&x);
}

static str value_of(const struct machine *m, str section, str name,
		    str otherwise)
{
	const struct dovecot_item *i = dovecot_find(&m->dovecot, section, name);

	return i ? i->value : otherwise;
}

/* Where a service looks for the socket: below the queue folder, and in a chroot
 * a whole path too. */
static str socket_path(const struct machine *m,
		       const struct mastercf_service *s)
{
	str path = postfix_value(m, s, STR("smtpd_sasl_path"));
	str queue = postfix_value(m, NULL, STR("queue_directory"));

	if (str_starts(path, STR("inet:")))
		return path;
	if (str_starts(path, STR("unix:")))
		path = str_skip(path, 5);
	if (str_starts(path, STR("/")))
		return postfix_chrooted(m, s) ? joined(m, queue, path) : path;
	return joined(m, joined(m, queue, STR("/")), path);
}

/* That of the first service that asks Dovecot; absent: none. */
static str auth_path(const struct machine *m)
{
	for (const struct mastercf_service *s = m->postfix.master.first; s;
	     s = s->next)
		if (str_eq(s->command, STR("smtpd")) &&
		    postfix_is_yes(m, s, STR("smtpd_sasl_auth_enable")) &&
		    str_eq(postfix_value(m, s, STR("smtpd_sasl_type")),
			   STR("dovecot")))
			return socket_path(m, s);
	return (str){ NULL, 0 };
}

static bool may_open(str mode, str user, str group)
{
	unsigned bits = 0;

	for (size_t i = 0; i < mode.n; i++) {
		if (mode.p[i] < '0' || mode.p[i] > '7' || bits > 0777)
			return false;
		bits = bits * 8 + (unsigned)(mode.p[i] - '0');
	}
	return (bits & 06) == 06 ||
	       ((bits & 060) == 060 && str_eq(group, STR("postfix"))) ||
	       ((bits & 0600) == 0600 && str_eq(user, STR("postfix")));
}

static void check_folder(struct findings *f, const struct machine *m, str path)
{
	str folder = str_head(path, str_rfind(path, '/'));

	if (m->tree.live || tree_has(&m->tree, "/var/spool"))
		judge_file(f, m, FIND_DOVECOT_DIR, folder, path, ARGS(folder));
	else
		finding_skip(f, FIND_DOVECOT_DIR, folder,
			     N_("/var/spool is not in this tree"));
}

static void check_socket(struct findings *f, const struct machine *m, str path)
{
	if (m->tree.live)
		judge_file(f, m, FIND_DOVECOT_SOCKET, path, path, ARGS(path));
	else
		finding_skip(f, FIND_DOVECOT_SOCKET, path,
			     N_("a tree of files has no sockets"));
}

static void check_auth(struct findings *f, const struct machine *m, str path)
{
	str section = joined(m, STR("service auth/unix_listener "), path);

	judge(f, FIND_DOVECOT_AUTH, dovecot_has_section(&m->dovecot, section),
	      STR("/etc/dovecot"), ARGS(path));
	check_folder(f, m, path);
	if (dovecot_has_section(&m->dovecot, section)) {
		str mode = value_of(m, section, STR("mode"), STR("0600"));
		str user = value_of(m, section, STR("user"), STR("root"));
		str group = value_of(m, section, STR("group"), STR("root"));

		judge(f, FIND_DOVECOT_MODE, may_open(mode, user, group),
		      STR("/etc/dovecot"), ARGS(path, mode, user, group));
		check_socket(f, m, path);
	}
}

/* Before 2.4 and since. */
static void check_plaintext(struct findings *f, const struct machine *m)
{
	static const struct {
		str name, bad, good;
	} settings[] = {
		{ STR_INIT("disable_plaintext_auth"), STR_INIT("no"),
		  STR_INIT("yes") },
		{ STR_INIT("auth_allow_cleartext"), STR_INIT("yes"),
		  STR_INIT("no") },
		{ STR_INIT("ssl"), STR_INIT("no"), STR_INIT("yes") },
	};
	bool told = false;

	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		str value = value_of(m, STR(""), settings[i].name, STR(""));

		if (str_ieq(value, settings[i].bad)) {
			told = true;
			judge(f, FIND_DOVECOT_PLAIN, false, STR("/etc/dovecot"),
			      ARGS(settings[i].name, value, settings[i].good));
		}
	}
	if (!told)
		judge(f, FIND_DOVECOT_PLAIN, true, STR("/etc/dovecot"), NULL);
}

/* "maildir:~/Maildir:LAYOUT=fs" and the like */
static bool reads_folder(str location, str folder)
{
	str path = str_skip(location, str_find(location, ':') + 1);

	path = str_head(path, str_find(path, ':'));
	while (path.n && path.p[path.n - 1] == '/')
		path.n--;
	return str_starts(location, STR("maildir:")) && path.n >= folder.n &&
	       str_eq(str_skip(path, path.n - folder.n), folder);
}

/* mail_location, or what 2.4 has in its place. */
static str location_of(const struct machine *m)
{
	str driver = value_of(m, STR(""), STR("mail_driver"), STR(""));
	str path = value_of(m, STR(""), STR("mail_path"), STR(""));

	if (!driver.n)
		return value_of(m, STR(""), STR("mail_location"), STR(""));
	return path.n ? joined(m, joined(m, driver, STR(":")), path) : path;
}

static void check_mail(struct findings *f, const struct machine *m)
{
	str box = postfix_value(m, NULL, STR("home_mailbox"));
	str location = location_of(m);
	bool newer = value_of(m, STR(""), STR("mail_driver"), STR("")).n;
	bool delivers = !postfix_value(m, NULL, STR("mailbox_command")).n &&
			!postfix_value(m, NULL, STR("mailbox_transport")).n;

	/* without mail_location Dovecot looks for itself */
	if (!delivers || !location.n || !box.n || box.p[box.n - 1] != '/')
		return;
	box.n--;
	judge(f, FIND_DOVECOT_MAILDIR, reads_folder(location, box),
	      STR("/etc/dovecot"),
	      ARGS(box, location,
		   newer ? STR("mail_driver = maildir")
			 : joined(m, STR("mail_location = maildir:~/"), box),
		   newer ? joined(m, STR("mail_path = ~/"), box) : STR("")));
}

void check_dovecot(struct findings *f, const struct machine *m)
{
	str path = auth_path(m);

	if (!path.p)
		return;
	if (!m->has_dovecot && !m->tree.live &&
	    !tree_has(&m->tree, "/etc/dovecot")) {
		finding_skip(f, FIND_DOVECOT, STR("/etc/dovecot"),
			     N_("it is not in this tree"));
		return;
	}
	judge(f, FIND_DOVECOT, m->has_dovecot, STR("/etc/dovecot"), NULL);
	if (!m->has_dovecot)
		return;
	judge(f, FIND_DOVECOT_SYNTAX, !m->dovecot.bad_line,
	      m->dovecot.bad_line ? m->dovecot.bad_file : STR("/etc/dovecot"),
	      ARGS(machine_number(m, m->dovecot.bad_line)));
	if (!str_starts(path, STR("inet:")))
		check_auth(f, m, path);
	check_plaintext(f, m);
	check_mail(f, m);
}
