#include "report/incident.h"

#include "base/limits.h"
#include "dns/name.h"
#include "mail/address.h"

enum { RECIPIENTS = 5 };

/* ---- who wants it ---- */

static bool has_id(const struct dmarc_verdict *c, enum dmarc_mechanism m,
		   enum dmarc_status status)
{
	for (size_t i = 0; i < c->n_ids; i++)
		if (c->ids[i].mechanism == m && c->ids[i].status == status)
			return true;
	return false;
}

static bool dkim_failed(const struct verdict *v)
{
	const struct dmarc_verdict *c = v->dmarc->check;

	return !c->dkim_aligned &&
	       (v->dkim_judged || has_id(c, DMARC_DKIM, DMARC_ID_NO) ||
		has_id(c, DMARC_DKIM, DMARC_ID_PASS)) &&
	       !has_id(c, DMARC_DKIM, DMARC_ID_TEMPERROR);
}

static bool spf_failed(const struct verdict *v)
{
	const struct dmarc_verdict *c = v->dmarc->check;

	return !c->spf_aligned &&
	       (v->spf || has_id(c, DMARC_SPF, DMARC_ID_NO) ||
		has_id(c, DMARC_SPF, DMARC_ID_PASS)) &&
	       !has_id(c, DMARC_SPF, DMARC_ID_TEMPERROR);
}

const char *incident_alignment(const struct verdict *v)
{
	bool dkim = dkim_failed(v), spf = spf_failed(v);

	return dkim && spf ? "dkim, spf" : dkim ? "dkim" : spf ? "spf" : "none";
}

static bool is_failure(enum dkim_result r)
{
	return r != DKIM_PASS && r != DKIM_TEMPERROR && r != DKIM_PENDING &&
	       r != DKIM_NONE;
}

/* The first signature that did not verify, one of the domain's own before the
 * others; NULL: none. */
static const struct verdict_dkim *bad_signature(const struct verdict *v)
{
	const struct verdict_dkim *other = NULL;

	for (size_t i = 0; i < v->n_dkim; i++) {
		const struct verdict_dkim *row = &v->dkim_rows[i];

		if (!is_failure(row->result) || !row->domain.n)
			continue;
		if (dns_name_is_below(row->domain,
				      v->dmarc->check->policy_domain))
			return row;
		other = other ? other : row;
	}
	return other;
}

static bool spf_said_no(const struct verdict *v)
{
	return v->spf &&
	       (v->spf->result == SPF_FAIL || v->spf->result == SPF_SOFTFAIL ||
		v->spf->result == SPF_PERMERROR);
}

static bool is_met(const struct verdict *v, unsigned fo)
{
	if ((fo & DMARC_FO_ALL) && v->dmarc->result == DMARC_FAIL)
		return true;
	if ((fo & DMARC_FO_ANY) && (dkim_failed(v) || spf_failed(v)))
		return true;
	for (size_t i = 0; (fo & DMARC_FO_DKIM) && i < v->n_dkim; i++)
		if (is_failure(v->dkim_rows[i].result))
			return true;
	return (fo & DMARC_FO_SPF) && spf_said_no(v);
}

static bool by_program(const struct header *h)
{
	const struct field *type = header_find(h, STR("Content-Type"), 0);
	const struct field *how = header_find(h, STR("Auto-Submitted"), 0);

	return (type &&
		str_istarts(str_trim(type->value), STR("multipart/report"))) ||
	       (how && !str_istarts(str_trim(how->value), STR("no")));
}

bool incident_is_wanted(const struct verdict *v, const struct header *h)
{
	const struct verdict_dmarc *d = v->dmarc;
	const struct dmarc_record *r = d && d->check ? d->check->record : NULL;

	return r && r->n_ruf && r->psd != DMARC_PSD_YES &&
	       (d->result == DMARC_FAIL || d->result == DMARC_PASS) &&
	       is_met(v, r->fo) && !by_program(h);
}

/* ---- what is said ---- */

