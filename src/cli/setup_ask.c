/* setup_ask: what inkan setup wants to know: from its options, from a person at
 * a terminal, else by default. */
#include "cli/setup_ask.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "dns/idn.h"
#include "dns/name.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

bool setup_asks(struct cli *cli)
{
	return !args_has(&cli->args, "yes") && isatty(STDIN_FILENO) &&
	       isatty(STDERR_FILENO);
}

/* A line from the terminal, or what it is by default. */
const char *setup_answer(struct cli *cli, const char *question,
			 const char *otherwise)
{
	char line[512];
	size_t n;

	if (!setup_asks(cli))
		return otherwise;
	fflush(stdout);
	fprintf(stderr, "%s [%s] ", question, otherwise);
	if (!fgets(line, sizeof line, stdin))
		return otherwise;
	n = strcspn(line, "\r\n");
	return n ? arena_cstr(cli->arena, (str){ line, n }) : otherwise;
}

bool setup_agrees(struct cli *cli, const char *question, bool otherwise)
{
	const char *answer = setup_answer(cli, question,
					  otherwise ? "yes" : "no");

	return *answer == 'y' || *answer == 'Y';
}

static bool domain_of(struct cli *cli, const char *text, str *out)
{
	str ascii;

	if (!dns_name_to_ascii(cli->arena, str_of(text), &ascii) ||
	    !dns_name_is_domain(ascii, false))
		return err_set(&cli->err, ERR_USAGE,
			       _("\"%.100s\" is not a domain name"), text);

	char *lower = arena_cstr(cli->arena, ascii);

	for (char *p = lower; *p; p++)
		*p = ascii_lower(*p);
	*out = str_of(lower);
	return true;
}

/* The one domain that is signed already, else Postfix's. */
static const char *guess_domain(const struct site *m)
{
	const struct signing_source *s = m->inkan.path ? &m->inkan
						       : &m->opendkim;
	const char *mydomain;
	const char *domain = NULL;

	if (!m->main_path)
		return NULL; /* no Postfix yet */
	mydomain = site_postfix(m, "mydomain");
	for (size_t i = 0; i < s->n_keys; i++) {
		if (domain && !str_ieq(str_of(domain), s->keys[i].domain))
			return NULL;
		domain = arena_cstr(m->arena, s->keys[i].domain);
	}
	if (domain)
		return domain;
	return strchr(mydomain, '.') ? mydomain : NULL;
}

bool setup_ask_domain(struct cli *cli, const struct site *m, str *out)
{
	const char *text = args_get(&cli->args, "domain");

	if (!text) {
		const char *guess = guess_domain(m);

		text = setup_answer(cli, _("Which domain sends mail?"),
				    guess ? guess : "");
	}
	if (!*text)
		return err_set(&cli->err, ERR_USAGE,
			       _("which domain sends mail? Say --domain "
				 "DOMAIN"));
	return domain_of(cli, text, out);
}

/* A name that Postfix found is none when the machine has none. */
static bool is_host_name(str name)
{
	return str_find(name, '.') < name.n &&
	       !str_istarts(name, STR("localhost.")) &&
	       !str_iends(name, STR(".localdomain"));
}

bool setup_ask_host(struct cli *cli, const struct site *m, str domain,
		    bool server, const char **out)
{
	const char *text = args_get(&cli->args, "host");
	char own[256] = "";
	struct buf b = buf_of(cli->arena, 512);
	str host = STR("");

	if (!text) {
		text = m->main_path ? site_postfix(m, "myhostname") : own;
		if (!m->main_path)
			(void)gethostname(own, sizeof own - 1);
		if (server && !is_host_name(str_of(text))) {
			buf_printf(&b, "mail.%.*s", STR_ARG(domain));
			text = arena_cstr(cli->arena, buf_str(&b));
		}
		if (server)
			text = setup_answer(
				cli, _("What is this mail host's name?"), text);
	}
	if (!domain_of(cli, text, &host))
		return false;
	*out = arena_cstr(cli->arena, host);
	return true;
}

/* "202611": a key's name says when it was made. */
static str month(struct cli *cli)
{
	char *text = arena_alloc(cli->arena, 16);
	time_t now = (time_t)cli->now;
	struct tm tm;

	if (!gmtime_r(&now, &tm))
		return STR("key");
	return (str){ text, strftime(text, 16, "%Y%m", &tm) };
}

static bool ask_selector(struct cli *cli, str *out)
{
	const char *text = args_get(&cli->args, "selector");

	*out = text ? str_of(text) : month(cli);
	return dns_name_is_domain(*out, true) ||
	       err_set(&cli->err, ERR_USAGE,
		       _("\"%.100s\" is not a selector: letters, digits, \"-\" "
			 "and dots"),
		       text);
}

static bool wants_sender_login(struct cli *cli, const struct site *m,
			       bool server)
{
	if (args_has(&cli->args, "sender-login") || server)
		return true;
	if (!m->submission || *site_postfix(m, "smtpd_sender_login_maps"))
		return false;
	return setup_agrees(cli,
			    _("Let every user send as himself only? "
			      "(yes/no)"),
			    false);
}

/* Only where users have no way yet to hand in mail. */
static bool wants_server(struct cli *cli, const struct site *m, bool install)
{
	if (m->submission)
		return false;
	return install ||
	       setup_agrees(cli,
			    _("Users cannot hand in mail here (587, 465). Let "
			      "them, with TLS, Dovecot's passwords and "
			      "mailboxes? (yes/no)"),
			    false);
}

static bool ask_admin(struct cli *cli, const struct site *m,
		      struct plan_wanted *w)
{
	struct account a;

	w->admin = args_get(&cli->args, "admin");
	if (!w->admin && w->server) {
		w->admin = setup_answer(cli,
					_("Which user reads mail to root, "
					  "postmaster, abuse and dmarc?"),
					"root");
		if (strcmp(w->admin, "root") == 0)
			w->admin = NULL;
	}
	return !w->admin ||
	       account_find(m->passwd.bytes, str_of(w->admin), &a) ||
	       err_set(&cli->err, ERR_USAGE,
		       _("there is no user %.100s here (--admin)"), w->admin);
}

bool setup_ask(struct cli *cli, const struct site *m, bool install,
	       struct plan_wanted *w)
{
	*w = (struct plan_wanted){ .mend = !args_has(&cli->args, "no-mend") };
	w->server = wants_server(cli, m, install);
	w->sender_login = wants_sender_login(cli, m, w->server);
	w->tls_cert = args_get(&cli->args, "tls-cert");
	w->tls_key = args_get(&cli->args, "tls-key");
	if (!w->tls_cert != !w->tls_key)
		return err_set(&cli->err, ERR_USAGE,
			       _("--tls-cert and --tls-key go together"));
	return ask_admin(cli, m, w) && setup_ask_domain(cli, m, &w->domain) &&
	       setup_ask_host(cli, m, w->domain, w->server, &w->host) &&
	       ask_selector(cli, &w->selector);
}
