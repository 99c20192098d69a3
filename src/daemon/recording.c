/* recording: what the store is told of a message that was judged. */
#include "daemon/enforce.h"
#include "daemon/recorder.h"
#include "report/own.h"

static const char *action_of(const struct job *j, enum milter_verdict outcome)
{
	if (outcome == MILTER_REJECT)
		return "reject";
	if (outcome == MILTER_DISCARD)
		return "discard";
	return j->quarantine.n ? "quarantine" : "accept";
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
	recorder_put(j->filter->station->recorder, &row);
}
