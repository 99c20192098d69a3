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
	str override; /* why DMARC's policy was not followed; or empty */
	enum dmarc_policy done; /* about DMARC; absent: DMARC did not judge */
};

/* The stricter of what stands there and this. */
void judgement_raise(struct judgement *g, enum conf_action action,
		     const char *permanent, const char *temporary, str text);

/* rescue.c: what is recorded of a message that ARC saves; empty: it does not. */
str rescue_words(struct job *j);

void enforce_spf(struct job *j, struct judgement *g);
void enforce_dmarc(struct job *j, struct judgement *g);

/* recording.c: to the store, if there is one. */
void record(struct job *j, const struct judgement *g,
	    enum milter_verdict outcome);

#endif
