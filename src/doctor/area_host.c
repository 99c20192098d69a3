/* Who the host says it is: its name, its addresses, and the names of these; and
 * where mail for the domain goes. */
#include "dns/name.h"
#include "doctor/records.h"

/* Does one of the names lead back to the address (FCrDNS)? */
static bool leads_back(struct records_check *r, const struct dns_answer *ptr,
		       struct ip ip)
{
	enum dns_type type = ip.family == IP_V4 ? DNS_A : DNS_AAAA;
	bool found = false;

	for (size_t i = 0; i < ptr->n && i < 10; i++) {
		const struct dns_answer *a = ask(r->asks, type,
						 ptr->rr[i].data);

		if (!a) {
			r->pending = true;
			continue;
		}
		for (size_t j = 0; j < a->n; j++)
			found |= ip_equal(ip, ip_of_bytes(a->rr[j].data.p,
							  a->rr[j].data.n));
	}
	return found;
}

static bool has_name(const struct dns_answer *ptr, str host)
{
	for (size_t i = 0; i < ptr->n; i++)
		if (str_ieq(ptr->rr[i].data, host))
			return true;
	return false;
}

/* Files of zones that hold no reverse names at all say nothing of them. */
static bool reverse_unknown(struct records_check *r, struct ip ip)
{
	str top = ip.family == IP_V4 ? STR("in-addr.arpa") : STR("ip6.arpa");
	const struct dns_answer *a = r->zones_only ? ask(r->asks, DNS_NS, top)
						   : NULL;

	return a && a->status == DNS_NXDOMAIN;
}

static void check_reverse(struct records_check *r, struct ip ip)
{
	char name[IP_REVERSE_MAX], text[IP_TEXT_MAX];
	str reverse = arena_str(r->m->arena, ip_reverse_name(ip, name));
	str address = arena_str(r->m->arena, ip_text(ip, text));
	const struct dns_answer *a;
	str first;

	if (reverse_unknown(r, ip)) {
		finding_skip(r->f, FIND_PTR, address,
			     N_("the zone files hold no reverse names"));
		return;
	}
	a = records_ask(r, FIND_PTR, DNS_PTR, reverse);
	if (!a)
		return;
	first = a->n ? a->rr[0].data : STR("");
	judge(r->f, FIND_PTR, a->n && leads_back(r, a, ip), address,
	      ARGS(first, reverse, r->host));
	if (a->n)
		judge(r->f, FIND_PTR_NAME, has_name(a, r->host), address,
		      ARGS(first, reverse, r->host));
}

static bool listens_on_ipv6(const struct machine *m)
{
	str protocols = postfix_value(m, NULL, STR("inet_protocols"));

	return !m->postfix.there || postfix_has_word(protocols, STR("all")) ||
	       postfix_has_word(protocols, STR("ipv6"));
}

static void check_ipv6(struct records_check *r, const struct ip *ips, size_t n)
{
	bool v6 = false;

	for (size_t i = 0; i < n; i++)
		v6 |= ips[i].family == IP_V6;
	judge(r->f, FIND_IPV6, !v6 || listens_on_ipv6(r->m), r->host,
	      ARGS(postfix_value(r->m, NULL, STR("inet_protocols"))));
}

bool host_is_full(str host)
{
	return dns_name_is_domain(host, false) && dns_name_labels(host) > 1 &&
	       !str_iends(host, STR(".localdomain"));
}

void judge_host(struct findings *f, const struct machine *m, str host)
{
	str domains[MACHINE_DOMAINS_MAX];
	size_t n = machine_domains(m, domains);

	judge(f, FIND_HELO, host_is_full(host), host,
	      ARGS(records_name(m, STR("mail"),
				n && dns_name_labels(domains[0]) > 1
					? domains[0]
					: STR("example.org"))));
}

/* That name is judged with Postfix's files already. */
static bool is_postfix_own(const struct records_check *r)
{
	return r->m->postfix.there &&
	       str_eq(r->host, postfix_value(r->m, NULL, STR("myhostname")));
}

void check_host(struct records_check *r)
{
	struct ip ips[RECORDS_ADDRESSES_MAX];
	size_t n;

	if (!is_postfix_own(r))
		judge_host(r->f, r->m, r->host);
	if (!host_is_full(r->host) ||
	    !records_ask(r, FIND_ADDRESS, DNS_A, r->host) ||
	    !records_addresses(r, r->host, ips, &n))
		return;
	judge(r->f, FIND_ADDRESS, n > 0, r->host, NULL);
	for (size_t i = 0; i < n; i++)
		check_reverse(r, ips[i]);
	check_ipv6(r, ips, n);
}

static void check_exchanger(struct records_check *r, str domain, str name)
{
	const struct dns_answer *alias = ask(r->asks, DNS_CNAME, name);
	struct ip ips[RECORDS_ADDRESSES_MAX];
	size_t n;

	if (!records_addresses(r, name, ips, &n) || !alias)
		return;
	judge(r->f, FIND_MX_HOST, n > 0 && alias->n == 0, domain,
	      ARGS(name, alias->n ? alias->rr[0].data : STR("-")));
}

void check_mx(struct records_check *r, str domain)
{
	const struct dns_answer *a = records_ask(r, FIND_MX, DNS_MX, domain);

	if (!a)
		return;
	judge(r->f, FIND_MX, a->n > 0, domain,
	      ARGS(a->n ? a->rr[0].data : STR(""),
		   r->host.n ? r->host : domain));
	for (size_t i = 0; i < a->n; i++)
		if (a->rr[i].data.n) /* RFC 7505: takes no mail */
			check_exchanger(r, domain, a->rr[i].data);
}
