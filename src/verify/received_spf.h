/* received_spf: the Received-SPF field of a verdict (RFC 7208 9.1). */
#ifndef VERIFY_RECEIVED_SPF_H
#define VERIFY_RECEIVED_SPF_H

#include "verify/verdict.h"

/* The value, folded with CRLF, in the arena.  receiver may be empty: not said.
 * Nothing of what strangers wrote leaves its quotes. */
str received_spf_value(struct arena *arena, const struct spf_verdict *spf,
		       const struct verdict *v, str receiver);

#endif
