/* results: what goes into an ARC-Authentication-Results field (RFC 8617 4.1.1):
 * all that the hosts of one ADMD have found, and arc= itself. */
#ifndef ARC_RESULTS_H
#define ARC_RESULTS_H

#include "arc/chain.h"
#include "base/ip.h"

/* The results of every readable Authentication-Results field of that id, from
 * the top, in one.  False: there is no such field (*out is empty, with the id). */
bool arc_results_gather(struct arena *arena, const struct header *header,
			str authserv_id, struct authres *out);

/* The arc= result of a settled chain (RFC 8617 6): the reason,
 * header.oldest-pass and smtp.remote-ip as far as they are known. */
struct authres_result arc_result_row(struct arena *arena,
				     const struct arc_chain *chain,
				     struct ip remote);

/* Sees to it that the results hold one arc=, that of the chain.  One that says
 * the same already is kept: it may know the remote-ip. */
void arc_results_complete(struct arena *arena, struct authres *results,
			  const struct arc_chain *chain, struct ip remote);

#endif
