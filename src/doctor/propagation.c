#include "doctor/propagation.h"

#include "base/limits.h"
#include "doctor/records.h"
#include "publish/primary.h"

enum { NAMES_MAX = 40 };

struct zone_servers {
	str zone;
	struct server server[PRIMARY_SERVERS_MAX];
	size_t n;
};

static const struct dns_answer *ask_now(struct propagation *p, str name)
{
	struct asks *asks = asks_new(p->m->arena, dns_client_resolver(p->dns),
				     1);

	return dns_client_ask(p->dns, asks, DNS_TXT, name);
}

/* Every value of one is in the other, and as many. */
static bool same(const struct propagation *p, const struct server_answer *there,
		 const struct dns_answer *here)
{
	size_t n = server_count(there);

	if (n != here->n)
		return false;
	for (size_t i = 0; i < n; i++) {
		str value = server_value_at(p->m->arena, there, i);
		bool found = false;

		for (size_t j = 0; j < here->n && !found; j++)
			found = str_eq(value, here->rr[j].data);
		if (!found)
			return false;
	}
	return true;
}

static void note(struct buf *b, const struct server *s, const char *what)
{
	buf_put(b, b->n ? STR("; ") : STR(""));
	buf_printf(b, "%s: %s", s->text, what);
}

static bool check_name(struct propagation *p, const struct zone_servers *z,
		       str name)
{
	const struct dns_answer *here = ask_now(p, name);
	struct buf differ = buf_of(p->m->arena, 4096);

	if (!here || here->status == DNS_TEMPFAIL)
		return true; /* told where the record is looked at */
	for (size_t i = 0; i < z->n; i++) {
		struct server_answer there;
		struct err e;

		if (!server_ask(p->m->arena, &z->server[i], DNS_TXT, name,
				&there, &e) ||
		    !there.authoritative || there.alias)
			continue;
		if (!same(p, &there, here))
			note(&differ, &z->server[i],
			     server_count(&there) ? "another value"
						  : "no record");
	}
	judge(p->f, FIND_PROPAGATION, differ.n == 0, name,
	      ARGS(buf_str(&differ), machine_number(p->m, here->ttl)));
	return differ.n == 0;
}

/* A server that is silent, or knows nothing of the zone. */
static bool check_servers(struct propagation *p, const struct zone_servers *z)
{
	bool good = true;

	for (size_t i = 0; i < z->n; i++) {
		struct server_answer a;
		struct err e = { .text = "" };
		bool ok = server_ask(p->m->arena, &z->server[i], DNS_SOA,
				     z->zone, &a, &e);

		good &= ok && a.authoritative;
		judge(p->f, FIND_SERVER, ok && a.authoritative,
		      arena_str(p->m->arena, str_of(z->server[i].text)),
		      ARGS(z->zone,
			   ok ? str_of(server_rcode(a.rcode))
			      : arena_str(p->m->arena, str_of(e.text))));
	}
	return good;
}

static bool find_servers(struct propagation *p, str domain,
			 struct zone_servers *z)
{
	str primary;
	struct err e;

	return primary_zone(p->m->arena, p->dns, domain, &z->zone, &primary,
			    &e) &&
	       primary_servers(p->m->arena, p->dns, z->zone, p->timeout_ms,
			       z->server, &z->n, &e);
}

static size_t names_of(const struct propagation *p, str domain,
		       str names[NAMES_MAX])
{
	const struct table *t = p->m->signer.rules.keys;
	struct table_entry e;
	size_t at = 0, n = 0;

	names[n++] = domain;
	names[n++] = records_name(p->m, STR("_dmarc"), domain);
	while (t && n < NAMES_MAX && table_next(t, &at, &e)) {
		struct key_entry k;

		if (!key_entry_parse(&e, &k) && str_ieq(k.domain, domain))
			names[n++] = records_name(
				p->m,
				records_name(p->m, k.selector,
					     STR("_domainkey")),
				domain);
	}
	return n;
}

bool check_propagation(struct propagation *p)
{
	bool all = true;

	for (size_t i = 0; i < p->n_domains; i++) {
		struct zone_servers *z = arena_new_of(p->m->arena,
						      struct zone_servers);
		str names[NAMES_MAX];
		size_t n = names_of(p, p->domains[i], names);

		if (!find_servers(p, p->domains[i], z)) {
			finding_skip(p->f, FIND_SERVER, p->domains[i],
				     N_("the DNS does not name the servers of "
					"its zone"));
			continue;
		}
		all &= check_servers(p, z);
		for (size_t j = 0; j < n; j++)
			all &= check_name(p, z, names[j]);
	}
	return all;
}
