/* plan_postfix: main.cf and master.cf send mail through the filter. */
#include "base/buf.h"
#include "base/limits.h"
#include "base/tr.h"
#include "net/sockaddr.h"
#include "setup/plan_edit.h"

/* Relative to the queue directory, so that it is right in a chroot too. */
#define OUR_MILTER "unix:inkan/inkan.sock"

enum { LIST_MAX = 65536, OPTIONS_MAX = 100 };

/* inet:HOST:PORT and unix:PATH of Postfix; the braces' options are left. */
static str element_address(str element)
{
	if (element.n > 1 && element.p[0] == '{') {
		element = str_trim(
			str_skip(str_head(element, element.n - 1), 1));
		element = str_trim(str_head(element, str_find(element, ',')));
		for (size_t i = 0; i < element.n; i++)
			if (element.p[i] == ' ' || element.p[i] == '\t')
				return str_head(element, i);
	}
	return element;
}

/* Is this element of smtpd_milters the filter that listens on `socket`? */
static bool is_socket(const struct site *m, str element, str socket)
{
	struct net_address a;
	struct err ignored;
	str at = element_address(element);

	if (!socket.n || !net_address_parse(socket, &a, &ignored))
		return false;
	if (a.kind != NET_UNIX) {
		str port = str_skip(at, str_rfind(at, ':') + 1);

		return (str_starts(at, STR("inet:")) ||
			str_starts(at, STR("inet6:"))) &&
		       str_eq(port, str_of(a.port));
	}
	if (str_starts(at, STR("unix:")))
		at = str_skip(at, sizeof "unix:" - 1);
	else if (str_starts(at, STR("local:")))
		at = str_skip(at, sizeof "local:" - 1);
	else
		return false;

	const char *path = arena_cstr(m->arena, at);

	/* absolute within the chroot, or without one */
	return strcmp(a.path, path) == 0 ||
	       strcmp(a.path, path_join(m->arena, m->queue_dir,
					path + (*path == '/'))) == 0;
}

static bool is_old(const struct plan *p, str element)
{
	const struct site *m = p->m;

	return (p->take_over && is_socket(m, element, m->opendkim.socket)) ||
	       (m->inkan.path && is_socket(m, element, m->inkan.socket));
}

static bool is_ours(const struct plan *p, str element)
{
	struct buf b = buf_of(p->m->arena, LIST_MAX);

	buf_printf(&b, "local:%s", p->socket);
	return is_socket(p->m, element, buf_str(&b));
}

static bool has_others(const struct plan *p, str list)
{
	str element;

	while (postfix_list_next(&list, &element))
		if (!is_old(p, element) && !is_ours(p, element))
			return true;
	return false;
}

/* The list with the filter in its old place, or last: what others change is
 * changed before it is signed. */
static str with_ours(const struct plan *p, str list, const char *ours,
		     const char *between)
{
	struct buf b = buf_of(p->m->arena, LIST_MAX);
	bool there = false;
	str element;

	while (postfix_list_next(&list, &element)) {
		bool old = is_old(p, element) || is_ours(p, element);

		if (old && there)
			continue;
		if (b.n)
			buf_put(&b, str_of(between));
		buf_put(&b, old ? str_of(ours) : element);
		there |= old;
	}
	if (!there)
		buf_printf(&b, "%s%s", b.n ? between : "", ours);
	return buf_str(&b);
}

bool edit_has(str list, str word)
{
	str element;

	while (postfix_list_next(&list, &element))
		if (str_ieq(element, word))
			return true;
	return false;
}

void edit_set(struct edit *m, const char *name, str value)
{
	str n = str_of(name);

	for (size_t i = 0; i < m->n; i++)
		if (str_eq(m->set[i].name, n)) {
			m->set[i].value = value;
			return;
		}
	if (m->n == EDIT_MAX)
		arena_out_of_memory(m->p->m->arena);
	m->set[m->n++] = (struct mainfile_setting){ n, value };
}

str edit_get(const struct edit *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (str_eq(m->set[i].name, str_of(name)))
			return m->set[i].value;
	return str_of(site_postfix(m->p->m, name));
}

/* How our element is written: alone the setting for all milters is ours to
 * make; beside others it carries its own. */
static const char *our_element(struct plan *p, struct edit *m, str milters)
{
	str action = str_of(site_postfix(p->m, "milter_default_action"));

	if (str_eq(action, STR("tempfail")))
		return OUR_MILTER;
	plan_reason(p, "tempfail",
		    _("milter_default_action tempfail: while the filter is "
		      "down mail waits at the sender instead of leaving "
		      "unsigned"));
	if (has_others(p, milters))
		return "{ " OUR_MILTER ", default_action=tempfail }";
	edit_set(m, "milter_default_action", STR("tempfail"));
	return OUR_MILTER;
}

static void set_list(struct plan *p, struct edit *m, const char *name,
		     const char *ours)
{
	str raw = mainfile_get(p->m->arena, p->m->main_cf.bytes, str_of(name));
	str now = str_of(site_postfix(p->m, name));
	str wanted = with_ours(p, now, ours, " ");

	if (str_eq(raw, STR("$smtpd_milters")) || str_eq(now, wanted))
		return;
	edit_set(m, name, wanted);
}

