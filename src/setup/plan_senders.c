/* plan_senders: users send as themselves only (postconf(5), smtpd_sender_login_
 * maps): every system user has the address of his name. */
#include "base/buf.h"
#include "base/tr.h"
#include "setup/plan_edit.h"

enum { OPTIONS_MAX = 100 };

/* The submission service asks the map. */
static bool bind_service(struct edit *m, const struct masterfile_service *s)
{
	str value;

	if (!edit_is_submission(s) || !str_eq(s->command, STR("smtpd")) ||
	    masterfile_option(s, STR("smtpd_sender_restrictions"), &value))
		return false;
	m->master = masterfile_add(m->p->m->arena, m->master, s,
				   STR("smtpd_sender_restrictions"),
				   STR("reject_sender_login_mismatch"));
	return true;
}

static void bind_services(struct edit *m)
{
	/* a changed text is read again from its beginning */
	for (int i = 0; i < OPTIONS_MAX; i++) {
		struct masterfile_service s;
		size_t at = 0;
		bool changed = false;

		while (!changed && masterfile_next(m->master, &at, &s))
			changed = bind_service(m, &s);
		if (!changed)
			return;
	}
}

static str map_text(const struct plan *p)
{
	struct buf b = buf_of(p->m->arena, EDIT_TEXT_MAX);
	str domain = p->wanted.domain;

	buf_put(&b, STR("# Who may send as whom (postconf(5), smtpd_sender_"
			"login_maps); the first match\n# counts. An alias: "
			"/^info@example\\.org$/ alice, bob\n/^([^@+]+)"
			"(\\+[^@]*)?@"));
	for (size_t i = 0; i < domain.n; i++)
		buf_printf(&b, "%s%c", domain.p[i] == '.' ? "\\" : "",
			   domain.p[i]);
	buf_printf(&b, "$/ $1, $1@%.*s\n", STR_ARG(domain));
	return buf_str(&b);
}

/* Shared addresses that nobody has written down would stop working, so it is
 * not done unasked; but it is said. */
static void offer(struct edit *m)
{
	if (m->p->m->submission && !edit_get(m, "smtpd_sender_login_maps").n)
		plan_offer(m->p, "sender-login",
			   _("a user who has logged in may write in anybody's "
			     "name, and it is signed: with --sender-login "
			     "every user sends as himself only; shared "
			     "addresses are lines of "
			     "/etc/postfix/sender_login then"));
}

bool plan_senders(struct edit *m, struct err *e)
{
	struct plan *p = m->p;
	struct arena *arena = p->m->arena;
	const char *path = path_join(arena, p->m->postfix_dir, "sender_login");
	struct buf set_to = buf_of(arena, EDIT_TEXT_MAX);
	struct file_state now;

	if (!p->wanted.sender_login) {
		offer(m);
		return true;
	}
	if (!p->m->submission && !p->wanted.server)
		return err_set(e, ERR_CONFIG,
			       _("--sender-login needs a submission service "
				 "(587 or 465) in %s"),
			       p->m->master_path);
	bind_services(m);
	if (edit_get(m, "smtpd_sender_login_maps").n)
		return true;
	if (!file_look(arena, site_path(p->m, path), &now, e))
		return false;
	buf_printf(&set_to, "regexp:%s", path);
	edit_set(m, "smtpd_sender_login_maps", buf_str(&set_to));
	plan_reason(p, "sender-login",
		    _("every user may send as himself only: otherwise each "
		      "can write in another's name, and it would be signed"));
	return now.exists || plan_file(p, path, map_text(p), e);
}
