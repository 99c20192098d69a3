/* judging: the verification of one message, and what the settings make of its
 * verdict. */
#include "base/limits.h"
#include "daemon/enforce.h"
#include "daemon/sealing.h"
#include "dns/name.h"
#include "verify/received_spf.h"
#include "verify/stamp.h"

static void on_rows(void *arg, struct arena *arena, struct verdict_dkim *rows,
		    size_t n);

void judging_mail(struct job *j)
{
	const struct conf *c = j->s->conf;

	if (!j->s->rules.verify || !(c->methods & ~(unsigned)CONF_DKIM))
		return;
	exempt_client(j);
	if (!j->exempt && (c->methods & (CONF_SPF | CONF_IPREV)))
		(void)job_verify_envelope(j); /* else at the end of headers */
}

static size_t signatures(const struct job *j)
{
	return header_count(&j->header, STR("DKIM-Signature"));
}

/* Can no signature be read at all?  Known before any key is asked for. */
static bool all_unreadable(struct job *j)
{
	const struct header *h = &j->header;
	size_t n = signatures(j);

	for (size_t i = 0; i < n && i < LIMIT_SIGNATURES_SEEN; i++) {
		struct dkim_signature sig;
		enum dkim_result result = DKIM_PENDING;
		const char *why;

		if (dkim_signature_parse(
			    j->arena, header_find(h, STR("DKIM-Signature"), i),
			    &sig, &result, &why))
			return false;
	}
	return n > 0;
}

static enum milter_verdict syntax_error(struct job *j)
{
	enum milter_verdict v = job_act(j, j->s->conf->on_bad_signature,
					STR("DKIM signature syntax error"));

	if (v == MILTER_ACCEPT)
		return MILTER_GO_ON;
	report_refused(j, "no DKIM-Signature can be read (On-BadSignature)", v);
	return v;
}

/* DMARC has words of its own for mail without an author, and what it does not
 * look at would pass unjudged. */
static bool by_dmarc(const struct job *j)
{
	return (j->s->conf->methods & CONF_DMARC) && !j->exempt;
}

enum milter_verdict judging_begin(struct job *j)
{
	const struct conf *c = j->s->conf;

	j->kind = JOB_VERIFY;
	if (!j->s->rules.verify) {
		report_ignored(j);
		return MILTER_ACCEPT;
	}
	/* of a header that is too large, what is missing is not known */
	if (c->weak_syntax_checks || j->header.too_large || by_dmarc(j))
		j->malformed = NULL;
	if (j->malformed)
		return MILTER_GO_ON;
	if (c->on_bad_signature != CONF_ACCEPT && all_unreadable(j))
		return syntax_error(j);
	if (!job_verify(j)) {
		j->out_of_memory = true;
		return MILTER_TEMPFAIL;
	}
	verify_on_dkim(j->verify, on_rows, j);
	sealing_begin(j);
	return MILTER_GO_ON;
}

static bool covers(struct job *j, struct arena *arena,
		   const struct verdict_dkim *row)
{
	const struct table *t = j->s->must_be_signed;
	const struct header *h = &j->header;
	struct dkim_signature sig;
	enum dkim_result result;
	struct table_entry e;
	const char *why;
	size_t at = 0;

	if (!row->field ||
	    !dkim_signature_parse(arena, row->field, &sig, &result, &why))
		return false;
	while (table_next(t, &at, &e)) {
		bool listed = false;

		for (size_t i = 0; i < sig.n_names && !listed; i++)
			listed = str_ieq(sig.names[i], e.key);
		if (!listed && header_count(h, e.key))
			return false;
	}
	return true;
}

/* TrustSignaturesFrom: who signs for others must be listed. */
static bool trusted(struct job *j, const struct verdict_dkim *row)
{
	struct table_entry e;

	return (row->domain.n && j->request.domain.n &&
		dns_name_is_below(j->request.domain, row->domain)) ||
	       table_find(j->s->trust_signatures_from, row->domain, &e);
}

static void change(struct verdict_dkim *row, enum dkim_result result,
		   const char *why)
{
	row->result = result;
	row->reason = why;
}

