/* machine: the configuration files of a mail host, read once. */
#ifndef DOCTOR_MACHINE_H
#define DOCTOR_MACHINE_H

#include "conf/conf.h"
#include "dkim/sign.h"
#include "doctor/dovecot.h"
#include "doctor/maincf.h"
#include "doctor/mastercf.h"
#include "doctor/tree.h"
#include "sign/choose.h"

struct postfix {
	bool there; /* main.cf could be read */
	bool whole; /* and master.cf */
	struct maincf main;
	struct mastercf master;
	str hostname; /* /etc/hostname: myhostname's default */
};

/* opendkim.conf or inkan.conf, and the tables it names. */
struct signer {
	bool there;
	bool ours; /* inkan.conf: inkand reads it */
	str path;
	struct problems problems;
	struct conf *conf;
	struct sign_rules rules;
	struct dkim_names headers, oversigned; /* that are signed */
};

struct machine {
	struct tree tree;
	struct arena *arena;
	int64_t now; /* seconds since 1970 */
	struct map_seed seed;
	struct postfix postfix;
	struct signer signer;
	bool has_dovecot;
	struct dovecot dovecot;
	str passwd, group; /* texts; absent: not there */
};

enum { MACHINE_DOMAINS_MAX = 200 };
/* The domains that mail is signed for; without any, mydomain. */
size_t machine_domains(const struct machine *m,
		       str domains[MACHINE_DOMAINS_MAX]);

/* config: the signer's configuration, NULL for the usual places.  False: *e (of
 * the root only; what is missing below it is a finding). */
bool machine_read(struct machine *m, struct arena *arena, const char *root,
		  const char *config, int64_t now, struct err *e);

/* A setting's value with its names expanded: of a service (NULL: of main.cf),
 * Postfix's default when it is not set. */
str postfix_value(const struct machine *m, const struct mastercf_service *s,
		  str name);
bool postfix_is_yes(const struct machine *m, const struct mastercf_service *s,
		    str name);
/* Does the service run in the queue directory as its root? */
bool postfix_chrooted(const struct machine *m,
		      const struct mastercf_service *s);
/* An address of smtpd's list of words, with commas or blanks between. */
bool postfix_has_word(str list, str word);
/* An SMTP server, also one behind postscreen. */
bool postfix_is_smtpd(const struct mastercf_service *s);
/* It listens for this machine alone, such as for what a content filter gives
 * back. */
bool postfix_is_loopback(const struct mastercf_service *s);
/* Where an SMTP server listens: 25, 465, 587, or 0 for another one. */
unsigned postfix_port(const struct mastercf_service *s);
/* Users hand in their mail here: SMTP with authentication, not port 25 unless
 * there is nothing else. */
bool postfix_takes_mail_of_users(const struct machine *m,
				 const struct mastercf_service *s);

/* A user's numbers from /etc/passwd and /etc/group. */
struct machine_user {
	unsigned uid, gid;
};
bool machine_user(const struct machine *m, str name, struct machine_user *out);
bool machine_group(const struct machine *m, str name, unsigned *gid);
/* Is user (by name) in the group, as its own or as a member? */
bool machine_in_group(const struct machine *m, str user, unsigned gid);

/* Called by machine_read; config NULL: the usual places. */
void signer_read(struct machine *m, const char *config);

const char *machine_cstr(const struct machine *m, str s);
str machine_number(const struct machine *m, unsigned n);

#endif
