#include "report/destinations.h"

#include "base/buf.h"
#include "dmarc/walk.h"
#include "dns/name.h"
#include "report/letter.h"

static void refuse(struct destination *d, enum destination_state state,
		   const char *why)
{
	d->state = state;
	d->why = why;
}

/* Of one organization: the same domain, else by the tree walks of both. */
static bool same_organization(struct asks *asks, str a, str b, bool *pending,
			      bool *temperror)
{
	struct dmarc_walk of_a, of_b;

	if (str_ieq(a, b))
		return true;
	dmarc_walk(asks, a, &of_a);
	dmarc_walk(asks, b, &of_b);
	*pending |= of_a.pending || of_b.pending;
	*temperror |= of_a.temperror || of_b.temperror;
	return !of_a.pending && !of_b.pending && !of_a.temperror &&
	       !of_b.temperror &&
	       str_ieq(of_a.organizational_domain, of_b.organizational_domain);
}

static const struct dmarc_uri *uris(const struct dmarc_record *r,
				    enum destination_tag tag, size_t *n)
{
	*n = tag == DESTINATION_RUA ? r->n_rua : r->n_ruf;
	return tag == DESTINATION_RUA ? r->rua : r->ruf;
}

/* RFC 9990 4: rua in the answer replaces the address, at the same host only;
 * ruf in the same way. */
static bool replace(struct asks *asks, str txt, str host,
		    enum destination_tag tag, struct destination *d)
{
	const struct dmarc_uri *list;
	struct dmarc_record r;
	size_t n;

	dmarc_record_parse(asks_arena(asks), txt, &r);
	list = uris(&r, tag, &n);
	if (!n)
		return true;
	for (size_t i = 0; i < n; i++) {
		const struct dmarc_uri *u = &list[i];

		if (u->address.p && str_ieq(u->domain, host) &&
		    letter_address_ok(u->address)) {
			d->address = u->address;
			d->size = u->size;
			return true;
		}
	}
	return false;
}

static void judge_answer(struct asks *asks, const struct dns_answer *a,
			 str host, enum destination_tag tag,
			 struct destination *d)
{
	if (a->status == DNS_TEMPFAIL) {
		refuse(d, DESTINATION_TEMPERROR,
		       "the name that would allow it could not be asked for");
		return;
	}
	for (size_t i = 0; i < a->n; i++) {
		if (!dmarc_is_record(a->rr[i].data))
			continue;
		if (!replace(asks, a->rr[i].data, host, tag, d))
			refuse(d, DESTINATION_REFUSED,
			       "the record that allows it names an address "
			       "elsewhere");
		return;
	}
	refuse(d, DESTINATION_REFUSED,
	       "its domain does not say that it takes reports about this one");
}

static void ask_host(struct asks *asks, str domain, str host,
		     enum destination_tag tag, struct destination *d,
		     bool *pending)
{
	struct buf name = buf_of(asks_arena(asks), 1024);
	const struct dns_answer *a;

	buf_printf(&name, "%.*s._report._dmarc.%.*s", STR_ARG(domain),
		   STR_ARG(host));
	if (!dns_name_valid(buf_str(&name))) {
		refuse(d, DESTINATION_REFUSED,
		       "the name that would allow it is too long");
		return;
	}
	a = ask(asks, DNS_TXT, buf_str(&name));
	if (a)
		judge_answer(asks, a, host, tag, d);
	else
		*pending = true;
}

static void judge(struct asks *asks, str domain, enum destination_tag tag,
		  const struct dmarc_uri *u, struct destination *d,
		  bool *pending)
{
	bool walk = false, temperror = false;

	*d = (struct destination){ .uri = u->uri,
				   .address = u->address,
				   .size = u->size };
	if (!u->address.p) {
		refuse(d, DESTINATION_REFUSED, "it is no mailto address");
		return;
	}
	if (!letter_address_ok(u->address)) {
		refuse(d, DESTINATION_REFUSED,
		       "its mailbox has characters that are not written to");
		return;
	}
	/* both ways are asked for together */
	if (!str_ieq(u->domain, domain))
		(void)ask_host(asks, domain, u->domain, tag, d, pending);
	if (same_organization(asks, domain, u->domain, &walk, &temperror)) {
		d->address = u->address;
		d->size = u->size;
		refuse(d, DESTINATION_OK, NULL);
	} else if (temperror && d->state == DESTINATION_REFUSED) {
		refuse(d, DESTINATION_TEMPERROR,
		       "whose domain it is could not be asked for");
	}
	*pending |= walk;
}

static bool is_there(const struct destinations *out, str address)
{
	for (size_t i = 0; i < out->n; i++)
		if (str_eq(out->list[i].address, address))
			return true;
	return false;
}

void destinations_find(struct asks *asks, str domain, enum destination_tag tag,
		       struct destinations *out)
{
	struct dmarc_step step = dmarc_step_at(asks, domain);
	const struct dmarc_uri *list;
	size_t n;

	*out = (struct destinations){ 0 };
	out->pending = step.outcome == DMARC_LOOKUP_PENDING;
	out->temperror = step.outcome == DMARC_LOOKUP_TEMPERROR;
	if (!step.record ||
	    (tag == DESTINATION_RUF && step.record->psd == DMARC_PSD_YES))
		return;
	list = uris(step.record, tag, &n);
	for (size_t i = 0; i < n; i++) {
		struct destination d;

		judge(asks, domain, tag, &list[i], &d, &out->pending);
		if (!d.address.p || !is_there(out, d.address))
			out->list[out->n++] = d;
	}
}
