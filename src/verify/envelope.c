#include "verify/envelope.h"

/* "<a@b>" and "a@b" are the same; "<>" and "" are the null path. */
static str bare(str path)
{
	if (path.n >= 2 && path.p[0] == '<' && path.p[path.n - 1] == '>')
		return (str){ path.p + 1, path.n - 2 };
	return path;
}

void envelope_init(struct envelope *e, struct arena *arena,
		   const struct verify_options *o, struct ip ip, str helo,
		   str mail_from)
{
	bool known = ip.family != IP_NONE;

	*e = (struct envelope){
		.ip = ip,
		.helo = arena_str(arena, helo),
		.mail_from = arena_str(arena, bare(mail_from)),
		.want_spf = known && (o->methods & VERIFY_SPF),
		.want_helo = known && (o->methods & VERIFY_HELO),
		.want_iprev = known && (o->methods & VERIFY_IPREV),
	};
	e->excuses = o->spf_excuses;
	e->n_excuses = e->want_spf ? o->n_spf_excuses : 0;
	if (e->n_excuses > VERIFY_EXCUSES_MAX)
		e->n_excuses = VERIFY_EXCUSES_MAX;
	e->query = (struct spf_query){
		.scope = SPF_MFROM,
		.ip = ip,
		.helo = e->helo,
		.mail_from = e->mail_from,
		.receiver = o->receiver,
		.now = o->now,
		.max_lookups = o->spf_lookups,
		.max_voids = o->spf_voids,
		.trace = o->trace,
	};
}

static bool spf_step(struct envelope *e, struct asks *asks,
		     enum spf_scope scope, struct spf_verdict *out)
{
	struct spf_query q = e->query;

	q.scope = scope;
	if (out->result == SPF_PENDING)
		*out = spf_check(asks, &q);
	return out->result != SPF_PENDING;
}

/* May the client send for one of these domains? */
static bool excuses_step(struct envelope *e, struct asks *asks)
{
	bool done = true;

	for (size_t i = 0; i < e->n_excuses; i++) {
		struct spf_query q = e->query;

		q.scope = SPF_HELO;
		q.helo = e->excuses[i];
		q.trace = false;
		if (e->excused[i].result == SPF_PENDING)
			e->excused[i] = spf_check(asks, &q);
		done = done && e->excused[i].result != SPF_PENDING;
	}
	return done;
}

bool envelope_step(struct envelope *e, struct asks *asks)
{
	bool done = excuses_step(e, asks);

	if (e->want_spf)
		done = spf_step(e, asks, SPF_MFROM, &e->spf) && done;
	if (e->want_helo)
		done = spf_step(e, asks, SPF_HELO, &e->spf_helo) && done;
	if (e->want_iprev && e->iprev.result == IPREV_PENDING)
		e->iprev = iprev_check(asks, e->ip);
	return done && !(e->want_iprev && e->iprev.result == IPREV_PENDING);
}

void envelope_verdict(const struct envelope *e, struct verdict *out)
{
	out->ip = e->ip;
	out->helo = e->helo;
	out->mail_from = e->mail_from;
	out->spf = e->want_spf ? &e->spf : NULL;
	out->spf_helo = e->want_helo ? &e->spf_helo : NULL;
	for (size_t i = e->n_excuses; i-- > 0;)
		if (e->excused[i].result == SPF_PASS)
			out->spf_excuse = e->excuses[i];
	out->iprev = e->want_iprev ? &e->iprev : NULL;
}

bool envelope_identifier(const struct envelope *e, struct dmarc_identifier *out)
{
	static const enum dmarc_status to[] = {
		[SPF_PENDING] = DMARC_ID_PENDING,
		[SPF_NONE] = DMARC_ID_NO,
		[SPF_NEUTRAL] = DMARC_ID_NO,
		[SPF_PASS] = DMARC_ID_PASS,
		[SPF_FAIL] = DMARC_ID_NO,
		[SPF_SOFTFAIL] = DMARC_ID_NO,
		[SPF_TEMPERROR] = DMARC_ID_TEMPERROR,
		[SPF_PERMERROR] = DMARC_ID_NO,
	};

	*out = (struct dmarc_identifier){ DMARC_SPF, to[e->spf.result],
					  e->spf.domain };
	return e->want_spf;
}
