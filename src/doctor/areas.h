/* areas: what is looked at, one file each: facts in, findings out. */
#ifndef DOCTOR_AREAS_H
#define DOCTOR_AREAS_H

#include "base/tr.h"
#include "doctor/finding.h"
#include "doctor/machine.h"

void check_postfix(struct findings *f, const struct machine *m);
void check_submission(struct findings *f, const struct machine *m);
void check_dovecot(struct findings *f, const struct machine *m);
void check_signer(struct findings *f, const struct machine *m);
void check_alignment(struct findings *f, const struct machine *m);
void check_senders(struct findings *f, const struct machine *m);
void check_keys(struct findings *f, const struct machine *m);
void check_addresses(struct findings *f, const struct machine *m);
void check_milter(struct findings *f, const struct machine *m);
void check_certificate(struct findings *f, const struct machine *m);
/* Speaks to the signer, where it runs.  dns: for the keys of its signatures; may
 * be NULL. */
struct dns_client;
void check_live(struct findings *f, const struct machine *m,
		struct dns_client *dns);
/* After all others: what their findings mean to Google, Yahoo, Microsoft. */
void check_providers(struct findings *f, const struct machine *m,
		     const str *domains, size_t n);

/* All of the files; not the running signer. */
void check_machine(struct findings *f, const struct machine *m);

/* Is the file there?  Skipped when that cannot be seen without being root. */
void judge_file(struct findings *f, const struct machine *m,
		enum finding_code code, str path, str subject, const str *args);

/* Is it a full name that a host may call itself?  And told as host.name. */
bool host_is_full(str host);
void judge_host(struct findings *f, const struct machine *m, str host);

/* "submission/inet", as postconf -P names a service. */
str service_name(const struct machine *m, const struct mastercf_service *s);
/* The domain of mail that has none: myorigin, read from its file when it names
 * one (*file).  Absent: that file is not there. */
str postfix_origin(const struct machine *m, str *file);
/* Would the signer sign mail of user@domain that it may sign at all? */
bool signer_signs(const struct machine *m, str user, str domain);
/* The name of a key to be used for a domain: its own, or the first. */
str signer_key_for(const struct machine *m, str domain);
/* A table that is a file, not a list in a setting.  NULL is fine. */
bool signer_is_file(const struct table *t);
/* Another program is there that signs (rspamd, amavis, dkimpy-milter), and no
 * signer whose files could be read. */
bool signs_elsewhere(const struct machine *m);
/* The user that UserID names; empty: none. */
str signer_user(const struct machine *m);

#endif
