/* Between Postfix and the signer: both ends of the socket, and what happens
 * when it is not answered. */
#include "base/limits.h"
#include "conf/lex.h"
#include "doctor/areas.h"
#include "doctor/milters.h"
#include "net/sockaddr.h"

#define MAIN STR("/etc/postfix/main.cf")
#define NEW_SOCKET STR("unix:opendkim/opendkim.sock")

struct ends {
	struct findings *f;
	const struct machine *m;
	struct net_address signer;
	str signer_text; /* Socket */
};

/* /var/run is a link to /run; "//" is "/". */
static str plain_path(const struct machine *m, str path)
{
	struct buf b = buf_of(m->arena, path.n + 1);

	if (str_starts(path, STR("/var/run/")))
		path = str_skip(path, 4);
	for (size_t i = 0; i < path.n; i++)
		if (path.p[i] != '/' || !b.n || b.p[b.n - 1] != '/')
			buf_putc(&b, path.p[i]);
	return buf_str(&b);
}

/* Where a service of Postfix looks for a unix socket. */
static str path_seen(const struct machine *m, const struct mastercf_service *s,
		     str path)
{
	str queue = postfix_value(m, NULL, STR("queue_directory"));
	struct buf b = buf_of(m->arena, queue.n + path.n + 2);

	if (!str_starts(path, STR("/")) || postfix_chrooted(m, s)) {
		buf_put(&b, queue);
		buf_putc(&b, '/');
	}
	buf_put(&b, path);
	return plain_path(m, buf_str(&b));
}

static bool is_local(str host)
{
	return !host.n || str_ieq(host, STR("localhost")) ||
	       str_starts(host, STR("127.")) || str_eq(host, STR("::1")) ||
	       str_eq(host, STR("[::1]")) || str_eq(host, STR("0.0.0.0")) ||
	       str_eq(host, STR("::"));
}

/* "host:port", or "port" alone: this machine's. */
static void host_port(str text, str *host, str *port)
{
	size_t colon = str_rfind(text, ':');

	*host = colon < text.n ? str_head(text, colon) : STR("");
	*port = colon < text.n ? str_skip(text, colon + 1) : text;
	if (host->n > 2 && *host->p == '[' && host->p[host->n - 1] == ']')
		*host = (str){ host->p + 1, host->n - 2 };
}

static bool same_socket(const struct ends *e, const struct mastercf_service *s,
			str address)
{
	str kind = str_head(address, str_find(address, ':'));
	str rest = str_skip(address, kind.n + 1), host, port;

	if (e->signer.kind == NET_UNIX)
		return (str_eq(kind, STR("unix")) ||
			str_eq(kind, STR("local"))) &&
		       str_eq(path_seen(e->m, s, rest),
			      plain_path(e->m, str_of(e->signer.path)));
	if (!str_eq(kind, STR("inet")))
		return false;
	host_port(rest, &host, &port);
	return str_eq(port, str_of(e->signer.port)) &&
	       (str_ieq(host, str_of(e->signer.host)) ||
		(is_local(host) && is_local(str_of(e->signer.host))));
}

/* The signer among the milters of a list. */
static bool find_signer(const struct ends *e, const struct mastercf_service *s,
			str list, struct milter *out)
{
	struct cur c = cur_of(list);

	while (milters_next(&c, out))
		if (same_socket(e, s, out->address))
			return true;
	return false;
}

static size_t count_milters(str list)
{
	struct cur c = cur_of(list);
	struct milter m;
	size_t n = 0;

	while (milters_next(&c, &m))
		n++;
	return n;
}

/* An address that is the new one, or is where a signer that moved was: left in
 * the list it would answer nobody. */
static bool is_replaced(str address, str new)
{
	static const char *const words[] = { "dkim", "inkan", ":8891",
					     ":12301" };

	if (str_eq(str_skip(address, str_find(address, ':')),
		   str_skip(new, str_find(new, ':'))))
		return true;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (memmem(address.p, address.n, words[i], strlen(words[i])))
			return true;
	return false;
}

