/* report: one line in the log for each message: what was done, and when nothing
 * was signed that might have been, which condition was missing. */
#include "daemon/job.h"

enum { ROWS_SHOWN = 4 };

static void put_address(struct log_line *l, const char *key, str user,
			str domain, struct arena *arena)
{
	struct buf b = buf_of(arena, 1024);

	if (!domain.n)
		return;
	buf_put(&b, str_head(user, LOG_VALUE_MAX));
	buf_putc(&b, '@');
	buf_put(&b, str_head(domain, LOG_VALUE_MAX));
	log_pair(l, key, buf_str(&b));
}

static void put_client(struct log_line *l, const struct filter *f)
{
	char text[IP_TEXT_MAX];

	log_pair(l, "client", filter_client(f));
	if (f->client_ip.family != IP_NONE)
		log_pair(l, "ip", ip_text(f->client_ip, text));
}

static void put_who(struct log_line *l, struct job *j)
{
	put_address(l, "from", j->request.user, j->request.domain, j->arena);
	log_pair(l, "sender", j->envelope_from);
	put_client(l, j->filter);
}

/* Always when a message of ours went unsigned: someone will want to know. */
static bool wants_why(const struct job *j)
{
	const struct sign_choice *c = j->choice;

	if (!c)
		return false;
	if (j->s->conf->log_why)
		return true;
	return j->kind != JOB_SIGN && j->s->rules.sign &&
	       (c->external || c->findings[SIGN_AUTHENTICATED].held);
}

static void put_why(struct log_line *l, struct job *j)
{
	if (wants_why(j))
		log_pair(l, "why", sign_why(j->choice, &j->request, j->arena));
}

static bool quiet(const struct job *j)
{
	return !j->s->conf->syslog_success && !wants_why(j);
}

void report_ignored(struct job *j)
{
	struct log_line l;

	if (quiet(j))
		return;
	log_begin(&l, job_queue_id(j));
	log_words(&l, "not looked at");
	put_who(&l, j);
	put_why(&l, j);
	log_end(&l, LOG_NOTE);
}

static void put_signature(struct log_line *l, const struct sign_key *k)
{
	log_pair(l, "d", k->key.domain);
	log_pair(l, "s", k->key.selector);
}

void report_signed(struct job *j, const char *trouble)
{
	struct log_line l;

	if (!trouble && quiet(j))
		return;
	log_begin(&l, job_queue_id(j));
	log_words(&l, trouble ? "cannot sign" : "signed");
	for (size_t i = 0; i < j->choice->n_keys && i < ROWS_SHOWN; i++)
		put_signature(&l, &j->choice->keys[i]);
	put_who(&l, j);
	log_pair(&l, "reason", str_of(trouble));
	put_why(&l, j);
	log_end(&l, trouble ? LOG_ERROR : LOG_NOTE);
}

static const char *outcome_word(const struct job *j, enum milter_verdict v)
{
	if (j->quarantine.n)
		return "quarantined";
	switch (v) {
	case MILTER_REJECT:
		return "rejected";
	case MILTER_TEMPFAIL:
		return "tempfailed";
	case MILTER_DISCARD:
		return "discarded";
	default:
		return "";
	}
}

static void put_row(struct log_line *l, const struct verdict_dkim *row)
{
	log_words(l, " dkim=%s", dkim_result_word(row->result));
	log_pair(l, "d", row->domain);
	log_pair(l, "s", row->selector);
	log_pair(l, "reason", str_of(row->reason));
}

static void report_results(struct job *j, const struct verdict *v)
{
	for (size_t i = 0; i < v->n_dkim; i++) {
		struct log_line l;

		log_begin(&l, job_queue_id(j));
		log_words(&l, "signature");
		put_row(&l, &v->dkim_rows[i]);
		log_pair(&l, "a", v->dkim_rows[i].algorithm);
		log_end(&l, LOG_NOTE);
	}
}

static void put_others(struct log_line *l, const struct verdict *v)
{
	if (v->spf) {
		log_words(l, " spf=%s", spf_result_word(v->spf->result));
		log_pair(l, "mailfrom", v->spf->domain);
	}
	if (v->arc && v->arc->sets.present)
		log_words(l, " arc=%s", arc_result_word(v->arc->result));
	if (v->dmarc) {
		log_words(l, " dmarc=%s", dmarc_result_word(v->dmarc->result));
		if (v->dmarc->check && v->dmarc->check->policy)
			log_pair(l, "policy",
				 str_of(dmarc_policy_word(
					 v->dmarc->check->policy)));
		log_pair(l, "reason", str_of(v->dmarc->reason));
	}
}

void report_verified(struct job *j, const struct verdict *v,
		     enum milter_verdict outcome)
{
	bool good = outcome == MILTER_ACCEPT && !j->quarantine.n &&
		    (v->dkim == DKIM_PASS || v->dkim == DKIM_NONE);
	struct log_line l;

	if (j->s->conf->log_results)
		report_results(j, v);
	if (good && quiet(j))
		return;
	log_begin(&l, job_queue_id(j));
	log_words(&l, "verified");
	for (size_t i = 0; i < v->n_dkim && i < ROWS_SHOWN; i++)
		put_row(&l, &v->dkim_rows[i]);
	if (!v->n_dkim && v->dkim_judged)
		log_words(&l, " dkim=none");
	put_others(&l, v);
	log_pair(&l, "done", str_of(outcome_word(j, outcome)));
	put_who(&l, j);
	put_why(&l, j);
	log_end(&l, LOG_NOTE);
}

void report_refused(struct job *j, const char *why, enum milter_verdict v)
{
	struct log_line l;

	log_begin(&l, job_queue_id(j));
	log_words(&l, v == MILTER_ACCEPT ? "not judged" : "refused");
	log_pair(&l, "done", str_of(outcome_word(j, v)));
	log_pair(&l, "reason", str_of(why));
	put_who(&l, j);
	put_why(&l, j);
	log_end(&l, LOG_NOTE);
}
