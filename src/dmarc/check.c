#include "dmarc/check.h"

#include "dns/name.h"

struct run {
	struct asks *asks;
	const struct dmarc_query *query;
	struct dmarc_walk *walk; /* of the author domain */
	bool pending; /* a question that matters is open */
	bool unknown; /* an identifier that might have aligned */
};

static const char *const words[] = {
	[DMARC_PENDING] = "pending",     [DMARC_NONE] = "none",
	[DMARC_PASS] = "pass",           [DMARC_FAIL] = "fail",
	[DMARC_TEMPERROR] = "temperror", [DMARC_PERMERROR] = "permerror",
};

const char *dmarc_result_word(enum dmarc_result result)
{
	return words[result];
}

/* With a list: the author domain, then its organizational domain. */
static void list_walk(struct run *run)
{
	const struct suffix_list *list = run->query->suffixes;
	struct dmarc_walk *w = run->walk;
	str names[2] = { run->query->domain,
			 list->organizational(list, run->query->domain) };
	size_t n = str_ieq(names[0], names[1]) ? 1 : 2;
	str text;

	*w = (struct dmarc_walk){ .organizational_domain = names[1] };
	for (size_t i = 0; i < n; i++)
		(void)dmarc_lookup(run->asks, names[i], &text);
	for (size_t i = 0; i < n; i++) {
		struct dmarc_step *s = &w->steps[w->n++];

		*s = dmarc_step_at(run->asks, names[i]);
		w->pending = s->outcome == DMARC_LOOKUP_PENDING;
		w->temperror = s->outcome == DMARC_LOOKUP_TEMPERROR;
		if (w->pending || w->temperror || s->record)
			break;
	}
	if (w->n && w->steps[w->n - 1].record)
		w->of_domain = &w->steps[w->n - 1];
}

/* Only NXDOMAIN for the name itself means that it does not exist; a name whose
 * CNAME leads nowhere exists (3.2.13). */
static enum dns_status existence(struct run *run)
{
	str name = run->query->domain;
	const struct dns_answer *a = ask(run->asks, DNS_A, name);

	if (!a || a->status != DNS_NXDOMAIN) {
		run->pending = run->pending || !a;
		return a ? a->status : DNS_OK;
	}
	a = ask(run->asks, DNS_CNAME, name);
	run->pending = run->pending || !a;
	return a ? a->status : DNS_OK;
}

static bool is_subpolicy(const struct dmarc_record *r, bool exists)
{
	return exists || !r->np;
}

/* The record of another name: sp, or np where the author domain is not there.
 * False: that could not be found out. */
static bool inherit(struct run *run, const struct dmarc_step *s,
		    struct dmarc_verdict *v)
{
	v->record = s->record;
	v->policy_domain = s->name;
	if (dmarc_policy_differs(s->record)) {
		enum dns_status status = existence(run);

		if (status == DNS_TEMPFAIL)
			return false;
		v->exists = status != DNS_NXDOMAIN;
	}
	v->policy = dmarc_policy_for(s->record, v->exists);
	v->tag = !is_subpolicy(s->record, v->exists) ? "np"
		 : s->record->sp                     ? "sp"
						     : "p";
	return true;
}

/* 4.10.1.  True: the record (or that there is none) is known; *trouble: it
 * never will be. */
static bool discover(struct run *run, struct dmarc_verdict *v, bool *trouble)
{
	const struct dmarc_walk *w = run->walk;
	const struct dmarc_step *first = &w->steps[0];

	if (first->record) {
		v->record = first->record;
		v->policy_domain = first->name;
		v->policy = first->record->p;
		v->tag = "p";
		return true;
	}
	if (w->temperror) {
		*trouble = true;
		return false;
	}
	if (!w->of_domain && !w->of_suffix)
		return true;
	if (!inherit(run, w->of_domain ? w->of_domain : w->of_suffix, v)) {
		*trouble = true;
		return false;
	}
	return !run->pending;
}

static enum dmarc_alignment relaxed(struct run *run, str domain)
{
	const struct suffix_list *list = run->query->suffixes;
	struct dmarc_walk other;
	str od = run->walk->organizational_domain;

	if (run->walk->temperror) {
		/* names under different roots share no domain, whatever comes */
		str top = dns_name_last_labels(run->query->domain, 1);

		return dns_name_is_below(domain, top) ? DMARC_UNKNOWN
						      : DMARC_UNRELATED;
	}
	if (!dns_name_is_below(domain, od))
		return DMARC_UNRELATED;
	if (list)
		return str_ieq(list->organizational(list, domain), od)
			       ? DMARC_RELAXED
			       : DMARC_UNRELATED;
	dmarc_walk(run->asks, domain, &other);
	run->pending = run->pending || other.pending;
	if (other.pending || other.temperror)
		return DMARC_UNKNOWN;
	return str_ieq(other.organizational_domain, od) ? DMARC_RELAXED
							: DMARC_UNRELATED;
}

