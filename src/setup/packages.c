#include "setup/packages.h"

#include "base/buf.h"
#include "base/tr.h"
#include "setup/run.h"

#include <unistd.h>

enum {
	SIMULATE_SECONDS = 120,
	INSTALL_SECONDS = 1800,
	CERTBOT_SECONDS = 300,
	TEXT_MAX = 4096
};

void packages_missing(struct arena *arena, bool certbot, struct packages *out)
{
	static const struct {
		const char *program, *package;
	} needed[] = { { "postconf", "postfix" },
		       { "doveconf", "dovecot-imapd" },
		       { "certbot", "certbot" } };
	const char *path;

	*out = (struct packages){ .n = 0 };
	for (size_t i = 0; i < PACKAGES_MAX; i++)
		if ((i < 2 || certbot) &&
		    !run_exists(arena, needed[i].program, &path))
			out->name[out->n++] = needed[i].package;
}

const char *packages_text(struct arena *arena, const struct packages *p)
{
	struct buf b = buf_of(arena, TEXT_MAX);

	for (size_t i = 0; i < p->n; i++)
		buf_printf(&b, "%s%s", i ? " " : "", p->name[i]);
	return arena_cstr(arena, buf_str(&b));
}

static const char *note_path(const struct journal *j)
{
	return path_join(j->arena, j->dir, "packages");
}

const char *packages_noted(const struct journal *j)
{
	struct file_state f;
	struct err ignored;

	if (!j->dir || !file_look(j->arena, note_path(j), &f, &ignored) ||
	    !f.exists || !f.bytes.n)
		return NULL;
	return arena_cstr(j->arena, f.bytes);
}

void packages_forget(const struct journal *j)
{
	if (j->dir)
		(void)unlink(note_path(j));
}

static bool note(struct journal *j, const struct packages *p, struct err *e)
{
	const char *before = packages_noted(j);
	struct buf b = buf_of(j->arena, TEXT_MAX);
	struct file_state f = { .exists = true,
				.mode = 0600,
				.uid = geteuid(),
				.gid = getegid() };

	buf_printf(&b, "%s%s%s", before ? before : "", before ? " " : "",
		   packages_text(j->arena, p));
	f.bytes = buf_str(&b);
	return file_put(j->arena, note_path(j), &f, e);
}

/* Debian's Postfix asks what kind of host this is: an internet site. */
static void answer_debconf(struct arena *arena, str domain)
{
	const char *const argv[] = { "debconf-set-selections", NULL };
	struct buf b = buf_of(arena, TEXT_MAX);
	struct run_result r;
	struct err ignored;

	buf_printf(&b,
		   "postfix postfix/main_mailer_type select Internet Site\n"
		   "postfix postfix/mailname string %.*s\n",
		   STR_ARG(domain));
	(void)run_program(arena, argv, buf_str(&b), RUN_SECONDS, &r, &ignored);
}

static bool apt_get(struct arena *arena, const char *verb,
		    const struct packages *p, struct run_result *r,
		    struct err *e)
{
	const char *argv[16] = { "env",     "DEBIAN_FRONTEND=noninteractive",
				 "apt-get", "-y",
				 "-q",      "--no-remove",
				 "-o",      "DPkg::Lock::Timeout=300",
				 verb };
	size_t n = 9;

	for (size_t i = 0; p && i < p->n; i++)
		argv[n++] = p->name[i];
	return run_program(arena, argv, STR(""), INSTALL_SECONDS, r, e);
}

/* What apt-get would take away: another mail server, with everything that it
 * does for this machine. */
static str removals(struct arena *arena, const struct packages *p)
{
	const char *argv[8 + PACKAGES_MAX] = { "apt-get", "--simulate", "-q",
					       "install" };
	struct buf b = buf_of(arena, TEXT_MAX);
	struct run_result r;
	struct err ignored;
	str line, word;

	for (size_t i = 0; i < p->n; i++)
		argv[4 + i] = p->name[i];
	if (!run_program(arena, argv, STR(""), SIMULATE_SECONDS, &r, &ignored))
		return STR("");
	while (str_split(&r.out, '\n', &line))
		if (str_starts(line, STR("Remv "))) {
			line = str_skip(line, 5);
			(void)str_split(&line, ' ', &word);
			buf_printf(&b, "%s%.*s", b.n ? " " : "", STR_ARG(word));
		}
	return buf_str(&b);
}

bool packages_fit(struct arena *arena, const struct packages *p, struct err *e)
{
	str away = removals(arena, p);

	return !away.n ||
	       err_set(e, ERR_UNAVAILABLE,
		       _("to install %s, apt-get would remove %.*s: another "
			 "mail server is here, and setup does not take it "
			 "away. If you want to give it up: apt-get remove "
			 "%.*s, then run setup again"),
		       packages_text(arena, p), STR_ARG(away), STR_ARG(away));
}

bool packages_install(struct journal *j, const struct packages *p, str domain,
		      struct err *e)
{
	struct arena *arena = j->arena;
	struct run_result r;
	const char *path;

	if (!run_exists(arena, "apt-get", &path))
		return err_set(e, ERR_UNAVAILABLE,
			       _("there is no apt-get here: install %s with "
				 "this system's own tools, then run setup "
				 "again"),
			       packages_text(arena, p));
	if (!packages_fit(arena, p, e) || !note(j, p, e))
		return false;
	answer_debconf(arena, domain);
	if (!apt_get(arena, "install", p, &r, e))
		return false;
	/* a new machine has no lists of packages yet */
	if (r.status != 0 && (!apt_get(arena, "update", NULL, &r, e) ||
			      !apt_get(arena, "install", p, &r, e)))
		return false;
	return r.status == 0 ||
	       err_set(e, ERR_UNAVAILABLE, _("apt-get install %s failed: %.*s"),
		       packages_text(arena, p),
		       STR_ARG(run_complaint(arena, &r)));
}

bool packages_certificate(struct arena *arena, const char *host, str domain,
			  struct err *e)
{
	struct buf mail = buf_of(arena, 512);
	struct run_result r;

	buf_printf(&mail, "postmaster@%.*s", STR_ARG(domain));

	const char *const argv[] = { "certbot",
				     "certonly",
				     "--standalone",
				     "--non-interactive",
				     "--agree-tos",
				     "--keep-until-expiring",
				     "-m",
				     arena_cstr(arena, buf_str(&mail)),
				     "-d",
				     host,
				     NULL };

	if (!run_program(arena, argv, STR(""), CERTBOT_SECONDS, &r, e))
		return false;
	return r.status == 0 ||
	       err_set(e, ERR_UNAVAILABLE,
		       _("certbot got no certificate for %s: %.*s. The name "
			 "must lead to this machine and port 80 be reachable; "
			 "without --certbot setup begins with a self-signed "
			 "one"),
		       host, STR_ARG(run_complaint(arena, &r)));
}
