#include "cli/records.h"

#include "base/buf.h"
#include "cli/tr.h"
#include "dkim/record_write.h"
#include "dns/name.h"

#include <ifaddrs.h>
#include <netinet/in.h>

enum { VALUE_MAX = 16384, ADDRESSES_MAX = 64 };

static bool is_global(struct ip ip)
{
	static const char *const local[] = {
		"0.0.0.0/8",      "10.0.0.0/8",     "100.64.0.0/10",
		"127.0.0.0/8",    "169.254.0.0/16", "172.16.0.0/12",
		"192.168.0.0/16", "224.0.0.0/3",    "::/127",
		"fc00::/7",       "fe80::/10",      "ff00::/8",
	};

	for (size_t i = 0; i < sizeof local / sizeof *local; i++) {
		struct ip_prefix p;

		if (ip_prefix_parse(str_of(local[i]), &p) &&
		    ip_in_prefix(ip, p))
			return false;
	}
	return true;
}

static bool address_of(const struct ifaddrs *i, struct ip *out)
{
	const void *sa = i->ifa_addr;

	if (!sa)
		return false;
	if (i->ifa_addr->sa_family == AF_INET)
		*out = ip_of_bytes(&((const struct sockaddr_in *)sa)->sin_addr,
				   4);
	else if (i->ifa_addr->sa_family == AF_INET6)
		*out = ip_of_bytes(
			&((const struct sockaddr_in6 *)sa)->sin6_addr, 16);
	else
		return false;
	return is_global(*out);
}

bool records_own_addresses(struct arena *arena, struct records_wanted *w,
			   struct err *e)
{
	struct ip *ips = arena_array_of(arena, struct ip, ADDRESSES_MAX);
	struct ifaddrs *all;

	if (getifaddrs(&all) < 0)
		return err_sys(e, _("cannot list this machine's addresses"));
	w->n_ips = 0;
	for (const struct ifaddrs *i = all; i && w->n_ips < ADDRESSES_MAX;
	     i = i->ifa_next)
		if (address_of(i, &ips[w->n_ips]))
			w->n_ips++;
	freeifaddrs(all);
	w->ips = ips;
	if (w->n_ips)
		return true;
	return err_set(e, ERR_USAGE,
		       _("this machine has no public address of its own: say "
			 "which address your mail leaves from, --ip ADDR"));
}

static void add(struct records *r, str name, str value, const char *why)
{
	r->record[r->n++] = (struct record){ name, value, "TXT", why };
}

static str spf_value(struct arena *arena, const struct records_wanted *w,
		     const char *all)
{
	struct buf b = buf_of(arena, VALUE_MAX);
	char text[IP_TEXT_MAX];

	buf_put(&b, STR("v=spf1"));
	for (size_t i = 0; i < w->n_ips; i++)
		buf_printf(&b, " ip%d:%.*s", (int)w->ips[i].family,
			   STR_ARG(ip_text(w->ips[i], text)));
	buf_printf(&b, " %s", all);
	return buf_str(&b);
}

static str joined(struct arena *arena, const char *before, str name)
{
	struct buf b = buf_of(arena, VALUE_MAX);

	buf_printf(&b, "%s%.*s", before, STR_ARG(name));
	return buf_str(&b);
}

static void add_keys(struct arena *arena, const struct records_wanted *w,
		     struct records *r)
{
	struct dkim_record_options o = { .hashes = STR("sha256") };
	size_t key_at;

	for (size_t i = 0; i < w->n_keys; i++) {
		struct buf name = buf_of(arena, VALUE_MAX);

		buf_printf(&name, "%.*s._domainkey.%.*s",
			   STR_ARG(w->keys[i].selector), STR_ARG(w->domain));
		add(r, buf_str(&name),
		    dkim_record_write(arena, w->keys[i].key, &o, &key_at),
		    N_("DKIM: the public key that your signatures are "
		       "checked with"));
	}
}

static str dmarc_value(struct arena *arena, const struct records_wanted *w)
{
	struct buf b = buf_of(arena, VALUE_MAX);

	buf_printf(&b, "v=DMARC1; p=%s; rua=mailto:", w->policy);
	if (w->rua.n)
		buf_put(&b, w->rua);
	else
		buf_printf(&b, "postmaster@%.*s", STR_ARG(w->domain));
	return buf_str(&b);
}

static const char *dmarc_why(const char *policy)
{
	if (strcmp(policy, "none") == 0)
		return N_("DMARC: asks receivers for reports and changes "
			  "nothing yet; when the reports show that all your "
			  "mail passes, go to quarantine and then reject");
	if (strcmp(policy, "quarantine") == 0)
		return N_("DMARC: mail that fails goes to the spam folder; "
			  "read the reports before you go to reject");
	return N_("DMARC: mail that fails is refused; forwarded mail and "
		  "mailing lists may be hit, so go here only with clean "
		  "reports");
}

/* RFC 9990 4: reports that go to another domain need its consent. */
static void add_consent(struct arena *arena, const struct records_wanted *w,
			struct records *r)
{
	str to = str_skip(w->rua, str_rfind(w->rua, '@') + 1);
	struct buf name = buf_of(arena, VALUE_MAX);

	if (!to.n || dns_name_is_below(to, w->domain) ||
	    (dns_name_labels(to) > 1 && dns_name_is_below(w->domain, to)))
		return;
	buf_printf(&name, "%.*s._report._dmarc.%.*s", STR_ARG(w->domain),
		   STR_ARG(to));
	add(r, buf_str(&name), STR("v=DMARC1"),
	    N_("DMARC: lets the reports go to an address in another domain; "
	       "this record belongs in the zone of that domain"));
}

void records_make(struct arena *arena, const struct records_wanted *w,
		  struct records *r)
{
	r->n = 0;
	r->domain = w->domain;
	r->ttl = w->ttl;
	r->record = arena_array_of(arena, struct record, w->n_keys + 4);
	add(r, w->domain, spf_value(arena, w, "~all"),
	    N_("SPF: the addresses that send mail of this domain; ~all, not "
	       "-all, so that forwarded mail with a good DKIM signature is "
	       "not refused before DKIM is looked at"));
	if (w->host.n && !str_ieq(w->host, w->domain))
		add(r, w->host, spf_value(arena, w, "-all"),
		    N_("SPF of the host's own name: bounces have no sender, "
		       "so receivers check the HELO name"));
	add_keys(arena, w, r);
	add(r, joined(arena, "_dmarc.", w->domain), dmarc_value(arena, w),
	    dmarc_why(w->policy));
	add_consent(arena, w, r);
}
