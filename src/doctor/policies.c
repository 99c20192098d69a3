#include "doctor/policies.h"

#include "base/limits.h"
#include "doctor/https.h"
#include "doctor/mta_sts.h"

enum { TIMEOUT_MS = 15000, DAY = 86400 };

static bool is_sts(str txt)
{
	return str_starts(txt, STR("v=STSv1;"));
}

static bool fetch(const struct ports_check *p, str web, str *text,
		  struct err *e)
{
	struct ip ips[RECORDS_ADDRESSES_MAX];
	struct https_request r = {
		.host = web,
		.path = "/.well-known/mta-sts.txt",
		.ca_file = p->ca_file,
		.now = p->m->now,
		.timeout_ms = TIMEOUT_MS,
		.max = LIMIT_MTA_STS_POLICY,
	};
	size_t n;

	if (!records_addresses(p->records, web, ips, &n) || !n)
		return err_set(e, ERR_UNAVAILABLE, _("%.*s has no address"),
			       STR_ARG(web));
	r.ip = ips[0];
	return https_get(p->m->arena, &r, text, e);
}

static enum finding_status when_bad(const struct mta_sts_policy *policy)
{
	return policy->mode == MTA_STS_ENFORCE ? FINDING_FAIL : FINDING_WARN;
}

static void check_exchangers(const struct ports_check *p, str domain,
			     const struct mta_sts_policy *policy)
{
	const struct dns_answer *a = ask(p->records->asks, DNS_MX, domain);

	for (size_t i = 0; a && i < a->n; i++) {
		str host = a->rr[i].data;
		const struct ports_chain *c = ports_chain(p, host);
		bool in = mta_sts_has(policy, host);

		if (!host.n)
			continue; /* RFC 7505: takes no mail */
		finding_put(p->f, FIND_STS_MX,
			    in ? FINDING_OK : when_bad(policy), domain,
			    ARGS(host));
		if (in && c && c->reached)
			finding_put(p->f, FIND_STS_CERT,
				    c->trusted ? FINDING_OK : when_bad(policy),
				    domain, ARGS(host));
	}
}

/* Senders who have the policy look at the record alone: with the same id the
 * policy that they have goes on (RFC 8461 3.1). */
static void check_id(const struct ports_check *p, str domain, str id,
		     const struct mta_sts_policy *policy)
{
	struct buf now = buf_of(p->m->arena, 128);
	void **slot;
	str *was;

	if (!p->remembered) {
		finding_skip(p->f, FIND_STS_ID, domain,
			     N_("what the policy was before is not known; "
				"--changes keeps it"));
		return;
	}
	buf_printf(&now, "%.*s %016llx", STR_ARG(id),
		   (unsigned long long)mta_sts_digest(p->m->arena, policy));
	slot = map_put(p->remembered, domain);
	was = *slot;
	if (was && str_eq(str_head(*was, str_find(*was, ' ')), id)) {
		/* what was first seen under the id stays, until it changes */
		finding_put(p->f, FIND_STS_ID,
			    str_eq(*was, buf_str(&now)) ? FINDING_OK
							: when_bad(policy),
			    domain, ARGS(id));
		return;
	}
	*slot = was = arena_new_of(p->m->arena, str);
	*was = buf_str(&now);
	judge(p->f, FIND_STS_ID, true, domain, ARGS(id));
}

static void check_mode(const struct ports_check *p, str url,
		       const struct mta_sts_policy *policy)
{
	static const str words[] = {
		[MTA_STS_NONE] = STR_INIT("none"),
		[MTA_STS_TESTING] = STR_INIT("testing"),
		[MTA_STS_ENFORCE] = STR_INIT("enforce"),
	};

	judge(p->f, FIND_STS_MODE, policy->mode == MTA_STS_ENFORCE, url,
	      ARGS(words[policy->mode]));
}

/* id: the record's; empty without a record that can be used. */
static void check_text(const struct ports_check *p, str domain, str id, str url,
		       str text)
{
	struct mta_sts_policy policy;
	const char *why = mta_sts_parse(text, &policy);
	struct buf age = buf_of(p->m->arena, 32);

	judge(p->f, FIND_STS_POLICY, !why, url, ARGS(str_of(why ? why : "")));
	if (why)
		return;
	if (id.n)
		check_id(p, domain, id, &policy);
	check_mode(p, url, &policy);
	if (policy.mode == MTA_STS_NONE)
		return;
	buf_printf(&age, "%u", policy.max_age);
	judge(p->f, FIND_STS_AGE,
	      policy.mode != MTA_STS_ENFORCE || policy.max_age >= DAY, url,
	      ARGS(buf_str(&age)));
	check_exchangers(p, domain, &policy);
}

/* A record promises a file.  Without a record a file is of no use. */
static void check_domain(struct ports_check *p, str domain)
{
	str name = records_name(p->m, STR("_mta-sts"), domain), first;
	str text = STR("");
	str web = records_name(p->m, STR("mta-sts"), domain);
	const struct dns_answer *a = ask(p->records->asks, DNS_TXT, name);
	struct buf url = buf_of(p->m->arena, 512);
	struct err e = { .text = "" };
	struct ip ips[RECORDS_ADDRESSES_MAX];
	bool record, got;
	size_t n;

	if (!a || a->status == DNS_TEMPFAIL)
		return;
	record = records_count(a, is_sts, &first) == 1;
	if (!record && (!records_addresses(p->records, web, ips, &n) || !n))
		return;
	buf_printf(&url, "https://%.*s/.well-known/mta-sts.txt", STR_ARG(web));
	got = fetch(p, web, &text, &e);
	if (record)
		judge(p->f, FIND_STS_FETCH, got, buf_str(&url),
		      ARGS(arena_str(p->m->arena, str_of(e.text))));
	else if (got)
		judge(p->f, FIND_STS_ALONE, false, buf_str(&url),
		      ARGS(records_line(p->m, name, STR("v=STSv1; id=1"))));
	if (got)
		check_text(p, domain,
			   record && !mta_sts_record_problem(first)
				   ? mta_sts_record_id(first)
				   : STR(""),
			   buf_str(&url), text);
}

void check_mta_sts(struct ports_check *p)
{
	if (!p->m->tree.live || p->records->zones_only)
		return;
	for (size_t i = 0; i < p->records->n_domains; i++)
		check_domain(p, p->records->domains[i]);
}
