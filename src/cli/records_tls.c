/* records_tls: MTA-STS (RFC 8461), TLS-RPT (RFC 8460), CAA (RFC 8659), and DANE
 * (RFC 7672) where the zone is signed. */
#include "base/buf.h"
#include "base/limits.h"
#include "cli/records.h"
#include "conf/file.h"
#include "crypto/cert.h"
#include "crypto/hash.h"
#include "dns/name.h"

#include <unistd.h>

enum { VALUE_MAX = 4096, ID_OCTETS = 8 };

static str hex(struct arena *arena, str bytes)
{
	struct buf b = buf_of(arena, VALUE_MAX);

	for (size_t i = 0; i < bytes.n; i++)
		buf_printf(&b, "%02x", (unsigned char)bytes.p[i]);
	return buf_str(&b);
}

static str name_under(struct arena *arena, const char *label, str name)
{
	struct buf b = buf_of(arena, DNS_NAME_MAX + 64);

	buf_printf(&b, "%s.%.*s", label, STR_ARG(name));
	return buf_str(&b);
}

static void add_reports(struct arena *arena, const struct records_wanted *w,
			struct records *r)
{
	struct buf b = buf_of(arena, VALUE_MAX);

	buf_put(&b, STR("v=TLSRPTv1; rua=mailto:"));
	if (w->rua.n)
		buf_put(&b, w->rua);
	else
		buf_printf(&b, "postmaster@%.*s", STR_ARG(w->domain));
	records_add(r, ROLE_TLS_RPT, RECORD_NOW, "TXT",
		    name_under(arena, "_smtp._tls", w->domain), buf_str(&b),
		    N_("TLS-RPT: others tell you when their TLS to your host "
		       "fails"));
}

/* The id changes exactly when the file does. */
static void add_mta_sts(struct arena *arena, const struct records_wanted *w,
			struct records *r)
{
	enum record_when when = w->mta_sts ? RECORD_NOW : RECORD_LATER;
	struct buf file = buf_of(arena, VALUE_MAX),
		   url = buf_of(arena, VALUE_MAX),
		   id = buf_of(arena, VALUE_MAX);
	str web = name_under(arena, "mta-sts", w->domain);

	buf_printf(&file,
		   "version: STSv1\nmode: testing\nmx: %.*s\n"
		   "max_age: 86400\n",
		   STR_ARG(w->host));
	buf_printf(&url, "https://%.*s/.well-known/mta-sts.txt", STR_ARG(web));
	r->policy_file = buf_str(&file);
	r->policy_url = buf_str(&url);
	buf_printf(&id, "v=STSv1; id=%.*s",
		   STR_ARG(hex(arena, str_head(hash_of(arena, HASH_SHA256,
						       r->policy_file),
					       ID_OCTETS))));
	for (size_t i = 0; i < w->n_ips; i++) {
		char text[IP_TEXT_MAX];

		records_add(r, ROLE_ADDRESS, when,
			    w->ips[i].family == IP_V4 ? "A" : "AAAA", web,
			    arena_str(arena, ip_text(w->ips[i], text)),
			    N_("MTA-STS: the web server that has the policy "
			       "file; if it is not this machine, its address"));
	}
	records_add(r, ROLE_MTA_STS, when, "TXT",
		    name_under(arena, "_mta-sts", w->domain), buf_str(&id),
		    N_("MTA-STS: others insist on TLS with a good certificate; "
		       "publish it once the policy file is served over HTTPS "
		       "(add --mta-sts then)"));
}

static void add_caa(struct arena *arena, const struct records_wanted *w,
		    struct records *r)
{
	struct buf b = buf_of(arena, VALUE_MAX);

	if (!w->ca.n)
		return;
	buf_printf(&b, "0 issue \"%.*s\"", STR_ARG(w->ca));
	records_add(r, ROLE_CAA,
		    dns_name_is_below(w->host, w->domain) ? RECORD_NOW
							  : RECORD_ELSEWHERE,
		    "CAA", w->host, buf_str(&b),
		    N_("CAA: only this authority may issue certificates for "
		       "the host; leave it out if another one does"));
}

