/* enforce: what the settings make of a verdict.  Internal to the filter. */
#ifndef DAEMON_ENFORCE_H
#define DAEMON_ENFORCE_H

#include "daemon/job.h"

struct judgement {
	const struct verdict *v;
	enum conf_action action;
	const char *permanent, *temporary; /* enhanced codes of a refusal */
	str text; /* for the client, when it is refused */
	bool bad; /* a signature that says the message was changed */
	enum dmarc_policy done; /* about DMARC; absent: DMARC did not judge */
};

/* The stricter of what stands there and this. */
void judgement_raise(struct judgement *g, enum conf_action action,
		     const char *permanent, const char *temporary, str text);

void enforce_spf(struct job *j, struct judgement *g);
void enforce_dmarc(struct job *j, struct judgement *g);

#endif
