/* recording: what the store is told of a message that was judged. */
#include "daemon/enforce.h"
#include "daemon/recorder.h"
#include "report/incident.h"
#include "report/own.h"
#include "spf/record.h"
#include "verify/stamp.h"

static const char *action_of(const struct job *j, enum milter_verdict outcome)
{
	if (outcome == MILTER_REJECT)
		return "reject";
	if (outcome == MILTER_DISCARD)
		return "discard";
	return j->quarantine.n ? "quarantine" : "accept";
}

struct spf_text {
	str domain, record;
};

static void find_spf(void *arg, enum dns_type type, str name,
		     const struct dns_answer *a)
{
	struct spf_text *t = arg;

	if (type != DNS_TXT || !str_ieq(name, t->domain))
		return;
	for (size_t i = 0; i < a->n; i++)
		if (spf_is_record(a->rr[i].data))
			t->record = a->rr[i].data;
}

/* What a failure report says.  NULL: nobody wants one. */
static const struct store_incident *failure(struct job *j,
					    const struct judgement *g,
					    const struct store_verdict *row)
{
	const struct stamp_options o = {
		.authserv_id = job_authserv_id(j),
		.done = g->done,
		.override = g->override,
	};
	struct recorder *r = j->filter->station->recorder;
	struct store_incident *out;
	struct spf_text spf = { .record = { NULL, 0 } };
	struct incident_facts facts = {
		.header = &j->header,
		.rcpts = j->rcpts,
		.n_rcpts = j->n_rcpts,
		.node = str_of(j->filter->station->host),
	};

	if (!r || !j->s->conf->failure_reports ||
	    !incident_is_wanted(g->v, &j->header))
		return NULL;
	if (g->v->spf) {
		spf.domain = g->v->spf->domain;
		asks_each(verify_asks(j->verify), find_spf, &spf);
	}
	out = arena_new_of(j->arena, struct store_incident);
	facts.secret = recorder_secret(r);
	facts.authres = stamp_value(j->arena, g->v, &o);
	facts.spf_record = spf.record;
	incident_of(j->arena, g->v, row, &facts, out);
	return out;
}

/* A message that is tempfailed comes again, and is counted then. */
void record(struct job *j, const struct judgement *g,
	    enum milter_verdict outcome)
{
	const struct own_facts facts = {
		.time = j->now,
		.rcpts = j->rcpts,
		.n_rcpts = j->n_rcpts,
		.done = g->done,
		.override = g->override,
		.action = action_of(j, outcome),
		.psl = j->s->suffixes != NULL,
	};
	struct store_verdict row;

	if (!j->s->conf->store.n || outcome == MILTER_TEMPFAIL ||
	    !own_verdict(j->arena, g->v, &facts, &row))
		return;
	recorder_put(j->filter->station->recorder, &row, failure(j, g, &row));
}
