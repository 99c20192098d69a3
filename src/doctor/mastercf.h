/* mastercf: Postfix's master.cf (master(5)): services and what their commands
 * set otherwise than main.cf. */
#ifndef DOCTOR_MASTERCF_H
#define DOCTOR_MASTERCF_H

#include "base/arena.h"

struct mastercf_option { /* -o NAME=VALUE */
	struct mastercf_option *next; /* the one before: the last counts */
	str name, value;
};

struct mastercf_service {
	struct mastercf_service *next;
	str name, type; /* "smtp", "inet" */
	char chroot; /* 'y', 'n', '-' */
	str command; /* "smtpd" */
	struct mastercf_option *options;
	unsigned line;
};

struct mastercf {
	struct mastercf_service *first; /* in the order of the file */
	unsigned bad_line; /* the first with less than 8 fields, 0: none */
};

void mastercf_parse(struct arena *arena, str text, struct mastercf *out);

/* False: the service leaves this setting to main.cf. */
bool mastercf_option(const struct mastercf_service *s, str name, str *value);

#endif
