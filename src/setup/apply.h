/* apply: a run is carried out, or taken back, in an order that never leaves mail
 * broken: inkand signs before Postfix is told of it, OpenDKIM is stopped after
 * mail was seen to be signed; the other way round when it is undone. */
#ifndef SETUP_APPLY_H
#define SETUP_APPLY_H

#include "setup/proof.h"

struct apply_options {
	bool test; /* send a mail through Postfix */
	bool force; /* undo what somebody else has changed since */
	struct proof_options proof;
	/* one step was done */
	void (*tell)(void *arg, const char *sentence);
	void *arg;
};

/* From wherever it was interrupted.  What fails is taken back at once: false,
 * and *e says both.  *words is what the test showed. */
bool apply_run(struct setup_run *r, const struct apply_options *o,
	       const char **words, struct err *e);

/* False: nothing or not all was taken back, and it may be tried again. */
bool apply_undo(struct setup_run *r, const struct apply_options *o,
		struct err *e);

#endif