/* A list with `address` in the signer's place, or before the others. */
static str list_with(const struct ends *e, const struct mastercf_service *s,
		     str list, str address)
{
	struct buf b = buf_of(e->m->arena, list.n + address.n + 256);
	struct cur c = cur_of(list);
	bool only = count_milters(list) <= 1;
	struct milter m;

	buf_put(&b, address);
	while (!only && milters_next(&c, &m))
		if (!same_socket(e, s, m.address) &&
		    !is_replaced(m.address, address))
			buf_printf(&b, ", %.*s", STR_ARG(m.address));
	return buf_str(&b);
}

/* How the service can name the signer's socket: below the queue folder without
 * it, which is right with and without a chroot. */
static str name_for(const struct ends *e)
{
	const struct machine *m = e->m;
	str queue = postfix_value(m, NULL, STR("queue_directory"));
	str path = plain_path(m, str_of(e->signer.path));
	struct buf b = buf_of(m->arena, 1024);

	if (e->signer.kind != NET_UNIX)
		buf_printf(&b, "inet:%s:%s",
			   e->signer.host[0] ? e->signer.host : "127.0.0.1",
			   e->signer.port);
	else if (str_starts(path, queue) && path.n > queue.n)
		buf_printf(&b, "unix:%.*s",
			   STR_ARG(str_skip(path, queue.n + 1)));
	else
		buf_printf(&b, "unix:%.*s", STR_ARG(path));
	return buf_str(&b);
}

static bool no_milters(const struct machine *m,
		       const struct mastercf_service *s)
{
	return postfix_has_word(postfix_value(m, s,
					      STR("receive_override_options")),
				STR("no_milters"));
}

/* Who switches the milters of a service off: "" nobody. */
static str switched_off_by(const struct machine *m,
			   const struct mastercf_service *s)
{
	str value;

	if (mastercf_option(s, STR("receive_override_options"), &value) &&
	    no_milters(m, s))
		return STR("receive_override_options");
	if (mastercf_option(s, STR("smtpd_milters"), &value) &&
	    postfix_value(m, NULL, STR("smtpd_milters")).n)
		return STR("smtpd_milters");
	return STR("");
}

static void check_action(const struct ends *e, const struct mastercf_service *s,
			 const struct milter *found)
{
	str action = found->action.p
			     ? found->action
			     : postfix_value(e->m, s,
					     STR("milter_default_action"));

	judge(e->f, FIND_MILTER_ACTION, !str_ieq(action, STR("accept")),
	      service_name(e->m, s), ARGS(action, service_name(e->m, s)));
}

/* A chroot hides the socket: it has to move. */
static bool hidden(const struct ends *e, const struct mastercf_service *s)
{
	str queue = postfix_value(e->m, NULL, STR("queue_directory"));

	return e->signer.kind == NET_UNIX && postfix_chrooted(e->m, s) &&
	       !str_starts(plain_path(e->m, str_of(e->signer.path)), queue);
}

static void move_socket(const struct ends *e, enum finding_code code,
			const struct mastercf_service *s, str seen,
			enum finding_status status)
{
	const struct machine *m = e->m;
	str user = signer_user(m);

	finding_put(
		e->f, code, status, m->signer.path,
		ARGS(seen, user.n ? user : STR("opendkim"),
		     postfix_value(m, NULL, STR("queue_directory")),
		     list_with(e, s,
			       postfix_value(m, NULL, STR("smtpd_milters")),
			       NEW_SOCKET),
		     list_with(e, s,
			       postfix_value(m, NULL, STR("non_smtpd_milters")),
			       NEW_SOCKET)));
}

/* The service that takes back what a content filter was given, when that one
 * signs: the filter may change the mail. */
static const struct mastercf_service *signed_on_return(
	const struct ends *e, const struct mastercf_service *s,
	struct milter *found)
{
	const struct machine *m = e->m;

