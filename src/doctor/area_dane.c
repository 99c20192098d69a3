/* DANE: TLSA records of the mail exchangers, and the certificates that they
 * really show (RFC 7672). */
#include "crypto/cert.h"
#include "crypto/dane.h"
#include "doctor/policies.h"

enum { QUESTIONS_MAX = 200, TEXT_BYTES = 12 };

struct dane_check {
	struct ports_check *p;
	struct dns_client *dns;
	struct asks *asks;
};

static const struct dns_answer *ask_now(struct dane_check *d,
					enum dns_type type, str name)
{
	return dns_client_ask(d->dns, d->asks, type, name);
}

/* "3 1 1 0a1b2c...": enough to tell it from the others. */
static str text_of(const struct machine *m, str rdata)
{
	struct buf b = buf_of(m->arena, 128);

	for (size_t i = 0; i < rdata.n && i < TEXT_BYTES; i++)
		buf_printf(&b, i < 3 ? "%u " : "%02x",
			   (unsigned)(unsigned char)rdata.p[i]);
	buf_put(&b, rdata.n > TEXT_BYTES ? STR("...") : STR(""));
	return buf_str(&b);
}

/* The record that fits the key which is shown now. */
static str proposal(const struct machine *m, str name, str chain)
{
	struct buf b = buf_of(m->arena, 512);
	struct err e;
	str digest;

	if (!cert_key_digest(m->arena, chain, &digest, &e))
		return name;
	buf_printf(&b, "%.*s. 3600 IN TLSA 3 1 1 ", STR_ARG(name));
	for (size_t i = 0; i < digest.n; i++)
		buf_printf(&b, "%02x", (unsigned)(unsigned char)digest.p[i]);
	return buf_str(&b);
}

static size_t usable(struct findings *f, const struct machine *m,
		     const struct dns_answer *a, str name)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++) {
		const char *why = dane_problem(a->rr[i].data);

		judge(f, FIND_DANE_RECORD, !why, name,
		      ARGS(text_of(m, a->rr[i].data), str_of(why ? why : "")));
		n += !why;
	}
	return n;
}

static void check_shown(struct dane_check *d, const struct dns_answer *a,
			str host, str name)
{
	const struct machine *m = d->p->m;
	const struct ports_chain *c = ports_chain(d->p, host);
	bool matches = false;

	if (!c || !c->reached) {
		finding_skip(d->p->f, FIND_DANE_MATCH, name,
			     N_("the server could not be reached"));
		return;
	}
	for (size_t i = 0; i < a->n; i++)
		matches |= dane_matches(a->rr[i].data, c->chain, host, m->now);
	judge(d->p->f, FIND_DANE_MATCH, matches, name,
	      ARGS(host, proposal(m, name, c->chain)));
}

static void check_host_of(struct dane_check *d, str domain, str host,
			  bool mx_secure)
{
	str name = records_name(d->p->m, STR("_25._tcp"), host);
	const struct dns_answer *a = ask_now(d, DNS_TLSA, name);
	const struct dns_answer *at = ask_now(d, DNS_A, host);

	if (!a || a->status == DNS_TEMPFAIL) {
		if (a && a->bogus)
			judge(d->p->f, FIND_DANE_BOGUS, false, name, NULL);
		return;
	}
	if (!a->n)
		return;
	judge(d->p->f, FIND_DANE_SECURE,
	      a->secure && mx_secure && at && at->secure, name,
	      ARGS(domain, host));
	if (usable(d->p->f, d->p->m, a, name))
		check_shown(d, a, host, name);
}

/* The same exchanger for several domains is looked at once. */
static bool is_first(struct dane_check *d, size_t domain, str host)
{
	const struct records_check *r = d->p->records;

	for (size_t i = 0; i < domain; i++) {
		const struct dns_answer *a = ask_now(d, DNS_MX, r->domains[i]);

		for (size_t j = 0; a && j < a->n; j++)
			if (str_ieq(a->rr[j].data, host))
				return false;
	}
	return true;
}

void check_dane(struct ports_check *p, struct dns_client *dns)
{
	struct dane_check d = { .p = p, .dns = dns };

	if (!p->m->tree.live || p->records->zones_only)
		return;
	if (!dns) {
		finding_skip(p->f, FIND_DANE_SECURE, p->records->host,
			     N_("nothing validates DNSSEC here: "
				"/usr/share/dns/root.key is missing (apt "
				"install dns-root-data)"));
		return;
	}
	d.asks = asks_new(p->m->arena, dns_client_resolver(dns), QUESTIONS_MAX);
	for (size_t i = 0; i < p->records->n_domains; i++) {
		str domain = p->records->domains[i];
		const struct dns_answer *a = ask_now(&d, DNS_MX, domain);

		for (size_t j = 0; a && j < a->n; j++)
			if (a->rr[j].data.n && is_first(&d, i, a->rr[j].data))
				check_host_of(&d, domain, a->rr[j].data,
					      a->secure);
	}
	asks_cancel(d.asks);
}
