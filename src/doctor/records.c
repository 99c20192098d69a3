#include "doctor/records.h"

#include "dns/name.h"

str records_name(const struct machine *m, str label, str domain)
{
	struct buf b = buf_of(m->arena, label.n + domain.n + 2);

	buf_put(&b, label);
	buf_putc(&b, '.');
	buf_put(&b, domain);
	return buf_str(&b);
}

str records_line(const struct machine *m, str name, str value)
{
	struct buf b = buf_of(m->arena, name.n + value.n * 2 + 64);

	buf_printf(&b, "%.*s. 3600 IN TXT", STR_ARG(name));
	do {
		buf_put(&b, STR(" \""));
		buf_put(&b, str_head(value, 255));
		buf_putc(&b, '"');
		value = str_skip(value, 255);
	} while (value.n);
	return buf_str(&b);
}

const struct dns_answer *records_ask(struct records_check *r,
				     enum finding_code code, enum dns_type type,
				     str name)
{
	const struct dns_answer *a = ask(r->asks, type, name);

	if (!a) {
		r->pending = true;
		return NULL;
	}
	if (a->status != DNS_TEMPFAIL)
		return a;
	finding_skip(r->f, code, name,
		     a->bogus ? N_("DNSSEC says that the answer is forged")
			      : N_("the name servers gave no answer"));
	return NULL;
}

size_t records_count(const struct dns_answer *a, bool (*is)(str), str *first)
{
	size_t n = 0;

	*first = (str){ NULL, 0 };
	for (size_t i = 0; i < a->n; i++)
		if (is(a->rr[i].data) && n++ == 0)
			*first = a->rr[i].data;
	return n;
}

static void add(const struct dns_answer *a, struct ip *ips, size_t *n)
{
	for (size_t i = 0; i < a->n && *n < RECORDS_ADDRESSES_MAX; i++)
		ips[(*n)++] = ip_of_bytes(a->rr[i].data.p, a->rr[i].data.n);
}

bool records_addresses(struct records_check *r, str host,
		       struct ip ips[RECORDS_ADDRESSES_MAX], size_t *n)
{
	const struct dns_answer *a = ask(r->asks, DNS_A, host);
	const struct dns_answer *aaaa = ask(r->asks, DNS_AAAA, host);

	*n = 0;
	if (!a || !aaaa) {
		r->pending = true;
		return false;
	}
	add(a, ips, n);
	add(aaaa, ips, n);
	return true;
}

void check_records(struct records_check *r)
{
	r->pending = false;
	if (r->host.n)
		check_host(r);
	for (size_t i = 0; i < r->n_domains; i++) {
		str domain = r->domains[i];

		judge(r->f, FIND_DNS_NAME,
		      dns_name_is_domain(domain, true) &&
			      dns_name_labels(domain) > 1,
		      domain, NULL);
		check_mx(r, domain);
		check_spf(r, domain);
		check_dmarc(r, domain);
		check_policies(r, domain);
	}
	check_key_records(r);
}
