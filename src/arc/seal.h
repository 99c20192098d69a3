/* seal: RFC 8617 5.1, one ARC set made for a message that passes on.
 *
 *	arc_chain_init		at the end of the headers as they came
 *	arc_seal_refusal	may anything be added?
 *	arc_seal_new		before the first octet of the body
 *	arc_chain_step ...	the chain, judged to its end
 *	arc_seal_finish		three fields, ready to be put on top
 *
 * The results are those of the message as it came; the signature is over the
 * message as it leaves, with our own DKIM-Signature on it: sealing is the last
 * change (5.1). */
#ifndef ARC_SEAL_H
#define ARC_SEAL_H

#include "arc/chain.h"
#include "dkim/sign.h"

struct arc_seal;

/* RFC 8617 4.1.2: may this field not be covered by an ARC-Message-Signature? */
bool arc_seal_forbids(str name);

/* Why no set may be added, a static sentence; NULL: one may.  A chain that failed for want of an answer is no reason here, but to
 * seal it says cv=fail for ever: better a tempfail (chain->temporary). */
const char *arc_seal_refusal(const struct arc_chain *chain);

/* options are copied: domain, selector, key, canonicalizations, names, time; the
 * rest is not looked at.  dkim_names_arc is what to sign when nobody says
 * otherwise, dkim_names_arc_never what not. */
struct arc_seal *arc_seal_new(struct arena *arena,
			      const struct dkim_sign_options *options,
			      const struct arc_chain *chain,
			      struct bodyhash *bodyhash);

/* The chain is settled.  header: as the message leaves.  results: with an arc= in it
 * (arc/results.h).  fields: by enum arc_part, whole, folded with CRLF, without a
 * final CRLF, in the arena; on the message ARC-Seal is the uppermost and
 * ARC-Authentication-Results the lowest.  False: *e. */
bool arc_seal_finish(struct arc_seal *s, const struct arc_chain *chain,
		     const struct header *header,
		     const struct bodyhash *bodyhash,
		     const struct authres *results, str fields[3],
		     struct err *e);

#endif
