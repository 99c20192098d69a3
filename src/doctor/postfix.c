/* postfix: what a setting of Postfix is in the end: master.cf's, main.cf's or
 * Postfix's own. */
#include "base/ascii.h"
#include "doctor/machine.h"
#include "doctor/postlex.h"

/* Those that are looked at, and what their values name. */
static const struct {
	str name, value;
} defaults[] = {
	{ STR_INIT("alias_database"), STR_INIT("hash:/etc/aliases") },
	{ STR_INIT("alias_maps"), STR_INIT("hash:/etc/aliases") },
	{ STR_INIT("compatibility_level"), STR_INIT("0") },
	{ STR_INIT("config_directory"), STR_INIT("/etc/postfix") },
	{ STR_INIT("daemon_directory"), STR_INIT("/usr/lib/postfix/sbin") },
	{ STR_INIT("data_directory"), STR_INIT("/var/lib/postfix") },
	{ STR_INIT("default_database_type"), STR_INIT("hash") },
	{ STR_INIT("inet_interfaces"), STR_INIT("all") },
	{ STR_INIT("inet_protocols"), STR_INIT("all") },
	{ STR_INIT("message_size_limit"), STR_INIT("10240000") },
	{ STR_INIT("milter_default_action"), STR_INIT("tempfail") },
	{ STR_INIT("milter_protocol"), STR_INIT("6") },
	{ STR_INIT("mydestination"),
	  STR_INIT("$myhostname, localhost.$mydomain, localhost") },
	{ STR_INIT("myorigin"), STR_INIT("$myhostname") },
	{ STR_INIT("mynetworks"), STR_INIT("127.0.0.0/8 [::1]/128") },
	{ STR_INIT("queue_directory"), STR_INIT("/var/spool/postfix") },
	{ STR_INIT("smtp_tls_ciphers"), STR_INIT("medium") },
	{ STR_INIT("smtp_tls_mandatory_ciphers"), STR_INIT("medium") },
	{ STR_INIT("smtpd_relay_restrictions"),
	  STR_INIT("permit_mynetworks, permit_sasl_authenticated, "
		   "defer_unauth_destination") },
	{ STR_INIT("smtpd_sasl_path"), STR_INIT("smtpd") },
	{ STR_INIT("smtpd_sasl_type"), STR_INIT("cyrus") },
	{ STR_INIT("smtpd_tls_ciphers"), STR_INIT("medium") },
	{ STR_INIT("smtpd_tls_mandatory_ciphers"), STR_INIT("medium") },
};

struct looking {
	const struct machine *m;
	const struct mastercf_service *service;
};

/* myhostname and mydomain come from each other and from the host's name. */
static bool name_of_host(const struct machine *m, str name, str *value)
{
	const struct maincf_setting *host = maincf_find(&m->postfix.main,
							STR("myhostname"));
	str full = host ? host->value : m->postfix.hostname;
	size_t dot = str_find(full, '.');

	if (str_eq(name, STR("myhostname"))) {
		*value = full.n ? full : STR("localhost");
		return true;
	}
	*value = dot < full.n ? str_skip(full, dot + 1) : STR("localdomain");
	return str_eq(name, STR("mydomain"));
}

static bool look_up(const void *arg, str name, str *value)
{
	const struct looking *l = arg;
	const struct maincf_setting *s;

	if (l->service && mastercf_option(l->service, name, value))
		return true;
	s = maincf_find(&l->m->postfix.main, name);
	if (s) {
		*value = s->value;
		return true;
	}
	for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
		if (str_eq(defaults[i].name, name)) {
			*value = defaults[i].value;
			return true;
		}
	return name_of_host(l->m, name, value);
}

str postfix_value(const struct machine *m, const struct mastercf_service *s,
		  str name)
{
	struct looking l = { m, s };
	str value;

	return look_up(&l, name, &value)
		       ? maincf_expand(m->arena, value, look_up, &l)
		       : STR("");
}

bool postfix_is_yes(const struct machine *m, const struct mastercf_service *s,
		    str name)
{
	return str_ieq(postfix_value(m, s, name), STR("yes"));
}

bool postfix_chrooted(const struct machine *m, const struct mastercf_service *s)
{
	if (s->chroot != '-')
		return s->chroot == 'y';
	return str_eq(postfix_value(m, NULL, STR("compatibility_level")),
		      STR("0"));
}

bool postfix_has_word(str list, str word)
{
	struct cur c = cur_of(list);
	str w;

	while (postlex_word(&c, &w))
		if (str_ieq(w, word))
			return true;
	return false;
}

bool postfix_is_smtpd(const struct mastercf_service *s)
{
	return str_eq(s->command, STR("smtpd")) &&
	       (str_eq(s->type, STR("inet")) || str_eq(s->type, STR("pass")));
}

bool postfix_is_loopback(const struct mastercf_service *s)
{
	str host = str_head(s->name, str_rfind(s->name, ':'));

	return str_eq(s->type, STR("inet")) && host.n < s->name.n &&
	       (str_starts(host, STR("127.")) ||
		str_eq(host, STR("localhost")) || str_eq(host, STR("[::1]")) ||
		str_eq(host, STR("::1")));
}

unsigned postfix_port(const struct mastercf_service *s)
{
	static const struct {
		str name;
		unsigned port;
	} names[] = {
		{ STR_INIT("smtp"), 25 },
		{ STR_INIT("25"), 25 },
		{ STR_INIT("submission"), 587 },
		{ STR_INIT("587"), 587 },
		{ STR_INIT("smtps"), 465 },
		{ STR_INIT("submissions"), 465 },
		{ STR_INIT("465"), 465 },
	};
	str port = s->name;
	size_t colon = str_rfind(port, ':');

	if (!postfix_is_smtpd(s))
		return 0;
	if (str_eq(s->type, STR("pass")))
		return 25; /* what postscreen lets through */
	if (colon < port.n)
		port = str_skip(port, colon + 1);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_eq(port, names[i].name))
			return names[i].port;
	return 0;
}

static bool authenticates(const struct machine *m,
			  const struct mastercf_service *s)
{
	return str_eq(s->type, STR("inet")) && !postfix_is_loopback(s) &&
	       str_eq(s->command, STR("smtpd")) &&
	       postfix_is_yes(m, s, STR("smtpd_sasl_auth_enable"));
}

bool postfix_takes_mail_of_users(const struct machine *m,
				 const struct mastercf_service *s)
{
	if (!authenticates(m, s))
		return false;
	if (postfix_port(s) != 25)
		return true;
	for (const struct mastercf_service *o = m->postfix.master.first; o;
	     o = o->next)
		if (postfix_port(o) != 25 && authenticates(m, o))
			return false;
	return true;
}
