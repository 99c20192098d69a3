/* Handing in mail: submission services, who may send as whom, and Dovecot, which
 * knows the passwords. */
#include "base/ascii.h"
#include "doctor/areas.h"

static void check_tls(struct findings *f, const struct machine *m,
		      const struct mastercf_service *s)
{
	str level = postfix_value(m, s, STR("smtpd_tls_security_level"));
	bool good = str_eq(level, STR("encrypt")) ||
		    postfix_is_yes(m, s, STR("smtpd_enforce_tls")) ||
		    postfix_is_yes(m, s, STR("smtpd_tls_wrappermode")) ||
		    postfix_is_yes(m, s, STR("smtpd_tls_auth_only"));

	judge(f, FIND_SUBMISSION_TLS, good, service_name(m, s),
	      ARGS(level, service_name(m, s)));
}

static bool binds_senders(const struct machine *m,
			  const struct mastercf_service *s)
{
	static const str lists[] = {
		STR_INIT("smtpd_client_restrictions"),
		STR_INIT("smtpd_helo_restrictions"),
		STR_INIT("smtpd_sender_restrictions"),
		STR_INIT("smtpd_relay_restrictions"),
		STR_INIT("smtpd_recipient_restrictions"),
		STR_INIT("smtpd_data_restrictions"),
	};
	static const str words[] = {
		STR_INIT("reject_sender_login_mismatch"),
		STR_INIT("reject_authenticated_sender_login_mismatch"),
		STR_INIT("reject_known_sender_login_mismatch"),
	};

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		str list = postfix_value(m, s, lists[i]);

		for (size_t j = 0; j < sizeof words / sizeof *words; j++)
			if (postfix_has_word(list, words[j]))
				return true;
	}
	return false;
}

static void check_senders_of(struct findings *f, const struct machine *m,
			     const struct mastercf_service *s)
{
	str maps = postfix_value(m, s, STR("smtpd_sender_login_maps"));
	bool bound = binds_senders(m, s);

	judge(f, FIND_LOGIN_MAPS, maps.n && bound, service_name(m, s),
	      ARGS(maps.n ? STR("smtpd_sender_restrictions")
			  : STR("smtpd_sender_login_maps"),
		   postfix_value(m, NULL, STR("mydomain")),
		   service_name(m, s)));
}

static bool is_submission(const struct machine *m,
			  const struct mastercf_service *s)
{
	unsigned port = postfix_port(s);

	return port == 587 || port == 465 ||
	       (port != 25 && postfix_takes_mail_of_users(m, s));
}

void check_submission(struct findings *f, const struct machine *m)
{
	const struct mastercf_service *first = m->postfix.master.first;
	const struct mastercf_service *found = NULL;

	for (const struct mastercf_service *s = first; s; s = s->next) {
		if (!found && is_submission(m, s))
			found = s;
		if (postfix_takes_mail_of_users(m, s)) {
			check_tls(f, m, s);
			check_senders_of(f, m, s);
		}
	}
	judge(f, FIND_SUBMISSION, found,
	      found ? service_name(m, found) : STR("/etc/postfix/master.cf"),
	      NULL);
	for (const struct mastercf_service *s = first; s && found; s = s->next)
		if (postfix_port(s) == 25)
			judge(f, FIND_SASL_25,
			      !postfix_is_yes(m, s,
					      STR("smtpd_sasl_auth_enable")),
			      service_name(m, s), ARGS(service_name(m, s)));
	check_dovecot(f, m);
}
