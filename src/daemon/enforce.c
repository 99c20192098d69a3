#include "daemon/enforce.h"

#include "dns/name.h"
#include "mail/address.h"

#include <stdarg.h>
#include <stdio.h>

enum { TEXT_MAX = 250 };

static unsigned strictness(enum conf_action a)
{
	static const unsigned ranks[] = {
		[CONF_UNSET] = 0,   [CONF_ACCEPT] = 0,   [CONF_QUARANTINE] = 1,
		[CONF_DISCARD] = 2, [CONF_TEMPFAIL] = 3, [CONF_REJECT] = 4,
	};

	return ranks[a];
}

void judgement_raise(struct judgement *g, enum conf_action action,
		     const char *permanent, const char *temporary, str text)
{
	if (strictness(action) <= strictness(g->action))
		return;
	g->action = action;
	g->permanent = permanent;
	g->temporary = temporary;
	g->text = text;
}

/* A sentence for the postmaster of the sender. */
__attribute__((format(printf, 2, 3))) static str say(struct job *j,
						     const char *fmt, ...)
{
	char *p = arena_alloc(j->arena, TEXT_MAX);
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(p, TEXT_MAX, fmt, ap);
	va_end(ap);
	if (n < 0)
		return STR("");
	return (str){ p, (size_t)n < TEXT_MAX ? (size_t)n : TEXT_MAX - 1 };
}

static str client_text(struct job *j)
{
	char text[IP_TEXT_MAX];

	return arena_str(j->arena, ip_text(j->filter->client_ip, text));
}

/* Nothing but a domain is said to others. */
static str domain_text(const struct spf_verdict *spf)
{
	return dns_name_is_domain(spf->domain, true) ? str_head(spf->domain, 80)
						     : STR("no domain");
}

/* HELO_reject, Mail_From_reject */
static bool refuses(enum conf_spf_reject how, enum spf_result r, bool null)
{
	switch (how) {
	case CONF_SPF_NULL:
		return null && r == SPF_FAIL;
	case CONF_SPF_FAIL:
		return r == SPF_FAIL;
	case CONF_SPF_SOFTFAIL:
		return r == SPF_FAIL || r == SPF_SOFTFAIL;
	case CONF_SPF_NOT_PASS:
		return r != SPF_PASS && r != SPF_NONE && r != SPF_TEMPERROR;
	default:
		return false;
	}
}

static void refuse_spf(struct job *j, struct judgement *g,
		       const struct spf_verdict *spf)
{
	bool fine = j->s->conf->spf_enhanced_status_codes;
	str ip = client_text(j);
	str text = say(j,
		       "SPF: %.*s is not allowed to send mail for %.*s%s%.*s",
		       STR_ARG(ip), STR_ARG(domain_text(spf)),
		       spf->explanation.n ? ": " : "",
		       STR_ARG(str_head(spf->explanation, 100)));

	judgement_raise(g, CONF_REJECT, fine ? "5.7.23" : "5.7.1", NULL, text);
}

static void judge_spf(struct job *j, struct judgement *g,
		      const struct spf_verdict *spf, enum conf_spf_reject how)
{
	const struct conf *c = j->s->conf;
	bool fine = c->spf_enhanced_status_codes;

	if (!spf || how <= CONF_SPF_NO_CHECK)
		return;
	if (refuses(how, spf->result, !g->v->mail_from.n))
		refuse_spf(j, g, spf);
	if (spf->result == SPF_PERMERROR && c->perm_error_reject)
		judgement_raise(
			g, CONF_REJECT, fine ? "5.7.24" : "5.7.1", NULL,
			say(j, "SPF: the record of %.*s is in error: %s",
			    STR_ARG(domain_text(spf)),
			    spf->problem ? spf->problem : "it cannot be read"));
	if (spf->result == SPF_TEMPERROR && c->temp_error_defer)
		judgement_raise(g, CONF_TEMPFAIL, NULL,
				fine ? "4.7.24" : "4.7.1",
				say(j,
				    "SPF: %.*s could not be looked up, try "
				    "again later",
				    STR_ARG(domain_text(spf))));
}

static void judge_listed(struct job *j, struct judgement *g)
{
	const struct spf_verdict *spf = g->v->spf;
	struct table_entry e;

	if (spf && spf->result != SPF_PASS && spf->result != SPF_TEMPERROR &&
	    j->s->reject_not_pass &&
	    table_find(j->s->reject_not_pass, spf->domain, &e))
		refuse_spf(j, g, spf);
}

static bool named_below(const struct table *t, str name)
{
	struct table_entry e;

	for (; name.n; name = dns_name_parent(name))
		if (table_find(t, name, &e))
			return true;
	return false;
}

/* Domain_Whitelist, Domain_Whitelist_PTR, HELO_Whitelist */
static bool excused(const struct job *j, const struct verdict *v)
{
	const struct snapshot *s = j->s;
	struct table_entry e;

	return v->spf_excuse.n ||
	       (s->excuse_ptr && v->iprev && v->iprev->result == IPREV_PASS &&
		named_below(s->excuse_ptr, v->iprev->name)) ||
	       (s->excuse_helo && v->spf_helo &&
		v->spf_helo->result == SPF_PASS &&
		table_find(s->excuse_helo, v->spf_helo->domain, &e));
}

