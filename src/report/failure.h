/* failure: reports of single messages that failed (RFC 9991, RFC 6591 on ARF,
 * RFC 5965), as far as they are of use to the domain's owner. */
#ifndef REPORT_FAILURE_H
#define REPORT_FAILURE_H

#include "mail/mime.h"
#include "store/store.h"

/* The parts that were found; absent when they are not there. */
struct failure_parts {
	str feedback; /* decoded message/feedback-report */
	str sample; /* the message that failed, or its header */
	const struct header *top; /* of the report mail */
	int64_t now;
};

/* False: *why, a static sentence; *other: a report of another kind. */
bool failure_read(struct arena *arena, const struct failure_parts *parts,
		  struct store_head *head, struct store_failure *out,
		  bool *other, const char **why);

/* "Thu, 24 Nov 2022 10:11:12 +0900 (JST)", RFC 5322 3.3. */
bool failure_date(str s, int64_t *out);

#endif
