/* match: RFC 7208 5.3 to 5.7, the mechanisms that ask for addresses. */
#include "base/limits.h"
#include "dns/name.h"
#include "spf/run.h"

static enum dns_type address_type(const struct spf_run *run)
{
	return run->query->ip.family == IP_V6 ? DNS_AAAA : DNS_A;
}

static bool holds(const struct dns_answer *answer, struct ip ip, unsigned bits)
{
	for (size_t i = 0; i < answer->n; i++) {
		str data = answer->rr[i].data;
		struct ip_prefix p = { .bits = (uint8_t)bits };

		if (data.n != 4 && data.n != 16)
			continue;
		p.ip = ip_of_bytes(data.p, data.n);
		if (p.ip.family == ip.family && ip_in_prefix(ip, p))
			return true;
	}
	return false;
}

static unsigned bits_of(const struct spf_run *run, const struct spf_term *t)
{
	return run->query->ip.family == IP_V6 ? t->bits6 : t->bits4;
}

enum spf_match spf_match_a(struct spf_run *run, const struct spf_term *t,
			   str target)
{
	const struct dns_answer *a = ask(run->asks, address_type(run), target);

	if (!a)
		return SPF_MATCH_PENDING;
	if (a->status == DNS_TEMPFAIL)
		return spf_problem(run, SPF_MATCH_TEMPERROR,
				   "address lookup failed", target);
	if (a->status != DNS_OK)
		return spf_void(run, SPF_NO_MATCH, target);
	return holds(a, run->query->ip, bits_of(run, t)) ? SPF_MATCH
							 : SPF_NO_MATCH;
}

enum spf_match spf_match_exists(struct spf_run *run, str target)
{
	const struct dns_answer *a = ask(run->asks, DNS_A, target);

	if (!a)
		return SPF_MATCH_PENDING;
	if (a->status == DNS_TEMPFAIL)
		return spf_problem(run, SPF_MATCH_TEMPERROR,
				   "address lookup failed", target);
	if (a->status != DNS_OK)
		return spf_void(run, SPF_NO_MATCH, target);
	return SPF_MATCH;
}

/* All hosts are asked for together, and judged in order. */
static enum spf_match match_hosts(struct spf_run *run, const struct spf_term *t,
				  const struct dns_answer *mx, str target)
{
	bool is_void = false;

	for (size_t i = 0; i < mx->n; i++)
		if (mx->rr[i].data.n)
			(void)ask(run->asks, address_type(run), mx->rr[i].data);
	for (size_t i = 0; i < mx->n; i++) {
		const struct dns_answer *a;

		if (!mx->rr[i].data.n) /* the null MX */
			continue;
		a = ask(run->asks, address_type(run), mx->rr[i].data);
		if (!a)
			return SPF_MATCH_PENDING;
		if (a->status == DNS_TEMPFAIL)
			return spf_problem(run, SPF_MATCH_TEMPERROR,
					   "address lookup failed",
					   mx->rr[i].data);
		is_void |= a->status != DNS_OK;
		if (holds(a, run->query->ip, bits_of(run, t)))
			return SPF_MATCH;
	}
	return is_void ? spf_void(run, SPF_NO_MATCH, target) : SPF_NO_MATCH;
}

enum spf_match spf_match_mx(struct spf_run *run, const struct spf_term *t,
			    str target)
{
	const struct dns_answer *mx = ask(run->asks, DNS_MX, target);

	if (!mx)
		return SPF_MATCH_PENDING;
	if (mx->status == DNS_TEMPFAIL)
		return spf_problem(run, SPF_MATCH_TEMPERROR, "MX lookup failed",
				   target);
	if (mx->status != DNS_OK)
		return spf_void(run, SPF_NO_MATCH, target);
	if (mx->n > LIMIT_SPF_NAMES)
		return spf_problem(run, SPF_MATCH_PERMERROR,
				   "more than 10 MX names", target);
	return match_hosts(run, t, mx, target);
}

enum validation { VALID, NOT_VALID, VALIDATION_PENDING };

/* 5.5: do the name's addresses hold the client's? */
static enum validation validate(struct spf_run *run, str name)
{
	const struct dns_answer *a = ask(run->asks, address_type(run), name);

	if (!a)
		return VALIDATION_PENDING;
	return a->status == DNS_OK && holds(a, run->query->ip, 128) ? VALID
								    : NOT_VALID;
}

static const struct dns_answer *ask_names(struct spf_run *run)
{
	char reverse[IP_REVERSE_MAX];

	return ask(run->asks, DNS_PTR,
		   ip_reverse_name(run->query->ip, reverse));
}

static size_t names_used(const struct dns_answer *names)
{
	return names->n < LIMIT_SPF_NAMES ? names->n : LIMIT_SPF_NAMES;
}

static void ask_addresses(struct spf_run *run, const struct dns_answer *names)
{
	for (size_t i = 0; i < names_used(names); i++)
		(void)ask(run->asks, address_type(run), names->rr[i].data);
}

enum spf_match spf_match_ptr(struct spf_run *run, str target)
{
	const struct dns_answer *names = ask_names(run);

	if (!names)
		return SPF_MATCH_PENDING;
	if (names->status == DNS_TEMPFAIL)
		return SPF_NO_MATCH;
	if (names->status != DNS_OK)
		return spf_void(run, SPF_NO_MATCH, target);
	ask_addresses(run, names);
	for (size_t i = 0; i < names_used(names); i++) {
		enum validation v;

		if (!dns_name_is_below(names->rr[i].data, target))
			continue;
		v = validate(run, names->rr[i].data);
		if (v == VALIDATION_PENDING)
			return SPF_MATCH_PENDING;
		if (v == VALID)
			return SPF_MATCH;
	}
	return SPF_NO_MATCH;
}

/* 7.3: the domain itself before a subdomain before any other */
static int preference(str name, str domain)
{
	if (str_ieq(name, domain))
		return 2;
	return dns_name_is_below(name, domain) ? 1 : 0;
}

bool spf_validated_name(struct spf_run *run, str *out)
{
	const struct dns_answer *names = ask_names(run);
	int best = -1;

	*out = STR("unknown");
	if (!names)
		return false;
	if (names->status != DNS_OK)
		return true;
	ask_addresses(run, names);
	for (size_t i = 0; i < names_used(names); i++) {
		str name = names->rr[i].data;
		enum validation v = validate(run, name);

		if (v == VALIDATION_PENDING)
			return false;
		if (v != VALID || preference(name, run->values.domain) <= best)
			continue;
		best = preference(name, run->values.domain);
		*out = name;
	}
	return true;
}