void enforce_spf(struct job *j, struct judgement *g)
{
	const struct conf *c = j->s->conf;

	if (!c->test_only || excused(j, g->v))
		return;
	judge_spf(j, g, g->v->spf_helo, c->helo_reject);
	judge_spf(j, g, g->v->spf, c->mail_from_reject);
	judge_listed(j, g);
}

/* RejectString with one %s. */
static str custom(struct job *j, str domain)
{
	str s = j->s->conf->reject_string;
	struct buf b = buf_of(j->arena, TEXT_MAX);

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '%' && i + 1 < s.n && s.p[i + 1] == 's') {
			buf_put(&b, str_head(domain, TEXT_MAX / 2));
			i++;
		} else {
			buf_putc(&b, s.p[i]);
		}
	}
	return b.overflow ? s : buf_str(&b);
}

static str refusal(struct job *j, const struct verdict *v)
{
	const struct verdict_dmarc *d = v->dmarc;

	if (j->s->conf->reject_string.n)
		return custom(j, d->domain);
	return say(j,
		   "rejected by DMARC policy for %.*s: no aligned DKIM "
		   "signature (dkim=%s) and no aligned SPF (spf=%s %.*s)",
		   STR_ARG(str_head(d->domain, 80)), dkim_result_word(v->dkim),
		   v->spf ? spf_result_word(v->spf->result) : "none",
		   STR_ARG(v->spf ? domain_text(v->spf) : STR("")));
}

static void apply_policy(struct job *j, struct judgement *g)
{
	const struct conf *c = j->s->conf;
	enum dmarc_policy p = g->v->dmarc->disposition;

	if (p == DMARC_POLICY_REJECT && c->reject_failures) {
		g->done = p;
		judgement_raise(g, CONF_REJECT, "5.7.1", NULL,
				refusal(j, g->v));
	} else if (p == DMARC_POLICY_QUARANTINE &&
		   c->hold_quarantined_messages) {
		g->done = p;
		judgement_raise(g, CONF_QUARANTINE, NULL, NULL,
				say(j, "DMARC policy of %.*s: quarantine",
				    STR_ARG(g->v->dmarc->domain)));
	}
}

/* What is wrong with From itself. */
static void judge_author(struct job *j, struct judgement *g)
{
	const struct conf *c = j->s->conf;
	struct authors a;

	if (!c->required_from && !c->reject_multi_value_from)
		return;
	authors_of(j->arena, &j->header, &a);
	if (c->required_from && !a.n)
		judgement_raise(g, CONF_REJECT, "5.6.0", NULL,
				STR("message has no author: a From field with "
				    "an address is required"));
	if (c->reject_multi_value_from &&
	    (a.n > 1 || header_count(&j->header, STR("From")) > 1))
		judgement_raise(g, CONF_REJECT, "5.6.0", NULL,
				STR("message has more than one author domain "
				    "in From: DMARC cannot judge it"));
}

/* Before a domain has a DMARC record nothing passes DMARC: then the author
 * domain's own name, shown by SPF or a signature (or not to be had just now), is
 * enough. */
static bool is_confirmed(const struct verdict *v)
{
	const struct verdict_dmarc *d = v->dmarc;

	if (d->result != DMARC_NONE)
		return d->result == DMARC_PASS;
	if (v->spf && str_ieq(v->spf->domain, d->domain) &&
	    (v->spf->result == SPF_PASS || v->spf->result == SPF_TEMPERROR))
		return true;
	for (size_t i = 0; i < v->n_dkim; i++) {
		const struct verdict_dkim *row = &v->dkim_rows[i];

		if (str_ieq(row->domain, d->domain) &&
		    (row->result == DKIM_PASS || row->result == DKIM_TEMPERROR))
			return true;
	}
	return false;
}

/* OwnDomainSpoofed */
static void judge_own(struct job *j, struct judgement *g)
{
	const struct verdict_dmarc *d = g->v->dmarc;

	if (!j->choice->external || g->override.n || d->uncertain ||
	    is_confirmed(g->v))
		return;
	judgement_raise(g, j->s->conf->own_domain_spoofed, "5.7.1", "4.7.1",
			say(j,
			    "%.*s is a domain of this server, and this "
			    "message is not from there",
			    STR_ARG(d->domain)));
}

void enforce_dmarc(struct job *j, struct judgement *g)
{
	const struct verdict_dmarc *d = g->v->dmarc;

	if (!d)
		return;
	g->done = DMARC_POLICY_NONE;
	g->override = rescue_words(j);
	if (!g->override.n)
		apply_policy(j, g);
	judge_author(j, g);
	judge_own(j, g);
	if (d->uncertain)
		judgement_raise(g, j->s->conf->on_dns_error, "5.7.1", "4.7.1",
				say(j,
				    "DMARC policy of %.*s could not be looked "
				    "up, try again later",
				    STR_ARG(d->domain)));
}
