/* primary: see publish/primary.h. */
#include "publish/primary.h"

#include "base/buf.h"
#include "base/ip.h"
#include "base/limits.h"
#include "base/tr.h"
#include "dns/name.h"

#include <stdio.h>

static const struct dns_answer *ask_now(struct arena *arena,
					struct dns_client *dns,
					enum dns_type type, str name)
{
	struct asks *asks = asks_new(arena, dns_client_resolver(dns),
				     LIMIT_QUESTIONS);

	return dns_client_ask(dns, asks, type, name);
}

/* The name at the beginning of an SOA's rdata, uncompressed. */
static bool read_name(struct arena *arena, str wire, str *out)
{
	struct buf b = buf_of(arena, DNS_NAME_MAX);

	while (wire.n && wire.p[0]) {
		size_t n = (unsigned char)wire.p[0];

		if (n > DNS_LABEL_MAX || n >= wire.n)
			return false;
		if (b.n)
			buf_putc(&b, '.');
		buf_put(&b, str_head(str_skip(wire, 1), n));
		wire = str_skip(wire, n + 1);
	}
	*out = buf_str(&b);
	return wire.n && dns_name_is_domain(*out, true);
}

bool primary_zone(struct arena *arena, struct dns_client *dns, str name,
		  str *zone, str *primary, struct err *e)
{
	for (str at = name; at.n; at = dns_name_parent(at)) {
		const struct dns_answer *a = ask_now(arena, dns, DNS_SOA, at);

		if (!a || a->status == DNS_TEMPFAIL)
			break;
		if (a->status == DNS_OK &&
		    read_name(arena, a->rr[0].data, primary)) {
			*zone = at;
			return true;
		}
	}
	return err_set(e, ERR_UNAVAILABLE,
		       _("DNS does not say which zone %.*s is in (no SOA): "
			 "does the domain exist, and does a resolver answer?"),
		       STR_ARG(name));
}

static bool add_addresses(struct arena *arena, struct dns_client *dns, str name,
			  unsigned timeout_ms, struct server *out, size_t *n)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA };
	size_t before = *n;

	for (size_t t = 0; t < 2; t++) {
		const struct dns_answer *a = ask_now(arena, dns, types[t],
						     name);

		for (size_t i = 0; a && i < a->n && *n < PRIMARY_SERVERS_MAX;
		     i++) {
			char text[IP_TEXT_MAX];
			struct err e;
			struct ip ip = ip_of_bytes(a->rr[i].data.p,
						   a->rr[i].data.n);

			(void)ip_text(ip, text);
			if (server_parse(text, timeout_ms, &out[*n], &e))
				++*n;
		}
	}
	return *n > before;
}

bool primary_find(struct arena *arena, struct dns_client *dns, str name,
		  unsigned timeout_ms, struct server *out, struct err *e)
{
	struct server all[PRIMARY_SERVERS_MAX] = { 0 };
	str zone = STR(""), primary = STR("");
	size_t n = 0;

	if (!primary_zone(arena, dns, name, &zone, &primary, e))
		return false;
	if (!add_addresses(arena, dns, primary, timeout_ms, all, &n))
		return err_set(e, ERR_UNAVAILABLE,
			       _("the primary of zone %.*s should be %.*s, "
				 "which has no address: name it with --server"),
			       STR_ARG(zone), STR_ARG(primary));
	*out = all[0];
	return true;
}

bool primary_servers(struct arena *arena, struct dns_client *dns, str zone,
		     unsigned timeout_ms, struct server *out, size_t *n,
		     struct err *e)
{
	const struct dns_answer *a = ask_now(arena, dns, DNS_NS, zone);

	*n = 0;
	for (size_t i = 0; a && i < a->n; i++)
		if (!add_addresses(arena, dns, a->rr[i].data, timeout_ms, out,
				   n))
			return err_set(e, ERR_UNAVAILABLE,
				       _("name server %.*s of zone %.*s has no "
					 "address"),
				       STR_ARG(a->rr[i].data), STR_ARG(zone));
	return *n || err_set(e, ERR_UNAVAILABLE,
			     _("DNS does not name the servers of zone %.*s"),
			     STR_ARG(zone));
}