static enum dmarc_alignment align(struct run *run,
				  const struct dmarc_record *record,
				  const struct dmarc_identifier *id)
{
	bool strict = id->mechanism == DMARC_DKIM ? record->adkim_strict
						  : record->aspf_strict;

	if (!dns_name_is_domain(id->domain, true))
		return DMARC_UNRELATED;
	if (str_ieq(id->domain, run->query->domain))
		return DMARC_EQUAL;
	return strict ? DMARC_UNRELATED : relaxed(run, id->domain);
}

static void weigh(struct run *run, struct dmarc_verdict *v)
{
	const struct dmarc_query *q = run->query;
	enum dmarc_alignment *all = arena_array_of(
		asks_arena(run->asks), enum dmarc_alignment, q->n_ids + 1);

	v->alignment = all;
	for (size_t i = 0; i < q->n_ids; i++) {
		const struct dmarc_identifier *id = &q->ids[i];

		if (id->status == DMARC_ID_NO)
			continue;
		all[i] = align(run, v->record, id);
		if (all[i] == DMARC_UNRELATED)
			continue;
		if (id->status != DMARC_ID_PASS || all[i] == DMARC_UNKNOWN) {
			run->unknown = true;
			run->pending = run->pending ||
				       id->status == DMARC_ID_PENDING;
		} else if (id->mechanism == DMARC_DKIM) {
			v->dkim_aligned = true;
		} else {
			v->spf_aligned = true;
		}
	}
}

static void end(struct dmarc_verdict *v, enum dmarc_result result,
		const char *reason)
{
	v->result = result;
	v->reason = reason;
}

static void conclude(struct run *run, struct dmarc_verdict *v)
{
	if (v->record->testing)
		v->policy = dmarc_policy_tested(v->policy);
	weigh(run, v);
	/* which of them align is reported too: nothing is settled before all
	 * that could be known is */
	if (run->pending)
		end(v, DMARC_PENDING, NULL);
	else if (v->dkim_aligned || v->spf_aligned)
		end(v, DMARC_PASS, NULL);
	else if (run->unknown)
		end(v, DMARC_TEMPERROR,
		    "what might have aligned could not be looked up");
	else
		end(v, DMARC_FAIL, "nothing that passed aligns with From");
}

/* Identifiers near the author domain will mostly need their own walk: its
 * questions leave with the first ones. */
static void foresee(struct run *run)
{
	const struct dmarc_query *q = run->query;
	str near = dns_name_last_labels(q->domain, 2);
	struct dmarc_walk unused;

	for (size_t i = 0; i < q->n_ids; i++)
		if (q->ids[i].status != DMARC_ID_NO &&
		    dns_name_is_domain(q->ids[i].domain, true) &&
		    dns_name_is_below(q->ids[i].domain, near))
			dmarc_walk(run->asks, q->ids[i].domain, &unused);
}

struct dmarc_verdict dmarc_check(struct asks *asks,
				 const struct dmarc_query *query)
{
	struct dmarc_verdict v = { .domain = query->domain,
				   .exists = true,
				   .ids = query->ids,
				   .n_ids = query->n_ids };
	struct run run = { .asks = asks, .query = query };
	bool trouble = false;

	run.walk = arena_new_of(asks_arena(asks), struct dmarc_walk);
	v.walk = run.walk;
	if (query->suffixes)
		list_walk(&run);
	else
		dmarc_walk(asks, query->domain, run.walk);
	if (run.walk->pending && !query->suffixes)
		foresee(&run);
	/* the organizational domain is part of every verdict */
	if (run.walk->pending)
		return v;
	if (!run.walk->temperror)
		v.organizational_domain = run.walk->organizational_domain;
	if (!discover(&run, &v, &trouble)) {
		v.record = NULL;
		v.policy = DMARC_POLICY_ABSENT;
		if (trouble)
			end(&v, DMARC_TEMPERROR,
			    "the policy could not be looked up");
	} else if (!v.record) {
		end(&v, DMARC_NONE, "no DMARC record applies");
	} else if (!v.record->usable) {
		v.policy = DMARC_POLICY_ABSENT;
		end(&v, DMARC_NONE, "the DMARC record is not usable");
	} else {
		conclude(&run, &v);
	}
	return v;
}
