#include "verify/iprev.h"

#include "dns/name.h"

const char *iprev_result_word(enum iprev_result result)
{
	static const char *const words[] = {
		[IPREV_PENDING] = "temperror",
		[IPREV_PASS] = "pass",
		[IPREV_FAIL] = "fail",
		[IPREV_TEMPERROR] = "temperror",
		[IPREV_PERMERROR] = "permerror",
	};

	return words[result];
}

static struct iprev_verdict verdict(enum iprev_result result,
				    const char *reason, str name)
{
	return (struct iprev_verdict){ result, reason, name };
}

static bool has_address(const struct dns_answer *a, struct ip ip)
{
	for (size_t i = 0; i < a->n; i++)
		if (ip_equal(ip_of_bytes(a->rr[i].data.p, a->rr[i].data.n), ip))
			return true;
	return false;
}

/* All names are asked before one is judged: the questions leave together. */
static struct iprev_verdict follow(struct asks *asks, struct ip ip,
				   const struct dns_answer *names)
{
	enum dns_type type = ip.family == IP_V4 ? DNS_A : DNS_AAAA;
	size_t n = names->n < IPREV_NAMES_MAX ? names->n : IPREV_NAMES_MAX;
	bool pending = false, trouble = false;

	for (size_t i = 0; i < n; i++)
		pending = !ask(asks, type, names->rr[i].data) || pending;
	if (pending)
		return verdict(IPREV_PENDING, NULL, names->rr[0].data);
	for (size_t i = 0; i < n; i++) {
		const struct dns_answer *a = ask(asks, type, names->rr[i].data);

		if (has_address(a, ip))
			return verdict(IPREV_PASS, NULL, names->rr[i].data);
		trouble = trouble || a->status == DNS_TEMPFAIL;
	}
	return trouble ? verdict(IPREV_TEMPERROR,
				 "the address of the name could not be looked "
				 "up",
				 names->rr[0].data)
		       : verdict(IPREV_FAIL,
				 "no name of the address has the address",
				 names->rr[0].data);
}

struct iprev_verdict iprev_check(struct asks *asks, struct ip ip)
{
	static const str none = { NULL, 0 };
	char reverse[IP_REVERSE_MAX];
	const struct dns_answer *names;

	if (ip.family == IP_NONE)
		return verdict(IPREV_PERMERROR, "no address to look up", none);
	names = ask(asks, DNS_PTR, ip_reverse_name(ip, reverse));
	if (!names)
		return verdict(IPREV_PENDING, NULL, none);
	if (names->status == DNS_TEMPFAIL)
		return verdict(IPREV_TEMPERROR,
			       "the name of the address could not be looked up",
			       none);
	if (!names->n)
		return verdict(IPREV_PERMERROR, "the address has no name",
			       none);
	return follow(asks, ip, names);
}
