/* stamp: the Authentication-Results of a verdict (RFC 8601). */
#ifndef VERIFY_STAMP_H
#define VERIFY_STAMP_H

#include "mail/authres.h"
#include "verify/verdict.h"

struct stamp_options {
	str authserv_id;
	bool no_header_b; /* leave out header.b (NoHeaderB) */
	bool full_mail_from; /* smtp.mailfrom with its local part */
	/* What was done about DMARC's verdict; absent: what it asks for. */
	enum dmarc_policy done;
	str override; /* why that was not what DMARC asks for; or empty */
	str auth_user; /* who authenticated by SMTP AUTH; empty: nobody */
};

/* The value of the field, behind "Authentication-Results:", with CRLF folds;
 * in the arena. */
str stamp_value(struct arena *arena, const struct verdict *v,
		const struct stamp_options *options);

/* The results alone, for a caller that adds or changes some. */
void stamp_results(struct arena *arena, const struct verdict *v,
		   const struct stamp_options *options, struct authres *out);

#endif