static void bounces(struct plan *p, struct edit *m)
{
	str now = str_of(site_postfix(p->m, "internal_mail_filter_classes"));
	struct buf b = buf_of(p->m->arena, LIST_MAX);

	if (edit_has(now, STR("bounce")))
		return;
	buf_printf(&b, "%.*s%sbounce", STR_ARG(now), now.n ? ", " : "");
	edit_set(m, "internal_mail_filter_classes", buf_str(&b));
	plan_reason(p, "bounces",
		    _("bounces are signed too: receivers of a domain with "
		      "p=reject refuse them otherwise"));
}

bool edit_is_submission(const struct masterfile_service *s)
{
	static const char *const names[] = { "submission", "submissions",
					     "smtps", "587", "465" };
	str port = str_skip(s->name, str_find(s->name, ':') < s->name.n
					     ? str_rfind(s->name, ':') + 1
					     : 0);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_eq(port, str_of(names[i])))
			return true;
	return false;
}

/* One option of one service that keeps its mail from the filter. */
static bool mend_service(struct plan *p, const struct masterfile_service *s,
			 str *text)
{
	bool submission = edit_is_submission(s);
	str value, wanted;

	if (!str_eq(s->command, STR("smtpd")) ||
	    !(submission || str_eq(s->name, STR("smtp"))))
		return false;
	if (masterfile_option(s, STR("smtpd_milters"), &value) &&
	    (submission || value.n) && str_find(value, '$') == value.n) {
		wanted = with_ours(p, value, OUR_MILTER, ",");
		if (!str_eq(value, wanted) && !edit_has(value, wanted)) {
			*text = text_replace(p->m->arena, *text, value, wanted);
			plan_reason(p, "master-milters",
				    _("master.cf gave this service milters of "
				      "its own, without the signing filter"));
			return true;
		}
	}
	if (submission &&
	    masterfile_option(s, STR("milter_default_action"), &value) &&
	    !str_eq(value, STR("tempfail"))) {
		*text = text_replace(p->m->arena, *text, value,
				     STR("tempfail"));
		return true;
	}
	return false;
}

static str mended_master(struct plan *p, str text)
{
	/* a changed text is read again from its beginning */
	for (int i = 0; i < OPTIONS_MAX; i++) {
		struct masterfile_service s;
		size_t at = 0;
		bool changed = false;

		while (!changed && masterfile_next(text, &at, &s))
			changed = mend_service(p, &s, &text);
		if (!changed)
			break;
	}
	return text;
}

static void plan_postfix_file(struct plan *p, const char *path,
			      const struct file_state *before, str text)
{
	if (str_eq(before->bytes, text))
		return;

	struct change c = { .kind = CHANGE_FILE,
			    .postfix = true,
			    .path = path,
			    .before = *before,
			    .after = *before };

	c.after.bytes = text;
	c.after.mtime = (struct timespec){ 0 };
	*plan_add(p) = c;
}

static void through_filter(struct edit *m)
{
	struct plan *p = m->p;
	const struct site *site = p->m;
	size_t before = m->n;
	str milters = str_of(site_postfix(site, "smtpd_milters"));
	const char *ours = our_element(p, m, milters);

	set_list(p, m, "smtpd_milters", ours);
	set_list(p, m, "non_smtpd_milters", ours);
	if (!str_eq(str_of(site_postfix(site, "milter_protocol")), STR("6")))
		edit_set(m, "milter_protocol", STR("6"));
	bounces(p, m);
	if (m->n > before)
		plan_reason(p, "socket",
			    _("Postfix speaks to inkand over a unix socket in "
			      "its queue directory: it is there in a chroot "
			      "too, no other user can reach it, and it is "
			      "faster than a TCP port"));
	m->master = mended_master(p, m->master);
}

/* Read by Dovecot after its own files. */
static bool plan_dovecot_file(struct edit *m, struct err *e)
{
	struct plan *p = m->p;
	size_t first = p->n_changes;

	if (!m->dovecot.n)
		return true;
	p->dovecot = true;
	if (!plan_file(p, SETUP_DOVECOT_FILE, buf_str(&m->dovecot), e))
		return false;
	while (first < p->n_changes)
		p->change[first++].postfix = true;
	return true;
}

bool plan_postfix(struct plan *p, struct err *e)
{
	const struct site *m = p->m;
	struct edit edit = { .p = p,
			     .master = m->master_cf.bytes,
			     .dovecot = buf_of(m->arena, EDIT_TEXT_MAX) };
	str main_cf = m->main_cf.bytes;

	if (p->wanted.server && !plan_server(&edit, e))
		return false;
	through_filter(&edit);
	if (*site_postfix(m, "multi_instance_directories"))
		plan_offer(p, "instances",
			   _("this Postfix has more instances "
			     "(multi_instance_directories): only the one "
			     "named here is changed, and mail of the others "
			     "is not signed"));
	if (!plan_senders(&edit, e) || !plan_cures(&edit, e) ||
	    !plan_dovecot_file(&edit, e))
		return false;
	for (size_t i = 0; i < edit.n_off; i++)
		main_cf = mainfile_disable(m->arena, main_cf, edit.off[i]);
	plan_postfix_file(p, m->main_path, &m->main_cf,
			  mainfile_set(m->arena, main_cf, edit.set, edit.n));
	plan_postfix_file(p, m->master_path, &m->master_cf, edit.master);
	return true;
}
