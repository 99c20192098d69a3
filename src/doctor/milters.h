/* milters: the elements of smtpd_milters and non_smtpd_milters. */
#ifndef DOCTOR_MILTERS_H
#define DOCTOR_MILTERS_H

#include "base/cur.h"

/* A milter of smtpd_milters: "inet:host:port", "unix:path", or these with
 * settings of its own in braces. */
struct milter {
	str address;
	str action; /* default_action; absent: not said */
};

/* The next of a list; false: there is none. */
bool milters_next(struct cur *c, struct milter *out);

#endif
