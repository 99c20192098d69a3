/* Whose mail the signer signs: domains, those below them, hosts and networks. */
#include "base/limits.h"
#include "conf/dataset.h"
#include "dns/name.h"
#include "doctor/areas.h"
#include "sign/signtable.h"

static bool aligns(str a, str b)
{
	return dns_name_is_below(a, b) || dns_name_is_below(b, a);
}

/* The domain of the senders of a line; empty: of all, or of many. */
static str sender_domain(str key)
{
	str domain = str_skip(key, str_rfind(key, '@') + 1);

	if (str_rfind(key, '@') == key.n)
		domain = key;
	if (str_starts(domain, STR("*.")))
		domain = str_skip(domain, 2);
	if (str_starts(domain, STR(".")))
		domain = str_skip(domain, 1);
	return dns_name_is_domain(domain, true) ? domain : STR("");
}

/* What the key of a line signs as; empty: as the sender's domain, or nothing. */
static str signed_as(const struct machine *m, const struct table_entry *line)
{
	struct table_entry found;
	struct sign_entry se;
	struct key_entry k;

	if (!sign_entry_parse(line, &se) ||
	    !table_find(m->signer.rules.keys, se.key_name, &found) ||
	    key_entry_parse(&found, &k) || key_entry_has_percent(&k))
		return STR("");
	return k.domain;
}

/* One of several signatures is enough. */
static bool aligns_elsewhere(const struct machine *m, str domain)
{
	const struct table *t = m->signer.rules.signing;
	struct table_entry e;
	size_t at = 0, n = 0;

	while (m->signer.rules.multiple && n++ < LIMIT_DOCTOR_LINES &&
	       table_next(t, &at, &e))
		if (str_ieq(sender_domain(e.key), domain) &&
		    aligns(signed_as(m, &e), domain))
			return true;
	return false;
}

void check_alignment(struct findings *f, const struct machine *m)
{
	const struct table *t = m->signer.rules.signing;
	struct table_entry e;
	size_t at = 0, n = 0;
	bool told = false;

	if (!t || !m->signer.rules.keys)
		return;
	while (n++ < LIMIT_DOCTOR_LINES && table_next(t, &at, &e)) {
		str from = sender_domain(e.key), as = signed_as(m, &e);

		if (!from.n || !as.n || aligns(from, as) ||
		    aligns_elsewhere(m, from))
			continue;
		told = true;
		judge(f, FIND_SIGN_ALIGN, false, table_name(t),
		      ARGS(e.key, as, from));
	}
	if (!told)
		judge(f, FIND_SIGN_ALIGN, true, table_name(t), NULL);
}

bool signer_signs(const struct machine *m, str user, str domain)
{
	struct sign_macro macro = { STR("auth_type"), STR("PLAIN") };
	struct sign_request rq = { .user = user,
				   .domain = domain,
				   .macros = &macro,
				   .n_macros = 1 };

	return m->signer.rules.sign &&
	       sign_choose(&m->signer.rules, &rq, m->arena)->action ==
		       SIGN_SIGN;
}

static str below(const struct machine *m, const char *label, str domain)
{
	struct buf b = buf_of(m->arena, 512);

	buf_printf(&b, "%s%.*s", label, STR_ARG(domain));
	return buf_str(&b);
}

static void check_domain(struct findings *f, const struct machine *m,
			 str domain)
{
	const struct table *t = m->signer.rules.signing;

	judge(f, FIND_SIGNED_DOMAIN, signer_signs(m, STR("someone"), domain),
	      m->signer.path,
	      ARGS(domain, t ? table_name(t) : STR("SigningTable"),
		   signer_key_for(m, domain),
		   t && table_kind(t) == TABLE_PATTERNS ? below(m, "*@", domain)
							: domain));
}

/* Its key signs mail of other organizations, such as a provider's second
 * signature: who signs so need not send. */
static bool signs_for_others(const struct machine *m, str domain)
{
	const struct table *t = m->signer.rules.signing;
	struct table_entry e;
	size_t at = 0, n = 0;

	while (t && m->signer.rules.keys && n++ < LIMIT_DOCTOR_LINES &&
	       table_next(t, &at, &e)) {
		str from = sender_domain(e.key);

		if (from.n && str_ieq(signed_as(m, &e), domain) &&
		    !aligns(from, domain))
			return true;
	}
	return false;
}

/* No "localdomain": a machine that nobody gave a name. */
static bool is_full(str domain)
{
	return dns_name_labels(domain) > 1 &&
	       !str_iends(domain, STR(".localdomain"));
}

/* Postfix's own domain, those of the keys, and that of root's mail. */
static void check_domains(struct findings *f, const struct machine *m)
{
	str own = postfix_value(m, NULL, STR("mydomain"));
	str list[MACHINE_DOMAINS_MAX], file, origin = postfix_origin(m, &file);
	size_t n = machine_domains(m, list);
	bool full = is_full(own);

	/* neither tables nor Domain: opendkim.key_table is what to begin with */
	if (!m->signer.rules.signing && !m->signer.rules.domains)
		return;
	for (size_t i = 0; i < n; i++) {
		if (is_full(list[i]) &&
		    (str_ieq(own, list[i]) || !signs_for_others(m, list[i])))
			check_domain(f, m, list[i]);
		full &= !str_ieq(own, list[i]);
	}
	if (full)
		check_domain(f, m, own);
	if (origin.n && is_full(n ? list[0] : own))
		judge(f, FIND_ORIGIN_SIGNED,
		      signer_signs(m, STR("root"), origin),
		      STR("/etc/postfix/main.cf"),
		      ARGS(origin, n ? list[0] : own));
}

