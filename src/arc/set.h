/* set: RFC 8617 4.1 and 5.2, the three fields of each ARC instance found, read
 * and put in order.  What a field says is judged here as far as it needs no
 * key; the chain's cryptography is in arc/chain. */
#ifndef ARC_SET_H
#define ARC_SET_H

#include "dkim/check.h"
#include "mail/authres.h"

/* The fields in the order they are hashed; and what is no single one's. */
enum arc_part { ARC_AAR, ARC_AMS, ARC_AS, ARC_WHOLE };

const char *arc_part_name(enum arc_part part); /* "ARC-Seal" */

enum arc_cv { ARC_CV_NONE, ARC_CV_PASS, ARC_CV_FAIL };

const char *arc_cv_word(enum arc_cv cv);

struct arc_set {
	const struct field *fields[3]; /* by enum arc_part; NULL: not there */
	str payload; /* of the AAR, behind "i=n;" */
	enum arc_cv cv;
	/* The two signatures.  d= and s= are in sig.domain and sig.selector as
	 * written, and as A-labels beside them. */
	struct dkim_check ams, seal;
	/* The message signature read with c=relaxed/relaxed, when it has no c=:
	 * that means simple/simple, but early sealers (and ValiMail's suite)
	 * took it for relaxed.  Else NULL. */
	struct dkim_check *relaxed;
};

struct arc_sets {
	struct arc_set *set; /* set[i - 1] is instance i */
	unsigned n; /* highest instance found; 0: none */
	bool present; /* there is a field of ARC at all */
	bool dead; /* the newest ARC-Seal says cv=fail (RFC 8617 5.2 step 2) */

	/* What is wrong with the structure: a static sentence, NULL if nothing;
	 * in which field, and of which instance (0: it does not say). */
	const char *why;
	unsigned at;
	enum arc_part part;
};

/* Slices point into the header. */
void arc_sets_read(struct arc_sets *sets, struct arena *arena,
		   const struct header *header,
		   const struct dkim_policy *policy);

/* 1..99 in one or two digits, without leading zero. */
bool arc_instance(str text, unsigned *out);

/* The results in the AAR.  False: unreadable (out->why). */
bool arc_set_results(const struct arc_set *set, struct arena *arena,
		     struct authres *out);

#endif