static void apply_key_settings(struct verdict_dkim *row, const struct conf *c)
{
	static const enum dkim_result to[] = {
		[CONF_AS_IS] = DKIM_TEMPERROR,
		[CONF_NEUTRAL] = DKIM_NEUTRAL,
		[CONF_FAIL] = DKIM_FAIL,
	};

	if (row->bogus && row->result == DKIM_TEMPERROR &&
	    c->bogus_key != CONF_AS_IS)
		change(row, to[c->bogus_key],
		       "DNSSEC says the key record is forged");
	if (row->result == DKIM_PASS && !row->secure &&
	    c->unprotected_key != CONF_AS_IS)
		change(row, to[c->unprotected_key],
		       "key record not protected by DNSSEC");
}

static void apply_settings(struct job *j, struct arena *arena,
			   struct verdict_dkim *row)
{
	apply_key_settings(row, j->s->conf);
	if (row->result != DKIM_PASS)
		return;
	if (j->s->must_be_signed && !covers(j, arena, row))
		change(row, DKIM_POLICY, "a field of MustBeSigned is unsigned");
	else if (j->s->trust_signatures_from && !trusted(j, row))
		change(row, DKIM_POLICY, "signer not in TrustSignaturesFrom");
}

static bool confirmed(const struct verdict *v)
{
	return v->dmarc && v->dmarc->result == DMARC_PASS;
}

/* What the rows mean for the message.  Mail with one good signature is good,
 * whatever else it carries; a key in test mode never makes it worse. */
static void decide(struct job *j, struct judgement *g)
{
	const struct conf *c = j->s->conf;
	bool dns = false, missing = false;

	g->action = CONF_ACCEPT;
	if (g->v->dkim == DKIM_PASS)
		return;
	for (size_t i = 0; i < g->v->n_dkim; i++) {
		const struct verdict_dkim *row = &g->v->dkim_rows[i];

		dns = dns || row->result == DKIM_TEMPERROR;
		missing = missing || row->key_missing;
		g->bad = g->bad || (row->result == DKIM_FAIL &&
				    !row->key_missing && !row->testing);
	}
	if (!g->v->n_dkim) {
		g->action = c->on_no_signature;
		g->text = STR("no DKIM signature data");
	} else if (dns && confirmed(g->v)) {
		/* what cannot be looked up would add nothing */
	} else if (dns) {
		g->action = c->on_dns_error;
		g->text = STR("DKIM key retrieval failed");
	} else if (g->bad) {
		g->action = c->on_bad_signature;
		g->text = STR("bad DKIM signature data");
	} else if (missing) {
		g->action = c->on_key_not_found;
		g->text = STR("DKIM key retrieval failed");
	}
}

/* Settings that make a row worse come before DMARC believes it. */
static void on_rows(void *arg, struct arena *arena, struct verdict_dkim *rows,
		    size_t n)
{
	struct job *j = arg;

	for (size_t i = 0; i < n; i++)
		apply_settings(j, arena, &rows[i]);
}

static void judge(struct job *j, const struct verdict *v, struct judgement *g)
{
	*g = (struct judgement){ .v = v };
	if (v->dkim_judged && !j->s->conf->opendmarc)
		decide(j, g);
	enforce_spf(j, g);
	enforce_dmarc(j, g);
	/* sealed now, the chain would be broken for ever */
	if (j->seals && v->arc->temporary)
		judgement_raise(g, CONF_TEMPFAIL, NULL, "4.7.5",
				STR("a key of the ARC chain could not be "
				    "looked up, try again later"));
}

static void insert_results(struct job *j, const struct judgement *g)
{
	const struct conf *c = j->s->conf;
	const struct verdict *v = g->v;
	struct verdict shown = *v;
	const struct stamp_options o = {
		.authserv_id = job_authserv_id(j),
		.no_header_b = c->no_header_b,
		.done = g->done,
		.override = g->override,
	};
	struct authres results;
	struct buf b = buf_of(j->arena, LIMIT_AUTHRES_BYTES);

	if (c->opendmarc)
		shown.dkim_judged = false;
	if (c->header_type == CONF_SPF_NONE)
		shown.spf = shown.spf_helo = NULL;
	if (!shown.spf && !shown.spf_helo && !shown.dmarc && !shown.iprev &&
	    !shown.arc &&
	    !(shown.dkim_judged && (v->n_dkim || c->always_add_ar_header)))
		return;
	stamp_results(j->arena, &shown, &o, &results);
	authres_write(&b, sizeof "Authentication-Results:" - 1, &results);
	milter_insert_header(&j->filter->session, 0,
			     STR("Authentication-Results"),
			     job_value(j, buf_str(&b)));
	sealing_end(j, job_header_that_stays(j), &results);
}

