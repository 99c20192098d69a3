/* daemon: the running filter: told to read its tables again, and asked, with a
 * message that goes nowhere, which key it signs with. */
#ifndef ROTATE_DAEMON_H
#define ROTATE_DAEMON_H

#include "rotate/tables.h"

/* By the command given, the PidFile's process, or systemctl. */
bool daemon_reload(const struct rotate_tables *t, const char *command,
		   struct err *e);

/* Does it sign mail of every key's sender with the new keys, and none with the
 * old?  Asks again until it does or wait_ms have passed.  False with *e: it does
 * not, or cannot be reached. */
bool daemon_signs(struct arena *arena, const struct rotate_tables *t,
		  const struct rotation *r, unsigned wait_ms, struct err *e);

/* A command of the user's with arguments of ours, by the shell; NULL ends them.
 * What it prints is seen by the user. */
bool daemon_run(const char *command, const char *const *arguments,
		struct err *e);

#endif
