/* proof: a mail through the real Postfix, caught where it leaves the machine
 * and judged as a stranger would, with the records that will be in DNS. */
#ifndef SETUP_PROOF_H
#define SETUP_PROOF_H

#include "base/ip.h"
#include "setup/journal.h"

struct proof_options {
	const char *host; /* HELO name */
	const struct ip *ips; /* for SPF */
	size_t n_ips;
	/* it takes longer than usual */
	void (*waiting)(void *arg, const char *sentence);
	void *arg;
};

/* Every key of the domain signed what left, and it verifies.  *words: what was
 * seen, for a person, in the arena.  The Postfix of the run is as it was
 * afterwards; when this is interrupted, proof_clean makes it so. */
bool proof_run(const struct setup_run *r, const struct proof_options *o,
	       const char **words, struct err *e);

/* Takes the line of an interrupted test out of main.cf.  *changed when it was
 * there. */
bool proof_clean(struct arena *arena, const char *main_path, bool *changed,
		 struct err *e);

#endif