	if (!postfix_value(m, s, STR("content_filter")).n)
		return NULL;
	for (s = m->postfix.master.first; s; s = s->next)
		if (postfix_is_smtpd(s) && postfix_is_loopback(s) &&
		    !no_milters(m, s) &&
		    find_signer(e, s, postfix_value(m, s, STR("smtpd_milters")),
				found))
			return s;
	return NULL;
}

/* What the service signs is signed again when the filter gives it back. */
static void check_twice(const struct ends *e, const struct mastercf_service *s,
			const struct mastercf_service *back)
{
	const struct machine *m = e->m;
	str options = back ? postfix_value(m, back,
					   STR("receive_override_options"))
			   : STR("");
	struct buf b = buf_of(m->arena, options.n + 32);

	buf_put(&b, options);
	buf_put(&b, options.n ? STR(",") : STR(""));
	buf_put(&b, STR("no_milters"));
	judge(e->f, FIND_MILTER_TWICE, !back, service_name(m, s),
	      ARGS(back ? service_name(m, back) : STR(""), buf_str(&b)));
}

static void check_service(const struct ends *e,
			  const struct mastercf_service *s)
{
	const struct machine *m = e->m;
	str list = postfix_value(m, s, STR("smtpd_milters"));
	str by = switched_off_by(m, s);
	struct milter found;
	bool none = !list.n || no_milters(m, s);
	const struct mastercf_service *back = signed_on_return(e, s, &found);

	if (back && (none || !find_signer(e, s, list, &found))) {
		(void)signed_on_return(e, s, &found);
		judge(e->f, FIND_MILTER_SOCKET, true, service_name(m, back),
		      ARGS(list, e->signer_text));
		check_action(e, back, &found);
		return;
	}
	if (none && by.n)
		judge(e->f, FIND_MILTER_OFF, false, service_name(m, s),
		      ARGS(by, service_name(m, s)));
	else
		judge(e->f, FIND_MILTER_NONE, !none, service_name(m, s),
		      ARGS(list, name_for(e)));
	if (none)
		return;
	if (find_signer(e, s, list, &found)) {
		check_twice(e, s, back);
		judge(e->f, FIND_MILTER_OFF, true, service_name(m, s), NULL);
		judge(e->f, FIND_MILTER_CHROOT, true, m->signer.path, NULL);
		judge(e->f, FIND_MILTER_SOCKET, true, service_name(m, s),
		      ARGS(list, e->signer_text));
		check_action(e, s, &found);
		return;
	}
	if (by.n)
		judge(e->f, FIND_MILTER_OFF, false, service_name(m, s),
		      ARGS(by, service_name(m, s)));
	else if (hidden(e, s))
		move_socket(e, FIND_MILTER_CHROOT, s, e->signer_text,
			    FINDING_FAIL);
	else
		judge(e->f, FIND_MILTER_SOCKET, false, service_name(m, s),
		      ARGS(list, e->signer_text,
			   list_with(e, s, list, name_for(e))));
}

/* The group and the mode that the socket will have. */
static void check_permission(const struct ends *e)
{
	const struct machine *m = e->m;
	const struct conf *c = m->signer.conf;
	str id = c->user_id, group = str_skip(id, str_find(id, ':') + 1);
	unsigned umask = c->umask < 0 ? 022 : (unsigned)c->umask;
	unsigned mode = 0777 & ~umask, gid = 0;
	str path = str_of(e->signer.path);
	struct machine_user u;
	struct stat st;
	struct buf b = buf_of(m->arena, 8);

	if (!machine_user(m, signer_user(m), &u) || !m->group.p)
		return;
	gid = u.gid;
	if (!group.n)
		group = signer_user(m);
	else if (!machine_group(m, group, &gid))
		return;
	/* in a folder with the setgid bit it has the folder's group */
	if (tree_stat(&m->tree,
		      machine_cstr(m, str_head(path, str_rfind(path, '/'))),
		      &st) &&
	    st.st_mode & S_ISGID)
		gid = st.st_gid;
	buf_printf(&b, "%04o", mode);
	judge(e->f, FIND_MILTER_PERMISSION,
	      mode & 02 ||
		      (mode & 020 && machine_in_group(m, STR("postfix"), gid)),
	      m->signer.path, ARGS(buf_str(&b), group));
}

