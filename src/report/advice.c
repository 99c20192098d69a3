#include "report/advice.h"

#include "base/tr.h"

enum { DAYS_ENOUGH = 14 };

/* Of forwarded mail, this share may fail before a policy is advised. */
static const double forwarded_enough = 0.01;

static bool take_sum(void *arg, const struct store_summary *s)
{
	struct advice *a = arg;

	a->sum = *s;
	return true;
}

struct finding {
	struct arena *arena;
	str policy;
	int64_t newest; /* day */
};

static bool take_newest(void *arg, const struct store_report *r)
{
	struct finding *f = arg;

	if (r->kind != STORE_AGGREGATE)
		return true;
	if (r->end / 86400 > f->newest)
		f->newest = r->end / 86400;
	if (r->p.p && !f->policy.p)
		f->policy = arena_str(f->arena, r->p);
	return true;
}

static double forwarded_share(const struct advice *a)
{
	return a->sum.messages ? (double)a->lost[STORE_FORWARDER] /
					 (double)a->sum.messages
			       : 0;
}

/* One step further each time: none, quarantine, reject.  What is published
 * stays until something speaks against it. */
static void decide(struct advice *a)
{
	bool reject = str_eq(a->policy, STR("reject"));
	bool enforcing = reject || str_eq(a->policy, STR("quarantine"));

	a->next = reject ? "reject" : enforcing ? "quarantine" : "none";
	if (!a->sum.messages) {
		a->why = N_("there are no reports about it yet (publish rua= "
			    "in its DMARC record and wait for a week)");
	} else if (a->lost[STORE_OWN] + a->lost[STORE_SERVICE]) {
		a->next = "none";
		a->why = N_("mail of your own fails: mend the sources below "
			    "first");
	} else if (a->days < DAYS_ENOUGH) {
		a->why = N_("less than two weeks were seen, and what is sent "
			    "once a month is not in them");
	} else if (forwarded_share(a) > forwarded_enough) {
		a->next = enforcing ? "quarantine" : "none";
		a->why = N_("more than one message in a hundred fails because "
			    "it was forwarded (when all mail is signed with "
			    "DKIM, forwarding does not break it)");
	} else {
		a->next = enforcing ? "reject" : "quarantine";
	}
}

void advice_judge(struct advice *a)
{
	if (a->sum.messages)
		a->days = a->sum.last - a->sum.first + 1;
	for (size_t i = 0; i < a->sources.n; i++) {
		const struct store_source *x = &a->sources.source[i];

		a->lost[x->kind] += x->messages - x->pass;
	}
	decide(a);
}

bool advice_make(struct arena *arena, struct store *s,
		 const struct store_filter *filter, struct advice *a,
		 struct err *e)
{
	struct finding found = { .arena = arena };
	struct store_filter of = *filter, *f = &of;

	*a = (struct advice){ .domain = f->domain };
	of.failing = false;
	if (!store_reports(s, f, take_newest, &found, e))
		return false;
	a->policy = found.policy;
	if (!f->since && found.newest > f->since + ADVICE_DAYS)
		f->since = found.newest - ADVICE_DAYS + 1;
	if (!store_summaries(s, f, take_sum, a, e) ||
	    !store_sources(s, f, arena, &a->sources, e))
		return false;
	a->sum.domain = f->domain;
	advice_judge(a);
	return true;
}

const char *advice_cure(const struct store_source *s)
{
	switch (s->kind) {
	case STORE_OWN:
		return s->broken > s->unsigned_mail
			       ? N_("its DKIM signatures break: compare the "
				    "key with its record (inkan testkey), and "
				    "see what changes mail after signing")
			       : N_("mail leaves it unsigned, and its envelope "
				    "sender is not of the domain: sign it with "
				    "DKIM");
	case STORE_SERVICE:
		return N_("some mail of this service is not signed with your "
			  "domain: set DKIM up there for all of it");
	case STORE_FORWARDER:
		return N_("it forwards mail and changes it or its sender: DKIM "
			  "signatures that cover no more than they must "
			  "survive that");
	default:
		return N_("nothing of it passes: a service of yours that is "
			  "not set up, or somebody who uses your name");
	}
}