static void check_subdomains(struct findings *f, const struct machine *m)
{
	const struct table *t = m->signer.rules.signing;
	str domains[MACHINE_DOMAINS_MAX];
	size_t n = machine_domains(m, domains);

	for (size_t i = 0; t && i < n; i++)
		if (signer_signs(m, STR("someone"), domains[i]))
			judge(f, FIND_SUBDOMAINS,
			      signer_signs(m, STR("someone"),
					   below(m, "sub.", domains[i])),
			      table_name(t),
			      ARGS(below(m, "*@", domains[i]), domains[i],
				   signer_key_for(m, domains[i])));
}

/* The tutorials' TrustedHosts: made, but not named by the one setting that signs
 * for hosts. */
static void check_trusted_hosts(struct findings *f, const struct machine *m,
				str folder)
{
	static const char *const names[] = { "TrustedHosts", "trusted.hosts",
					     "trusted_hosts", "trustedhosts" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct buf b = buf_of(m->arena, folder.n + 32);
		str path;

		buf_put(&b, folder);
		buf_put(&b, str_of(names[i]));
		path = buf_str(&b);
		if (!tree_has(&m->tree, machine_cstr(m, path)))
			continue;
		judge(f, FIND_HOSTS_FILE,
		      str_iends(m->signer.conf->internal_hosts, path), path,
		      ARGS(m->signer.path));
	}
}

/* A client of the network that is as ordinary as any. */
static struct ip client_of(struct ip_prefix p)
{
	struct ip ip = p.ip;
	size_t last = ip.family == IP_V4 ? 3 : 15;
	bool single = p.bits == (ip.family == IP_V4 ? 32 : 128);

	if (!single && ip.b[last] == 0)
		ip.b[last] = 1;
	return ip;
}

static bool is_loopback(struct ip ip)
{
	return ip.family == IP_V4 ? ip.b[0] == 127
				  : ip.b[15] == 1 && ip.b[0] == 0;
}

static void check_network(struct findings *f, const struct machine *m, str word)
{
	const struct hosts *h = m->signer.rules.internal;
	str set_to = m->signer.conf->internal_hosts;
	bool file = h && signer_is_file(h->table);
	struct table_entry by;
	struct ip_prefix p;
	struct ip ip;

	/* as IPv4 addresses these are there a second time */
	if (str_starts(word, STR("[::ffff:")) || !hosts_entry_network(word, &p))
		return;
	if (p.ip.family == IP_V6 &&
	    str_ieq(postfix_value(m, NULL, STR("inet_protocols")), STR("ipv4")))
		return;
	ip = client_of(p);
	judge(f, FIND_HOSTS_NETS,
	      h && hosts_find(h, is_loopback(ip) ? STR("localhost") : STR(""),
			      ip, &by) == HOSTS_IN,
	      m->signer.path,
	      ARGS(word,
		   file ? table_name(h->table)
			: STR("/etc/opendkim/TrustedHosts"),
		   is_loopback(ip) ? STR("localhost") : word,
		   file ? STR("") : set_to));
}

/* Addresses that have nothing to do with each other, of each family. */
static void check_world(struct findings *f, const struct machine *m)
{
	static const str strangers[2][3] = {
		{ STR_INIT("192.0.2.77"), STR_INIT("198.51.100.77"),
		  STR_INIT("203.0.113.77") },
		{ STR_INIT("2001:db8::77"), STR_INIT("2600::77"),
		  STR_INIT("3fff::77") },
	};
	const struct hosts *h = m->signer.rules.internal;
	str file = h && signer_is_file(h->table) ? table_name(h->table)
						 : m->signer.path;
	struct table_entry by = { .key = STR("") };
	bool all = false;

	for (size_t i = 0; h && i < 2 && !all; i++) {
		all = true;
		for (size_t j = 0; j < 3 && all; j++) {
			struct ip ip;

			all = ip_parse(strangers[i][j], &ip) &&
			      hosts_find(h, STR(""), ip, &by) == HOSTS_IN;
		}
	}
	judge(f, FIND_HOSTS_WORLD, !all, file, ARGS(by.key));
}

static void check_networks(struct findings *f, const struct machine *m)
{
	str nets = postfix_value(m, NULL, STR("mynetworks")), word;
	size_t n = 0;

	while (nets.n && n++ < LIMIT_DOCTOR_LINES) {
		size_t i = 0;

		while (i < nets.n && nets.p[i] != ',' && nets.p[i] != ' ' &&
		       nets.p[i] != '\t')
			i++;
		word = str_head(nets, i);
		nets = str_trim(str_skip(nets, i + 1));
		if (word.n)
			check_network(f, m, word);
	}
}

void check_senders(struct findings *f, const struct machine *m)
{
	const struct table *keys = m->signer.rules.keys;
	str folder = keys && signer_is_file(keys) ? table_name(keys)
						  : STR("/etc/opendkim/");

	folder = str_head(folder, str_rfind(folder, '/') + 1);
	check_trusted_hosts(f, m, folder);
	if (!m->signer.ours && !str_eq(folder, STR("/etc/opendkim/")))
		check_trusted_hosts(f, m, STR("/etc/opendkim/"));
	check_subdomains(f, m);
	check_world(f, m);
	if (!m->postfix.there)
		return;
	check_domains(f, m);
	check_networks(f, m);
}
