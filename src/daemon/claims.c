/* claims: what filters before this one found out, taken for DMARC from the
 * Authentication-Results of TrustedAuthservIDs. */
#include "base/limits.h"
#include "daemon/job.h"
#include "mail/address.h"
#include "mail/authres.h"
#include "verify/verify.h"

enum { FIELDS_MAX = 10 };

static bool is_trusted(struct job *j, str id)
{
	struct table_entry e;
	str bare = str_head(id, str_find(id, '/'));

	if (j->s->conf->opendmarc && str_ieq(bare, job_authserv_id(j)))
		return true;
	return j->s->trusted_ids &&
	       (table_find(j->s->trusted_ids, bare, &e) ||
		(table_find(j->s->trusted_ids, STR("HOSTNAME"), &e) &&
		 str_ieq(bare, str_of(j->filter->station->host))));
}

static enum dmarc_status status_of(str word)
{
	return str_ieq(word, STR("pass"))        ? DMARC_ID_PASS
	       : str_ieq(word, STR("temperror")) ? DMARC_ID_TEMPERROR
						 : DMARC_ID_NO;
}

static str property(const struct authres_result *r, const char *ptype,
		    const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (str_ieq(r->properties[i].ptype, str_of(ptype)) &&
		    str_ieq(r->properties[i].name, str_of(name)))
			return r->properties[i].value;
	return (str){ NULL, 0 };
}

static str domain_of(str address)
{
	struct path p;

	(void)path_parse(address, &p);
	return p.domain.n ? p.domain : address;
}

/* header.d, or what follows the "@" of header.i */
static str dkim_domain(const struct authres_result *r)
{
	str d = property(r, "header", "d");

	return d.n ? d : domain_of(property(r, "header", "i"));
}

static str spf_domain(const struct authres_result *r)
{
	str from = property(r, "smtp", "mailfrom");

	if (!from.n)
		from = property(r, "smtp", "mfrom");
	return from.n ? domain_of(from) : property(r, "smtp", "helo");
}

static void take(struct job *j, const struct authres_result *r)
{
	if (r->version != 1)
		return;
	if (str_eq(r->method, STR("dkim")) && dkim_domain(r).n)
		verify_claim(j->verify, DMARC_DKIM, status_of(r->result),
			     dkim_domain(r));
	if (str_eq(r->method, STR("spf")) && spf_domain(r).n &&
	    !j->s->conf->spf_ignore_results)
		verify_claim(j->verify, DMARC_SPF, status_of(r->result),
			     spf_domain(r));
}

/* A field that we are going to remove is not believed. */
static bool is_forged(const struct job *j, uint32_t which)
{
	for (size_t i = 0; i < j->n_forged; i++)
		if (j->forged[i] == which)
			return true;
	return false;
}

/* Only fields above the first Received: what is below was there before the
 * message came to us. */
void claims_take(struct job *j)
{
	const struct header *h = &j->header;
	uint32_t which = 0;

	if (!j->s->trusted_ids && !j->s->conf->opendmarc)
		return;
	for (size_t i = 0; i < h->n; i++) {
		const struct field *f = &h->fields[i];
		struct authres a;

		if (str_ieq(f->name, STR("Received")))
			return;
		if (!str_ieq(f->name, STR("Authentication-Results")))
			continue;
		if (++which > FIELDS_MAX)
			return;
		if (is_forged(j, which) ||
		    !authres_parse(j->arena, f->value, &a) ||
		    !is_trusted(j, a.id))
			continue;
		for (size_t k = 0; k < a.n; k++)
			take(j, &a.results[k]);
	}
}