static bool may(const struct machine *m, const struct stat *st, str user,
		struct machine_user who, unsigned bits)
{
	if (st->st_uid == who.uid)
		return (st->st_mode >> 6 & bits) == bits;
	if (machine_in_group(m, user, st->st_gid))
		return (st->st_mode >> 3 & bits) == bits;
	return (st->st_mode & bits) == bits;
}

/* The folder of the socket: the signer makes it there, Postfix finds it there.
 * What lies in /run is made when the machine starts. */
static void check_folder(const struct ends *e)
{
	const struct machine *m = e->m;
	str path = plain_path(m, str_of(e->signer.path));
	str folder = str_head(path, str_rfind(path, '/'));
	str user = signer_user(m);
	struct machine_user signer, postfix;
	const char *why = NULL;
	struct stat st, etc;

	if (!machine_user(m, user, &signer) ||
	    !machine_user(m, STR("postfix"), &postfix) ||
	    !tree_stat(&m->tree, "/etc", &etc) || etc.st_uid ||
	    (!m->tree.live && (!tree_has(&m->tree, "/var/spool/postfix") ||
			       str_starts(path, STR("/run/")))))
		return;
	if (!tree_stat(&m->tree, machine_cstr(m, folder), &st))
		why = N_("it is not there");
	else if (signer.uid && !may(m, &st, user, signer, 03))
		why = N_("the signer cannot make its socket there");
	else if (!may(m, &st, STR("postfix"), postfix, 01))
		why = N_("postfix cannot enter it");
	judge(e->f, FIND_MILTER_FOLDER, !why, m->signer.path,
	      ARGS(folder, str_of(why ? why : ""), user));
}

static void check_kind(const struct ends *e, const struct mastercf_service *s)
{
	if (e->signer.kind == NET_UNIX) {
		check_folder(e);
		judge(e->f, FIND_MILTER_INET, true, e->m->signer.path,
		      ARGS(e->signer_text));
		check_permission(e);
	} else if (is_local(str_of(e->signer.host))) {
		move_socket(e, FIND_MILTER_INET, s, e->signer_text,
			    e->m->signer.ours ? FINDING_NOTE : FINDING_WARN);
	}
}

static const struct mastercf_service *cleanup_of(const struct machine *m)
{
	const struct mastercf_service *s = m->postfix.master.first;

	while (s && !str_eq(s->name, STR("cleanup")))
		s = s->next;
	return s;
}

/* Mail that is not handed in by SMTP takes the same way. */
static void check_local(const struct ends *e,
			const struct mastercf_service *users)
{
	const struct machine *m = e->m;
	const struct mastercf_service *s = cleanup_of(m);
	str list = postfix_value(m, NULL, STR("non_smtpd_milters"));
	str other = postfix_value(m, users, STR("smtpd_milters"));
	struct milter found;

	if (!list.n || !find_signer(e, users, other, &found))
		return; /* told by another finding */
	judge(e->f, FIND_MILTER_SOCKET,
	      find_signer(e, s ? s : users, list, &found),
	      STR("non_smtpd_milters"),
	      ARGS(list, e->signer_text,
		   list_with(e, users, other, name_for(e))));
}

/* opendmarc as another end of a socket.  False: there is none. */
static bool read_opendmarc(const struct ends *e, struct ends *out)
{
	struct err err;
	str text, name, value;
	struct lex l;

	*out = (struct ends){ .f = e->f, .m = e->m, .signer_text = STR("") };
	if (!tree_read(&e->m->tree, e->m->arena, "/etc/opendmarc.conf",
		       LIMIT_CONFIG_BYTES, &text, &err))
		return false;
	l = lex_of(text);
	while (lex_next(&l, &name, &value))
		if (str_ieq(name, STR("Socket")))
			out->signer_text = value;
	return out->signer_text.n &&
	       net_address_parse(out->signer_text, &out->signer, &err);
}

