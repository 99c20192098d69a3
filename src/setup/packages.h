/* packages: Postfix, Dovecot and certbot from the distribution, by apt-get; what
 * was installed is noted beside the journal, because --undo leaves it. */
#ifndef SETUP_PACKAGES_H
#define SETUP_PACKAGES_H

#include "setup/journal.h"

enum { PACKAGES_MAX = 3 };

struct packages {
	const char *name[PACKAGES_MAX];
	size_t n;
};

/* What a mail server lacks on the running system; with certbot when asked. */
void packages_missing(struct arena *arena, bool certbot, struct packages *out);
/* "postfix dovecot-imapd" */
const char *packages_text(struct arena *arena, const struct packages *p);

/* False: another mail server would have to go for them; *e names it. */
bool packages_fit(struct arena *arena, const struct packages *p, struct err *e);

/* Notes them, then installs them without a question; domain is what Debian's
 * Postfix asks for. */
bool packages_install(struct journal *j, const struct packages *p, str domain,
		      struct err *e);
/* What setup has ever installed here, or NULL. */
const char *packages_noted(const struct journal *j);
void packages_forget(const struct journal *j);

/* A certificate for the host, by certbot on port 80, unless it has one. */
bool packages_certificate(struct arena *arena, const char *host, str domain,
			  struct err *e);

#endif
