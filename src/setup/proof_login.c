#include "setup/proof_login.h"

#include "base/buf.h"
#include "base/tr.h"
#include "setup/postfix_file.h"
#include "setup/run.h"

#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#define LOGIN_FILE "/etc/dovecot/conf.d/09-inkan-setup-test.conf"
#define DOVECOT_CONF "/etc/dovecot/dovecot.conf"

enum { RANDOM_BYTES = 16, TEXT_MAX = 4096 };

#define MARK "# inkan setup: for the test mail, a moment only\n"

static const char passdb_23[] = MARK
	"passdb {\n  driver = static\n"
	"  args = password=%s allow_nets=127.0.0.0/8\n"
	"  username_filter = " PROOF_LOGIN_USER "\n}\n";
static const char passdb_24[] = MARK
	"passdb " PROOF_LOGIN_USER " {\n  driver = static\n"
	"  passdb_static_password = %s\n"
	"  username_filter = " PROOF_LOGIN_USER "\n"
	"  fields {\n    allow_nets = 127.0.0.0/8\n  }\n}\n";

static str output_of(struct arena *arena, const char *const argv[])
{
	struct run_result r;
	struct err ignored;

	if (!run_program(arena, argv, STR(""), RUN_SECONDS, &r, &ignored) ||
	    r.status != 0)
		return STR("");
	return str_trim(r.out);
}

static bool takes_submission(const struct setup_run *r)
{
	struct masterfile_service s;
	struct file_state f;
	struct err ignored;
	size_t at = 0;

	if (!file_look(r->arena,
		       path_join(r->arena, r->postfix_dir, "master.cf"), &f,
		       &ignored))
		return false;
	while (masterfile_next(f.bytes, &at, &s))
		if (str_eq(s.type, STR("inet")) &&
		    (str_eq(s.name, STR("submission")) ||
		     str_eq(s.name, STR("587"))))
			return true;
	return false;
}

static bool reads_conf_d(struct arena *arena)
{
	struct file_state f;
	struct err ignored;
	str line;

	if (!file_look(arena, DOVECOT_CONF, &f, &ignored))
		return false;
	while (str_split(&f.bytes, '\n', &line))
		if (str_starts(str_trim(line), STR("!include conf.d/")) ||
		    str_starts(str_trim(line), STR("!include_try conf.d/")))
			return true;
	return false;
}

static str dovecot_version(struct arena *arena)
{
	const char *const argv[] = { "dovecot", "--version", NULL };

	return output_of(arena, argv);
}

const char *proof_login_obstacle(const struct setup_run *r)
{
	const char *const type[] = { "postconf",        "-c",
				     r->postfix_dir,    "-h",
				     "smtpd_sasl_type", NULL };
	str version = dovecot_version(r->arena);

	if (!takes_submission(r))
		return _("there is no service on port 587");
	if (!str_eq(output_of(r->arena, type), STR("dovecot")))
		return _("the passwords are not Dovecot's");
	if (!str_starts(version, STR("2.3")) &&
	    !str_starts(version, STR("2.4")))
		return _("a user for the test can be made with Dovecot 2.3 "
			 "and 2.4 only");
	if (!site_pid(r->arena, "/run/dovecot/master.pid", "dovecot"))
		return _("Dovecot does not run");
	if (!reads_conf_d(r->arena))
		return _("dovecot.conf does not include conf.d");
	return NULL;
}

static bool reload(struct arena *arena, struct err *e)
{
	const char *const argv[] = { "doveadm", "reload", NULL };
	struct run_result r;

	return run_program(arena, argv, STR(""), RUN_SECONDS, &r, e) &&
	       (r.status == 0 ||
		err_set(e, ERR_UNAVAILABLE, "doveadm reload: %.*s",
			STR_ARG(run_complaint(arena, &r))));
}

static bool invent(char password[PROOF_PASSWORD_MAX], struct err *e)
{
	unsigned char bytes[RANDOM_BYTES];

	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		return err_sys(e, _("no random numbers"));
	for (size_t i = 0; i < sizeof bytes; i++)
		(void)snprintf(password + 2 * i, 3, "%02x", bytes[i]);
	return true;
}

bool proof_login_open(const struct setup_run *r,
		      char password[PROOF_PASSWORD_MAX], struct err *e)
{
	struct buf b = buf_of(r->arena, TEXT_MAX);
	struct file_state f = { .exists = true, .mode = 0600 };

	if (!invent(password, e))
		return false;
	buf_printf(&b,
		   str_starts(dovecot_version(r->arena), STR("2.3"))
			   ? passdb_23
			   : passdb_24,
		   password);
	f.bytes = buf_str(&b);
	return file_put(r->arena, LOGIN_FILE, &f, e) && reload(r->arena, e);
}

bool proof_login_clean(struct arena *arena, bool *changed, struct err *e)
{
	const struct file_state none = { .exists = false };
	struct stat st;
	struct err ignored;

	file_forget(arena, LOGIN_FILE);
	*changed = lstat(LOGIN_FILE, &st) == 0;
	if (!*changed)
		return true;
	if (!file_put(arena, LOGIN_FILE, &none, e))
		return false;
	/* one that does not run reads its files when it starts */
	(void)reload(arena, &ignored);
	return true;
}