static bool comes_first(const struct ends *a, const struct ends *b,
			const struct mastercf_service *s, str list)
{
	struct cur c = cur_of(list);
	struct milter m;

	while (milters_next(&c, &m)) {
		if (same_socket(a, s, m.address))
			return true;
		if (same_socket(b, s, m.address))
			return false;
	}
	return false;
}

/* opendmarc takes DKIM's results from who stands before it. */
static void check_order(const struct ends *e)
{
	const struct mastercf_service *s = e->m->postfix.master.first;
	struct ends dmarc;
	struct milter found;
	str list;

	while (s && postfix_port(s) != 25)
		s = s->next;
	if (!s || !read_opendmarc(e, &dmarc))
		return;
	list = postfix_value(e->m, s, STR("smtpd_milters"));
	if (find_signer(e, s, list, &found) &&
	    find_signer(&dmarc, s, list, &found))
		judge(e->f, FIND_MILTER_ORDER, comes_first(e, &dmarc, s, list),
		      service_name(e->m, s),
		      ARGS(list, list_with(e, s, list, name_for(e))));
}

static void check_global(struct findings *f, const struct machine *m)
{
	str local = postfix_value(m, NULL, STR("non_smtpd_milters"));
	str classes = postfix_value(m, NULL,
				    STR("internal_mail_filter_classes"));
	str protocol = postfix_value(m, NULL, STR("milter_protocol"));

	judge(f, FIND_MILTER_LOCAL, local.n > 0, MAIN, ARGS(local));
	judge(f, FIND_MILTER_BOUNCE, postfix_has_word(classes, STR("bounce")),
	      MAIN, ARGS(classes));
	judge(f, FIND_MILTER_PROTOCOL, str_eq(protocol, STR("6")), MAIN,
	      ARGS(protocol));
}

static bool setting_has(const struct machine *m, const char *setting,
			const char *word)
{
	const struct conf_value *v = m->signer.there
					     ? conf_found(m->signer.conf,
							  str_of(setting))
					     : NULL;

	return v && memmem(v->value.p, v->value.n, word, strlen(word));
}

static void check_inbound(struct findings *f, const struct machine *m,
			  const struct mastercf_service *s)
{
	str list = postfix_value(m, s, STR("smtpd_milters"));
	bool ours = setting_has(m, "Verify", "dmarc") ||
		    setting_has(m, "RejectFailures", "yes");

	judge(f, FIND_INBOUND,
	      ours || count_milters(list) > 1 || (list.n && signs_elsewhere(m)),
	      service_name(m, s),
	      ARGS(ours              ? STR("inkand")
		   : m->signer.there ? m->signer.path
				     : list));
}

void check_milter(struct findings *f, const struct machine *m)
{
	struct ends e = { .f = f, .m = m };
	const struct mastercf_service *users = NULL;
	struct err err;

	for (const struct mastercf_service *s = m->postfix.master.first; s;
	     s = s->next)
		if (postfix_port(s) == 25 && !postfix_is_loopback(s))
			check_inbound(f, m, s);
	check_addresses(f, m);
	check_global(f, m);
	if (!m->signer.there)
		return;
	e.signer_text = m->signer.conf->socket;
	if (!e.signer_text.n ||
	    !net_address_parse(e.signer_text, &e.signer, &err)) {
		judge(f, FIND_SOCKET, false, m->signer.path,
		      ARGS(e.signer_text));
		return;
	}
	judge(f, FIND_SOCKET, true, m->signer.path, ARGS(e.signer_text));
	for (const struct mastercf_service *s = m->postfix.master.first; s;
	     s = s->next)
		if (postfix_takes_mail_of_users(m, s)) {
			users = users ? users : s;
			check_service(&e, s);
		}
	check_order(&e);
	if (!users)
		return;
	check_local(&e, users);
	check_kind(&e, users);
}
