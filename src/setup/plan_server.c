/* plan_server: a Postfix as the distribution leaves it becomes a mail server for
 * system users: submission on 587 and 465 with Dovecot's passwords over TLS, a
 * Maildir in every home, and no way in for strangers' mail to strangers. */
#include "base/buf.h"
#include "base/tr.h"
#include "setup/plan_edit.h"

#include <limits.h>

#define TLS_DIR SETUP_INKAN_DIR "/tls"

/* "main.cf = value"; only where this Postfix knows the setting. */
static const struct {
	const char *name, *value;
} settings[] = {
	/* who we are; /etc/mailname has the domain */
	{ "mydomain", NULL },
	{ "myhostname", NULL },
	{ "myorigin", "/etc/mailname" },
	{ "mydestination",
	  "$mydomain, $myhostname, localhost.$mydomain, localhost" },
	{ "inet_interfaces", "all" },
	{ "inet_protocols", "all" },
	/* strangers may write to us and to nobody else */
	{ "smtpd_relay_restrictions",
	  "permit_mynetworks, permit_sasl_authenticated, "
	  "reject_unauth_destination" },
	{ "smtpd_helo_required", "yes" },
	{ "smtpd_data_restrictions", "reject_unauth_pipelining" },
	{ "smtpd_forbid_bare_newline", "yes" },
	{ "disable_vrfy_command", "yes" },
	/* guesses at passwords; an attachment of 35 MB */
	{ "smtpd_client_auth_rate_limit", "30" },
	{ "message_size_limit", "52428800" },
	{ "mailbox_size_limit", "0" },
	/* where mail goes */
	{ "home_mailbox", "Maildir/" },
	{ "recipient_delimiter", "+" },
	/* passwords: Dovecot's, over TLS, on the submission ports only */
	{ "smtpd_sasl_type", "dovecot" },
	{ "smtpd_sasl_path", "private/auth" },
	{ "smtpd_sasl_security_options", "noanonymous" },
	{ "smtpd_tls_auth_only", "yes" },
	{ "smtpd_tls_security_level", "may" },
	{ "smtp_tls_security_level", "may" },
	{ "smtp_tls_CApath", "/etc/ssl/certs" },
	{ "smtp_tls_session_cache_database",
	  "btree:${data_directory}/smtp_scache" },
	{ "smtpd_tls_protocols", "!SSLv2, !SSLv3, !TLSv1, !TLSv1.1" },
	{ "smtpd_tls_mandatory_protocols", "!SSLv2, !SSLv3, !TLSv1, !TLSv1.1" },
	{ "smtpd_tls_mandatory_ciphers", "high" },
	{ "tls_ssl_options", "NO_RENEGOTIATION, NO_COMPRESSION" },
};

static const char submission[] =
	"submission inet n       -       y       -       -       smtpd\n"
	"  -o syslog_name=postfix/submission\n"
	"  -o smtpd_tls_security_level=encrypt\n"
	"  -o smtpd_sasl_auth_enable=yes\n"
	"  -o smtpd_helo_required=no\n"
	"  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject\n"
	"submissions inet n       -       y       -       -       smtpd\n"
	"  -o syslog_name=postfix/submissions\n"
	"  -o smtpd_tls_wrappermode=yes\n"
	"  -o smtpd_sasl_auth_enable=yes\n"
	"  -o smtpd_helo_required=no\n"
	"  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject\n";

/* 2.4 has other names, and files are named without "<".  In both alice and
 * alice@DOMAIN are the same user. */
static const struct dovecot_words {
	const char *location, *login, *cleartext, *cert, *key;
} dovecot_23 = {
	"mail_location = maildir:~/Maildir\n",
	"auth_username_format = %Ln\n",
	"disable_plaintext_auth = yes\n",
	"ssl_cert = <",
	"ssl_key = <",
}, dovecot_24 = {
	"mail_driver = maildir\n"
	"mail_path = ~/Maildir\n"
	"mail_inbox_path = ~/Maildir\n",
	"auth_username_format = %{user | username | lower}\n",
	"auth_allow_cleartext = no\n",
	"ssl_server_cert_file = ",
	"ssl_server_key_file = ",
};

static bool is_there(const struct plan *p, const char *path)
{
	struct stat st;

	return *path && stat(site_path(p->m, path), &st) == 0;
}

static const char *joined(const struct plan *p, const char *a, const char *b,
			  const char *c)
{
	struct buf x = buf_of(p->m->arena, PATH_MAX);

	buf_printf(&x, "%s%s%s", a, b, c);
	return arena_cstr(p->m->arena, buf_str(&x));
}

/* A certificate and its key of our own, in one file. */
static void self_signed(struct plan *p, const char **cert, const char **key)
{
	const struct account root = { true, 0, 0 };

	*cert = *key = joined(p, TLS_DIR "/", p->wanted.host, ".pem");
	p->self_signed = true;
	plan_reason(p, "self-signed",
		    _("TLS begins with a certificate that nobody vouches for: "
		      "mail programs warn of it. Get one from an authority "
		      "(--certbot, or --tls-cert and --tls-key)"));
	plan_dir(p, TLS_DIR, 0755, root);
	if (is_there(p, *cert))
		return;
	*plan_add(p) = (struct change){
		.kind = CHANGE_CERT,
		.path = site_path(p->m, *cert),
		.from = p->wanted.host,
		.after = { .exists = true, .mode = 0600, .uid = 0, .gid = 0 },
	};
}

