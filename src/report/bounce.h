/* bounce: what a mail says that could not be delivered: a delivery status
 * notification (RFC 3464) with the mail it is about. */
#ifndef REPORT_BOUNCE_H
#define REPORT_BOUNCE_H

#include "base/arena.h"

struct bounce {
	str message_id; /* of the mail that came back, without brackets */
	bool failed; /* for good: Action failed, Status 5.x.x */
	str recipient; /* the last that failed, as it is written there */
	str why; /* what its server said, one line */
};

/* False: the mail is no such thing.  In the arena. */
bool bounce_read(struct arena *arena, str mail, struct bounce *out);

#endif