/* Header_Type SPF */
static void insert_received_spf(struct job *j, const struct verdict *v)
{
	const struct conf *c = j->s->conf;
	const struct spf_verdict *spf = v->spf ? v->spf : v->spf_helo;
	str receiver = c->hide_receiver ? STR("")
					: str_of(j->filter->station->host);

	if (spf && c->header_type == CONF_SPF_FIELD)
		milter_insert_header(
			&j->filter->session, 0, STR("Received-SPF"),
			job_value(j, received_spf_value(j->arena, spf, v,
							receiver)));
}

static void insert_malformed(struct job *j)
{
	struct authres_result r = {
		.method = STR("dkim"),
		.result = STR("permerror"),
		.version = 1,
		.reason = str_of(j->malformed),
		.comment = STR("bad message/signature format"),
	};
	struct authres a = { .id = job_authserv_id(j),
			     .version = 1,
			     .results = &r,
			     .n = 1 };
	struct buf b = buf_of(j->arena, LIMIT_AUTHRES_BYTES);

	authres_write(&b, sizeof "Authentication-Results:" - 1, &a);
	milter_insert_header(&j->filter->session, 0,
			     STR("Authentication-Results"),
			     job_value(j, buf_str(&b)));
}

/* RedirectFailuresTo: the recipients do not get it, somebody else does. */
static void redirect(struct job *j)
{
	str to = j->s->conf->redirect_failures_to;

	for (size_t i = 0; i < j->n_rcpts; i++)
		milter_delete_rcpt(&j->filter->session, j->rcpts[i]);
	milter_add_rcpt(&j->filter->session, to);
}

static void count(struct job *j, const struct verdict *v)
{
	struct stats *s = &j->filter->station->stats;

	stats_add(&s->verified, 1);
	if (!v->n_dkim)
		stats_add(&s->unsigned_messages, 1);
	else if (v->dkim == DKIM_PASS)
		stats_add(&s->passed, 1);
	else if (v->dkim == DKIM_TEMPERROR)
		stats_add(&s->dns_errors, 1);
	else
		stats_add(&s->failed, 1);
}

/* Nothing can be said of it: On-InternalError. */
static void internal_error(struct job *j)
{
	const struct conf *c = j->s->conf;
	enum milter_verdict v = job_act(j,
					c->capture_unknown_errors
						? CONF_QUARANTINE
						: c->on_internal_error,
					STR("internal DKIM error"));

	report_refused(j, "out of memory (On-InternalError)", v);
	if (v == MILTER_ACCEPT)
		job_common_changes(j);
	job_finish(j, v);
}

static void conclude(struct job *j)
{
	const struct verdict *v = verify_verdict(j->verify);
	struct judgement g;

	if (v->out_of_memory) {
		internal_error(j);
		return;
	}
	j->verdict = v;
	judge(j, v, &g);
	count(j, v);

	enum milter_verdict outcome = job_act_as(j, g.action, g.permanent,
						 g.temporary, g.text);

	if (outcome == MILTER_ACCEPT) {
		job_common_changes(j);
		insert_received_spf(j, v);
		insert_results(j, &g);
		if (g.bad && j->s->conf->redirect_failures_to.n)
			redirect(j);
	}
	report_verified(j, v, outcome);
	record(j, &g, outcome);
	job_finish(j, outcome);
}

static void malformed_end(struct job *j)
{
	job_common_changes(j);
	if (!j->s->conf->ignore_malformed_mail)
		insert_malformed(j);
	report_refused(j, j->malformed, MILTER_ACCEPT);
	job_finish(j, MILTER_ACCEPT);
}

void judging_end(struct job *j)
{
	if (j->malformed) {
		malformed_end(j);
		return;
	}
	verify_end(j->verify);
	if (verify_run(j->verify))
		conclude(j);
}
