/* put: one record into DNS, by the way that the rotation goes. */
#ifndef ROTATE_PUT_H
#define ROTATE_PUT_H

#include "rotate/rotate.h"

/* Replaces every TXT record of that name.  Can be done twice. */
bool put_record(struct rotate_env *env, const struct rotation *r, bool revoked,
		const struct rotate_record *record, struct err *e);

#endif
