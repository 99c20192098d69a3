/* failure_letter: the mail that tells of messages that failed, alike and of one
 * day (RFC 9991; ARF, RFC 5965 and 6591).  Pure. */
#ifndef REPORT_FAILURE_LETTER_H
#define REPORT_FAILURE_LETTER_H

#include "base/buf.h"
#include "store/incidents.h"

struct failure_letter {
	str submitter; /* the domain of who reports */
	str domain; /* whom it is about: the policy domain */
	str from, to; /* addresses */
	str message_id; /* without its brackets */
	str boundary; /* nobody knew it when the message came */
	int64_t date;
	const struct store_incident_row *row;
};

/* The message, lines ended by LF as sendmail(1) takes them. */
void failure_letter_write(struct buf *out, const struct failure_letter *l);

#endif
