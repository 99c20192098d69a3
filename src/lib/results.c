/* results: the verdict of a message in the public header's words. */
#include "lib/message.h"

enum inkan_result lib_result_of(enum dkim_result r)
{
	static const enum inkan_result results[] = {
		[DKIM_PENDING] = INKAN_TEMPERROR,
		[DKIM_NONE] = INKAN_NONE,
		[DKIM_PASS] = INKAN_PASS,
		[DKIM_FAIL] = INKAN_FAIL,
		[DKIM_POLICY] = INKAN_POLICY,
		[DKIM_NEUTRAL] = INKAN_NEUTRAL,
		[DKIM_TEMPERROR] = INKAN_TEMPERROR,
		[DKIM_PERMERROR] = INKAN_PERMERROR,
	};

	return results[r];
}

static void fill_row(struct arena *arena, const struct verdict_dkim *from,
		     struct inkan_dkim *row)
{
	*row = (struct inkan_dkim){
		.result = lib_result_of(from->result),
		.reason = from->reason,
		.domain = arena_cstr(arena, from->domain),
		.selector = arena_cstr(arena, from->selector),
		.identity = arena_cstr(arena, from->identity),
		.algorithm = arena_cstr(arena, from->algorithm),
		.b = arena_cstr(arena, from->b),
		.key_bits = from->key_bits,
		.testing = from->testing,
		.secure = from->secure,
		.bogus = from->bogus,
		.unsigned_octets = from->unsigned_octets,
	};
}

static void fill_rows(struct inkan_message *m, const struct verdict *v)
{
	m->rows = arena_array_of(m->arena, struct inkan_dkim, v->n_dkim + 1);
	for (size_t i = 0; i < v->n_dkim; i++)
		fill_row(m->arena, &v->dkim_rows[i], &m->rows[i]);
	m->n_rows = v->n_dkim;
}

static const char *text_or_null(struct arena *arena, str s)
{
	return s.n ? arena_cstr(arena, s) : NULL;
}

static void fill_spf(struct inkan_message *m, const struct verdict *v)
{
	static const enum inkan_result results[] = {
		[SPF_PENDING] = INKAN_TEMPERROR,
		[SPF_NONE] = INKAN_NONE,
		[SPF_NEUTRAL] = INKAN_NEUTRAL,
		[SPF_PASS] = INKAN_PASS,
		[SPF_FAIL] = INKAN_FAIL,
		[SPF_SOFTFAIL] = INKAN_SOFTFAIL,
		[SPF_TEMPERROR] = INKAN_TEMPERROR,
		[SPF_PERMERROR] = INKAN_PERMERROR,
	};
	struct inkan_spf *out = arena_new_of(m->arena, struct inkan_spf);

	*out = (struct inkan_spf){
		.result = results[v->spf->result],
		.domain = arena_cstr(m->arena, v->spf->domain),
		.helo = !v->mail_from.n,
		.mechanism = text_or_null(m->arena, v->spf->mechanism),
		.explanation = text_or_null(m->arena, v->spf->explanation),
		.reason = v->spf->problem,
		.lookups = v->spf->lookups,
		.void_lookups = v->spf->voids,
	};
	m->spf = out;
}

static void fill_dmarc(struct inkan_message *m, const struct verdict_dmarc *d)
{
	static const enum inkan_result results[] = {
		[DMARC_PENDING] = INKAN_TEMPERROR,
		[DMARC_NONE] = INKAN_NONE,
		[DMARC_PASS] = INKAN_PASS,
		[DMARC_FAIL] = INKAN_FAIL,
		[DMARC_TEMPERROR] = INKAN_TEMPERROR,
		[DMARC_PERMERROR] = INKAN_PERMERROR,
	};
	const struct dmarc_verdict *c = d->check;
	struct inkan_dmarc *out = arena_new_of(m->arena, struct inkan_dmarc);

	*out = (struct inkan_dmarc){
		.result = results[d->result],
		.reason = d->reason,
		.domain = arena_cstr(m->arena, d->domain),
		.organizational_domain = arena_cstr(
			m->arena, c ? c->organizational_domain : STR("")),
		.policy = c ? (enum inkan_policy)c->policy
			    : INKAN_POLICY_ABSENT,
		.disposition = (enum inkan_policy)d->disposition,
		.dkim_aligned = c && c->dkim_aligned,
		.spf_aligned = c && c->spf_aligned,
		.record = c && c->record ? arena_cstr(m->arena, c->record->text)
					 : NULL,
	};
	m->dmarc = out;
}

static void fill_arc(struct inkan_message *m, const struct arc_chain *c)
{
	struct inkan_arc *out = arena_new_of(m->arena, struct inkan_arc);

	*out = (struct inkan_arc){
		.result = c->result == ARC_PASS   ? INKAN_PASS
			  : c->result == ARC_FAIL ? INKAN_FAIL
						  : INKAN_NONE,
		.reason = text_or_null(m->arena, arc_chain_reason(c, m->arena)),
		.instances = c->sets.n,
		.temporary = c->temporary,
	};
	m->arc = out;
}

void lib_fill_results(struct inkan_message *m, const struct verdict *v)
{
	fill_rows(m, v);
	if (v->spf)
		fill_spf(m, v);
	if (v->dmarc)
		fill_dmarc(m, v->dmarc);
	if (v->arc)
		fill_arc(m, v->arc);
}

const struct inkan_spf *inkan_spf(const struct inkan_message *m)
{
	return m->spf;
}

const struct inkan_dmarc *inkan_dmarc(const struct inkan_message *m)
{
	return m->dmarc;
}

const struct inkan_arc *inkan_arc(const struct inkan_message *m)
{
	return m->arc;
}
