/* records: what the domain needs.  TLS's records are in records_tls.c. */
#include "cli/records.h"

#include "base/buf.h"
#include "dkim/record_write.h"
#include "dns/name.h"

enum { VALUE_MAX = 16384, OTHERS_MAX = 16 };

void records_add(struct records *r, enum record_role role,
		 enum record_when when, const char *type, str name, str value,
		 const char *why)
{
	r->record[r->n++] =
		(struct record){ name, value, type, why, role, when };
}

static void add_txt(struct records *r, enum record_role role, str name,
		    str value, const char *why)
{
	records_add(r, role, RECORD_NOW, "TXT", name, value, why);
}

static str joined(struct arena *arena, const char *before, str name)
{
	struct buf b = buf_of(arena, VALUE_MAX);

	buf_printf(&b, "%s%.*s", before, STR_ARG(name));
	return buf_str(&b);
}

static void add_host(struct arena *arena, const struct records_wanted *w,
		     struct records *r)
{
	bool inside = dns_name_is_below(w->host, w->domain);

	for (size_t i = 0; i < w->n_ips; i++) {
		char text[IP_TEXT_MAX];
		bool v4 = w->ips[i].family == IP_V4;

		records_add(r, ROLE_ADDRESS,
			    inside ? RECORD_NOW : RECORD_ELSEWHERE,
			    v4 ? "A" : "AAAA", w->host,
			    arena_str(arena, ip_text(w->ips[i], text)),
			    v4 ? N_("the mail host's address")
			       : N_("the mail host's IPv6 address; leave it "
				    "out if your mail server does not listen "
				    "on IPv6"));
	}
	records_add(r, ROLE_MX, RECORD_NOW, "MX", w->domain,
		    joined(arena, "10 ", w->host),
		    N_("MX: mail for the domain goes to this host"));
}

static void add_ptr(struct arena *arena, const struct records_wanted *w,
		    struct records *r)
{
	for (size_t i = 0; i < w->n_ips; i++) {
		char text[IP_REVERSE_MAX];

		records_add(r, ROLE_PTR, RECORD_ELSEWHERE, "PTR",
			    arena_str(arena, ip_reverse_name(w->ips[i], text)),
			    w->host,
			    N_("PTR: order it from whoever gave you the "
			       "address (your provider's panel, \"reverse "
			       "DNS\"); large receivers refuse mail from "
			       "addresses without it"));
	}
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

static void add_spf(struct arena *arena, const struct records_wanted *w,
		    struct records *r)
{
	add_txt(r, ROLE_SPF, w->domain, spf_value(arena, w, "~all"),
		N_("SPF: the addresses that send mail of this domain; ~all, "
		   "not -all, so that forwarded mail with a good DKIM "
		   "signature is not refused before DKIM is looked at"));
	if (!str_ieq(w->host, w->domain))
		records_add(r, ROLE_SPF,
			    dns_name_is_below(w->host, w->domain)
				    ? RECORD_NOW
				    : RECORD_ELSEWHERE,
			    "TXT", w->host, spf_value(arena, w, "-all"),
			    N_("SPF of the host's own name: bounces have no "
			       "sender, so receivers check the HELO name"));
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
		add_txt(r, ROLE_DKIM, buf_str(&name),
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
			  "mail passes, go to quarantine and then reject. "
			  "There is no pct=: RFC 9989 took it away, and "
			  "receivers never agreed on what it does");
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
	records_add(r, ROLE_CONSENT, RECORD_ELSEWHERE, "TXT", buf_str(&name),
		    STR("v=DMARC1"),
		    N_("DMARC: lets the reports go to an address in another "
		       "domain; this record belongs in the zone of that "
		       "domain"));
}

void records_make(struct arena *arena, const struct records_wanted *w,
		  struct records *r)
{
	*r = (struct records){ .domain = w->domain, .ttl = w->ttl };
	r->record = arena_array_of(arena, struct record,
				   w->n_keys + 3 * w->n_ips + OTHERS_MAX);
	add_host(arena, w, r);
	add_spf(arena, w, r);
	add_keys(arena, w, r);
	add_txt(r, ROLE_DMARC, joined(arena, "_dmarc.", w->domain),
		dmarc_value(arena, w), dmarc_why(w->policy));
	add_consent(arena, w, r);
	records_make_tls(arena, w, r);
	add_ptr(arena, w, r);
}
