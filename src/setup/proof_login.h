/* proof_login: a user of Dovecot's for the time of the test mail, with a password
 * that nobody else knows, from this machine only.  It is one file in conf.d; an
 * interrupted run's is taken away by the next. */
#ifndef SETUP_PROOF_LOGIN_H
#define SETUP_PROOF_LOGIN_H

#include "setup/journal.h"

#define PROOF_LOGIN_USER "inkan-setup-test"

/* NULL: it can be made.  Else why not, a sentence's part. */
const char *proof_login_obstacle(const struct setup_run *r);

enum { PROOF_PASSWORD_MAX = 33 };

bool proof_login_open(const struct setup_run *r,
		      char password[PROOF_PASSWORD_MAX], struct err *e);
/* *changed when there was one. */
bool proof_login_clean(struct arena *arena, bool *changed, struct err *e);

#endif