static void add_tlsa(struct arena *arena, const struct records_wanted *w,
		     struct records *r)
{
	struct buf b = buf_of(arena, VALUE_MAX);

	if (!w->key_digest.n)
		return;
	buf_printf(&b, "3 1 1 %.*s", STR_ARG(w->key_digest));
	records_add(r, ROLE_TLSA,
		    !w->dnssec                              ? RECORD_LATER
		    : dns_name_is_below(w->host, w->domain) ? RECORD_NOW
							    : RECORD_ELSEWHERE,
		    "TLSA", name_under(arena, "_25._tcp", w->host), buf_str(&b),
		    w->dnssec
			    ? N_("DANE: the key of the host's certificate; let "
				 "certbot keep it (--reuse-key), or mail from "
				 "DANE senders stops at the next renewal")
			    : N_("DANE: works only in a zone signed with "
				 "DNSSEC, and this one is not (or could not be "
				 "asked)"));
}

void records_make_tls(struct arena *arena, const struct records_wanted *w,
		      struct records *r)
{
	add_reports(arena, w, r);
	add_mta_sts(arena, w, r);
	add_caa(arena, w, r);
	add_tlsa(arena, w, r);
}

static const char *certbot_path(struct cli *cli, str host, const char *file)
{
	struct buf b = buf_of(cli->arena, 4096);

	buf_printf(&b, "/etc/letsencrypt/live/%.*s%s", STR_ARG(host), file);
	return arena_cstr(cli->arena, buf_str(&b));
}

static bool find_digest(struct cli *cli, struct records_wanted *w)
{
	const char *path = args_get(&cli->args, "cert");
	bool asked = path;
	struct err why = { 0 };
	str text, digest;

	if (!path)
		path = certbot_path(cli, w->host, "/fullchain.pem");
	if (!file_read(cli->arena, path, LIMIT_CERTIFICATE_FILE, &text, &why) ||
	    !cert_key_digest(cli->arena, text, &digest, &why))
		return !asked ||
		       err_set(&cli->err, why.code, _("certificate %s: %s"),
			       path, why.text);
	w->key_digest = hex(cli->arena, digest);
	return true;
}

/* Is the answer about the host validated?  Without an answer: no. */
static bool ask_dnssec(struct cli *cli, str host)
{
	struct dns_client *dns = cli_dns_validating(cli);
	const struct dns_answer *a;
	struct asks *asks;

	if (!dns)
		return false;
	asks = asks_new(cli->arena, dns_client_resolver(dns), LIMIT_QUESTIONS);
	a = dns_client_ask(dns, asks, DNS_SOA, host);
	dns_client_free(dns);
	return a && a->secure;
}

static bool find_dnssec(struct cli *cli, struct records_wanted *w)
{
	const char *word = args_get(&cli->args, "dnssec");

	if (!word || strcmp(word, "auto") == 0)
		w->dnssec = w->key_digest.n && ask_dnssec(cli, w->host);
	else if (strcmp(word, "yes") == 0)
		w->dnssec = true;
	else if (strcmp(word, "no") != 0)
		return err_set(&cli->err, ERR_USAGE,
			       _("--dnssec is auto, yes or no"));
	return true;
}

bool records_find_tls(struct cli *cli, struct records_wanted *w)
{
	const char *ca = args_get(&cli->args, "ca");

	w->mta_sts = args_has(&cli->args, "mta-sts");
	if (ca && !dns_name_is_domain(str_of(ca), false))
		return err_set(&cli->err, ERR_USAGE,
			       _("--ca \"%.100s\" is not the domain of a "
				 "certificate authority"),
			       ca);
	if (!ca && access(certbot_path(cli, w->host, ""), F_OK) == 0)
		ca = "letsencrypt.org";
	w->ca = str_of(ca ? ca : "");
	return find_digest(cli, w) && find_dnssec(cli, w);
}
