/* envelope: what is judged of the client and the envelope alone: SPF of both
 * identities and iprev. */
#ifndef VERIFY_ENVELOPE_H
#define VERIFY_ENVELOPE_H

#include "verify/verify.h"

struct envelope {
	struct ip ip;
	str helo, mail_from;
	bool want_spf, want_helo, want_iprev;
	struct spf_query query;
	struct spf_verdict spf, spf_helo;
	const str *excuses; /* domains; each with its verdict */
	size_t n_excuses;
	struct spf_verdict excused[VERIFY_EXCUSES_MAX];
	struct iprev_verdict iprev;
};

/* Nothing is wanted of an unknown client. */
void envelope_init(struct envelope *e, struct arena *arena,
		   const struct verify_options *options, struct ip ip, str helo,
		   str mail_from);
/* True: settled. */
bool envelope_step(struct envelope *e, struct asks *asks);
void envelope_verdict(const struct envelope *e, struct verdict *out);

/* SPF's identifier for DMARC; false: SPF is not judged. */
bool envelope_identifier(const struct envelope *e,
			 struct dmarc_identifier *out);

#endif