static void put_field(struct buf *b, const char *name, str value)
{
	buf_printf(b, "%s: ", name);
	redact_line(b, value);
	buf_putc(b, '\n');
}

static void put_path(struct buf *b, const struct redaction *r, const char *name,
		     str path, bool own)
{
	struct path p;

	(void)path_parse(path, &p);
	buf_printf(b, "%s: <", name);
	if (!p.null)
		redact_address(b, r, p.local, p.domain, own);
	buf_put(b, STR(">\n"));
}

/* The folds stay: one line might be too long. */
static void put_results(struct buf *b, str value)
{
	struct buf one = buf_of(b->arena, LIMIT_INCIDENT_TEXT / 2);

	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c != '\r')
			buf_putc(&one,
				 c == '\n' || (c >= ' ' && c <= '~') ? c : '?');
	}
	buf_put(b, STR("Authentication-Results:"));
	if (!one.overflow)
		buf_put(b, buf_str(&one));
	else
		buf_put(b, STR(" (too many to be told)"));
	buf_putc(b, '\n');
}

static void put_dkim(struct buf *b, const struct verdict *v)
{
	const struct verdict_dkim *row = bad_signature(v);
	struct buf id = buf_of(b->arena, LIMIT_INCIDENT_FIELD);
	size_t at;

	if (!row)
		return;
	/* i= may name a user: of it the domain */
	at = str_rfind(row->identity, '@');
	buf_put(&id, str_skip(row->identity, at));
	put_field(b, "DKIM-Domain", row->domain);
	if (id.n)
		put_field(b, "DKIM-Identity", buf_str(&id));
	if (row->selector.n)
		put_field(b, "DKIM-Selector", row->selector);
}

static void put_spf(struct buf *b, const struct verdict *v,
		    const struct incident_facts *f)
{
	struct buf one = buf_of(b->arena, LIMIT_INCIDENT_TEXT);

	if (!v->spf || v->spf->result == SPF_PASS || !f->spf_record.n)
		return;
	buf_printf(&one, "txt : %.*s : \"%.*s\"", STR_ARG(v->spf->domain),
		   STR_ARG(f->spf_record));
	put_field(b, "SPF-DNS", buf_str(&one));
}

static const char *delivery(str action)
{
	return str_eq(action, STR("accept"))       ? "delivered"
	       : str_eq(action, STR("reject"))     ? "reject"
	       : str_eq(action, STR("quarantine")) ? "policy"
						   : "other";
}

void incident_of(struct arena *arena, const struct verdict *v,
		 const struct store_verdict *row,
		 const struct incident_facts *f, struct store_incident *out)
{
	struct redaction r = { f->secret, row->domain };
	struct buf b = buf_of(arena, LIMIT_INCIDENT_TEXT + 2048);

	put_results(&b, f->authres);
	put_field(&b, "Auth-Failure", STR("dmarc"));
	put_field(&b, "Identity-Alignment", str_of(incident_alignment(v)));
	put_field(&b, "Reported-Domain", row->header_from);
	put_field(&b, "Delivery-Result", str_of(delivery(row->action)));
	if (row->source_ip.n)
		put_field(&b, "Source-IP", row->source_ip);
	put_path(&b, &r, "Original-Mail-From", v->mail_from, true);
	for (size_t i = 0; i < f->n_rcpts && i < RECIPIENTS; i++)
		put_path(&b, &r, "Original-Rcpt-To", f->rcpts[i], false);
	buf_put(&b, STR("Reporting-MTA: dns; "));
	redact_line(&b, f->node);
	buf_putc(&b, '\n');
	put_dkim(&b, v);
	put_spf(&b, v, f);
	*out = (struct store_incident){
		.time = row->time,
		.domain = row->domain,
		.source_ip = row->source_ip,
		.envelope_from = row->envelope_from,
		.alignment = str_of(incident_alignment(v)),
		.feedback = buf_str(&b),
		.header = redact_header(arena, &r, f->header),
	};
}