/* Both read a new certificate when certbot has one. */
static bool plan_renewal(struct plan *p, struct err *e)
{
	static const char dir[] = "/etc/letsencrypt/renewal-hooks/deploy";
	size_t first = p->n_changes;

	if (!is_there(p, dir))
		return true;
	if (!plan_file(p, joined(p, dir, "/inkan-setup", ""),
		       STR("#!/bin/sh\n# inkan setup: Postfix and Dovecot use "
			   "the new certificate\npostfix reload\n"
			   "doveadm reload\n"),
		       e))
		return false;
	if (first < p->n_changes)
		p->change[first].after.mode = 0755;
	return true;
}

/* Given, or Let's Encrypt's, or what Postfix has and nobody made up. */
static bool find_certificate(struct plan *p, const char **cert,
			     const char **key, struct err *e)
{
	const char *live = joined(p, "/etc/letsencrypt/live/", p->wanted.host,
				  "");

	*cert = p->wanted.tls_cert;
	*key = p->wanted.tls_key;
	if (*cert)
		return (is_there(p, *cert) && is_there(p, *key)) ||
		       err_set(e, ERR_NO_INPUT,
			       _("%s is not there: --tls-cert and --tls-key "
				 "name a certificate chain and its key"),
			       is_there(p, *cert) ? *key : *cert);
	*cert = joined(p, live, "/fullchain.pem", "");
	*key = joined(p, live, "/privkey.pem", "");
	if (is_there(p, *cert) && is_there(p, *key))
		return plan_renewal(p, e);
	*cert = site_postfix(p->m, "smtpd_tls_cert_file");
	*key = site_postfix(p->m, "smtpd_tls_key_file");
	if (!is_there(p, *cert) || !is_there(p, *key) ||
	    strstr(*cert, "snakeoil"))
		self_signed(p, cert, key);
	return true;
}

static void put_settings(struct edit *m)
{
	struct plan *p = m->p;

	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		const char *name = settings[i].name;

		if (map_find(&p->m->settings, str_of(name)) &&
		    settings[i].value)
			edit_set(m, name, str_of(settings[i].value));
	}
	edit_set(m, "mydomain", p->wanted.domain);
	edit_set(m, "myhostname", str_of(p->wanted.host));
	if (!mainfile_get(p->m->arena, p->m->main_cf.bytes, STR("mynetworks"))
		     .n)
		edit_set(m, "mynetworks",
			 STR("127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128"));
	/* procmail and the like would be asked instead of home_mailbox */
	if (*site_postfix(p->m, "mailbox_command"))
		edit_set(m, "mailbox_command", STR(""));
}

static void add_services(struct edit *m)
{
	struct buf b = buf_of(m->p->m->arena, EDIT_TEXT_MAX);

	buf_put(&b, m->master);
	if (m->master.n && m->master.p[m->master.n - 1] != '\n')
		buf_putc(&b, '\n');
	buf_put(&b, STR("# inkan setup: where users hand in mail, with a "
			"password over TLS\n"));
	buf_put(&b, str_of(submission));
	m->master = buf_str(&b);
}

static void write_dovecot(struct buf *b, const struct dovecot_words *w,
			  const char *cert, const char *key, const char *queue)
{
	buf_printf(b,
		   "# Mail in every user's home, where Postfix puts it.\n%s\n"
		   "# alice and alice@DOMAIN are the same user; passwords only "
		   "over TLS.\n%s"
		   "auth_mechanisms = plain login\n%s"
		   "ssl = required\nssl_min_protocol = TLSv1.2\n"
		   "%s%s\n%s%s\n\n",
		   w->location, w->login, w->cleartext, w->cert, cert, w->key,
		   key);
	buf_printf(b,
		   "# Postfix asks here whether a password is right.\n"
		   "service auth {\n  unix_listener %s/private/auth {\n"
		   "    mode = 0660\n    user = postfix\n"
		   "    group = postfix\n  }\n}\n",
		   queue);
}

/* NULL: a version, or files of another, whose settings are not known here. */
static const struct dovecot_words *words_of(const struct site *m)
{
	const struct dovecot_words *w = m->dovecot_24 ? &dovecot_24
						      : &dovecot_23;

	return !m->dovecot || strncmp(m->dovecot, m->dovecot_24 ? "2.4" : "2.3",
				      3) == 0
		       ? w
		       : NULL;
}

static bool put_dovecot(struct edit *m, const char *cert, const char *key,
			struct err *e)
{
	const struct site *site = m->p->m;
	const struct dovecot_words *words = words_of(site);

	if (!site->dovecot_files || !site->dovecot_includes)
		return err_set(e, ERR_UNAVAILABLE,
			       _("there is no Dovecot that reads "
				 "/etc/dovecot/conf.d: inkan setup --install "
				 "installs it where there is none"));
	if (!words)
		return err_set(e, ERR_UNAVAILABLE,
			       _("setup knows the settings of Dovecot 2.3 and "
				 "2.4; here is %s, or files of another "
				 "version: configure it by hand, then run "
				 "setup without --install"),
			       site->dovecot);
	write_dovecot(&m->dovecot, words, cert, key, site->queue_dir);
	return true;
}

bool plan_server(struct edit *m, struct err *e)
{
	struct plan *p = m->p;
	const char *cert, *key;

	if (!find_certificate(p, &cert, &key, e))
		return false;
	put_settings(m);
	edit_set(m, "smtpd_tls_cert_file", str_of(cert));
	edit_set(m, "smtpd_tls_key_file", str_of(key));
	add_services(m);
	plan_reason(p, "server",
		    _("users hand in mail on ports 587 and 465 with their "
		      "password over TLS and read it by IMAP; mail lies in "
		      "Maildir in their homes; strangers can write to this "
		      "domain and to nobody else"));
	return put_dovecot(m, cert, key, e);
}
