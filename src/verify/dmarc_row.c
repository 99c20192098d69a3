#include "verify/dmarc_row.h"

#include "dns/idn.h"

void dmarc_row_init(struct dmarc_row *row, struct arena *arena,
		    const struct header *header,
		    const struct suffix_list *suffixes)
{
	struct authors a;

	*row = (struct dmarc_row){ .arena = arena, .suffixes = suffixes };
	authors_of(arena, header, &a);
	row->why = a.one.why;
	row->literal = a.one.literal;
	for (size_t i = 0; i < a.n; i++)
		row->n += dns_name_canonical(arena, a.domains[i],
					     &row->domains[row->n]);
	if (!row->why && !row->n)
		row->why = "From has a domain that is none";
}

bool dmarc_row_step(struct dmarc_row *row, struct asks *asks,
		    const struct dmarc_identifier *ids, size_t n)
{
	bool done = true;

	for (size_t i = 0; i < row->n; i++) {
		struct dmarc_query q = { row->domains[i], ids, n,
					 row->suffixes };

		if (row->checks[i].result == DMARC_PENDING)
			row->checks[i] = dmarc_check(asks, &q);
		done = done && row->checks[i].result != DMARC_PENDING;
	}
	return done;
}

/* Of several author domains each must be authentic. */
static void several(const struct dmarc_row *row, struct verdict_dmarc *out)
{
	out->result = row->literal ? DMARC_NONE : DMARC_PERMERROR;
	out->reason = row->why;
	for (size_t i = 0; i < row->n; i++) {
		const struct dmarc_verdict *v = &row->checks[i];

		if (v->result == DMARC_TEMPERROR)
			out->uncertain = true;
		if (v->result == DMARC_FAIL && v->policy > out->disposition) {
			out->disposition = v->policy;
			out->domain = v->domain;
			out->check = v;
		}
	}
	if (!out->domain.n && row->n)
		out->domain = row->domains[0];
}

void dmarc_row_verdict(const struct dmarc_row *row, struct verdict_dmarc *out)
{
	const struct dmarc_verdict *v = &row->checks[0];

	*out = (struct verdict_dmarc){ .disposition = DMARC_POLICY_NONE };
	if (row->why) {
		several(row, out);
		return;
	}
	out->result = v->result;
	out->reason = v->reason;
	out->domain = v->domain;
	out->check = v;
	out->uncertain = v->result == DMARC_TEMPERROR;
	if (v->result == DMARC_FAIL)
		out->disposition = v->policy;
}
