/* service: inkand, Postfix and OpenDKIM of the running system started, stopped
 * and waited for, with systemd or without it. */
#ifndef SETUP_SERVICE_H
#define SETUP_SERVICE_H

#include "setup/journal.h"

/* (Re)starts inkand with its configuration and waits until it answers as a
 * milter. */
bool service_start_inkand(const struct setup_run *r, struct err *e);
bool service_stop_inkand(const struct setup_run *r, struct err *e);
/* Does a milter answer on the socket ("local:PATH", "inet:PORT@HOST") within so
 * many seconds? */
bool service_answers(struct arena *arena, const char *socket, unsigned seconds,
		     struct err *e);

/* A Postfix that runs, with its files: checked before, unless they were. */
bool service_reload_postfix(const struct setup_run *r, bool check,
			    struct err *e);

/* Postfix with all of its configuration, also where it did not run; and back to
 * whether it ran before. */
bool service_start_postfix(const struct setup_run *r, struct err *e);
bool service_settle_postfix(const struct setup_run *r, struct err *e);
/* Dovecot's configuration is checked first. */
bool service_start_dovecot(const struct setup_run *r, struct err *e);
bool service_settle_dovecot(const struct setup_run *r, struct err *e);

bool service_stop_opendkim(const struct setup_run *r, struct err *e);
/* Started, and it answers. */
bool service_start_opendkim(const struct setup_run *r, struct err *e);

#endif
