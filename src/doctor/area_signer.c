/* opendkim.conf or inkan.conf: its settings and the tables they name. */
#include "base/limits.h"
#include "conf/dataset.h"
#include "dkim/sign.h"
#include "dns/name.h"
#include "doctor/areas.h"
#include "sign/signtable.h"

static const struct conf_value *set(const struct machine *m, const char *name)
{
	return conf_found(m->signer.conf, str_of(name));
}

static bool is_file(const struct table *t)
{
	return t && table_kind(t) != TABLE_LIST;
}

static void check_settings(struct findings *f, const struct machine *m)
{
	const struct signer *s = &m->signer;
	bool told = false;

	for (const struct problem *p = s->problems.first; p; p = p->next) {
		struct buf b = buf_of(m->arena, 4096);
		enum finding_status status = p->level == PROBLEM_ERROR
						     ? FINDING_FAIL
						     : FINDING_WARN;

		if (p->level == PROBLEM_NOTE)
			continue;
		problem_write(&b, p);
		told = true;
		finding_put(f, FIND_SIGNER_SETTING, status, s->path,
			    ARGS(buf_str(&b)));
	}
	if (!told)
		judge(f, FIND_SIGNER_SETTING, true, s->path, NULL);
}

/* "-p SOCKET" of the last ExecStart= of a unit; absent: none. */
static str unit_socket(const struct machine *m, const char *path)
{
	str text, line, found = { NULL, 0 };
	struct err e;

	if (!tree_read(&m->tree, m->arena, path, LIMIT_MACHINE_FILE, &text, &e))
		return found;
	while (str_split(&text, '\n', &line)) {
		const char *at = memmem(line.p, line.n, " -p ", 4);

		if (!str_starts(str_trim(line), STR("ExecStart=")) || !at)
			continue;
		found = str_trim(str_skip(line, (size_t)(at - line.p) + 4));
		found = str_head(found, str_find(found, ' '));
	}
	return found;
}

/* An option of the command line wins over the file. */
static void check_units(struct findings *f, const struct machine *m)
{
	const char *paths[8] = { "/etc/systemd/system/opendkim.service" };
	size_t n = 1 + tree_glob(&m->tree, m->arena,
				 "/etc/systemd/system/opendkim.service.d/"
				 "*.conf",
				 paths + 1, 7);

	str meant = m->signer.conf->socket;
	bool told = m->signer.ours;

	for (size_t i = 0; i < n && !m->signer.ours; i++) {
		str socket = unit_socket(m, paths[i]);

		if (socket.n && !str_eq(socket, meant)) {
			told = true;
			judge(f, FIND_SOCKET_UNIT, false, str_of(paths[i]),
			      ARGS(socket, meant));
		}
	}
	if (!told)
		judge(f, FIND_SOCKET_UNIT, true, m->signer.path,
		      ARGS(meant, meant));
}

static void check_anchor(struct findings *f, const struct machine *m)
{
	str path = m->signer.conf->trust_anchor_file;

	if (path.n)
		judge(f, FIND_TRUST_ANCHOR,
		      tree_has(&m->tree, machine_cstr(m, path)), m->signer.path,
		      ARGS(path));
}

static void check_tables(struct findings *f, const struct machine *m)
{
	const struct sign_rules *r = &m->signer.rules;
	const struct conf *c = m->signer.conf;
	bool single = c->key_file.p && c->domain.p;
	str keys = c->key_table.p ? c->key_table : STR("KeyTable");
	str signing = c->signing_table.p ? c->signing_table
					 : STR("SigningTable");

	if (single && !c->key_table.p && !c->signing_table.p)
		return;
	judge(f, FIND_KEY_TABLE, r->keys && table_count(r->keys),
	      m->signer.path, ARGS(keys));
	judge(f, FIND_SIGNING_TABLE, r->signing && table_count(r->signing),
	      m->signer.path, ARGS(signing));
}

/* "*@domain" has its meaning in refile: only. */
static bool is_star(str key)
{
	size_t star = str_find(key, '*');

	return star < key.n && !str_eq(key, STR("*")) &&
	       !(str_iends(key, STR("@*")) && star == key.n - 1);
}

static void check_patterns(struct findings *f, const struct machine *m)
{
	const struct table *t = m->signer.rules.signing;
	struct table_entry e;
	size_t at = 0;

	while (t && table_kind(t) == TABLE_FILE && table_next(t, &at, &e))
		if (is_star(e.key)) {
			judge(f, FIND_PATTERN, false, m->signer.path,
			      ARGS(table_name(t), e.key));
			return;
		}
	if (t)
		judge(f, FIND_PATTERN, true, m->signer.path,
		      ARGS(table_name(t)));
}

/* The name of a key to be used for a domain: its own, or the first. */
static str key_for(const struct machine *m, str domain)
{
	const struct table *t = m->signer.rules.keys;
	str first = STR("KEYNAME");
	struct table_entry e;
	size_t at = 0;

	while (t && table_next(t, &at, &e)) {
		struct key_entry k;

		if (key_entry_parse(&e, &k))
			continue;
		if (str_ieq(k.domain, domain))
			return k.name;
		if (str_eq(first, STR("KEYNAME")))
			first = k.name;
	}
	return first;
}

static void check_signing_keys(struct findings *f, const struct machine *m)
{
	const struct table *t = m->signer.rules.signing,
			   *keys = m->signer.rules.keys;
	struct table_entry e, found;
	size_t at = 0, told = 0;

	while (t && keys && told < LIMIT_DOCTOR_LINES &&
	       table_next(t, &at, &e)) {
		struct sign_entry se;
		str domain = str_skip(e.key, str_rfind(e.key, '@') + 1);

		if (!sign_entry_parse(&e, &se) ||
		    str_find(se.key_name, '%') < se.key_name.n ||
		    table_find(keys, se.key_name, &found))
			continue;
		told++;
		judge(f, FIND_SIGNING_KEY, false, table_name(t),
		      ARGS(e.key, se.key_name, key_for(m, domain)));
	}
	if (t && keys && !told)
		judge(f, FIND_SIGNING_KEY, true, table_name(t),
		      ARGS(STR("SigningTable")));
}

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

static void check_alignment(struct findings *f, const struct machine *m)
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

static bool key_is_used(const struct table *signing, str name)
{
	struct table_entry e;
	size_t at = 0;

	while (table_next(signing, &at, &e)) {
		struct sign_entry se;

		if (sign_entry_parse(&e, &se) &&
		    (str_eq(se.key_name, name) ||
		     str_find(se.key_name, '%') < se.key_name.n))
			return true;
	}
	return false;
}

static void check_key_lines(struct findings *f, const struct machine *m)
{
	const struct table *t = m->signer.rules.keys,
			   *signing = m->signer.rules.signing;
	struct table_entry e;
	size_t at = 0, seen = 0;
	bool told = false;

	while (t && seen++ < LIMIT_DOCTOR_LINES && table_next(t, &at, &e)) {
		struct key_entry k;
		const char *why = key_entry_parse(&e, &k);

		told |= why != NULL;
		if (why)
			judge(f, FIND_KEY_LINE, false, table_name(t),
			      ARGS(e.key, str_of(why)));
		if (signing && table_count(signing) <= LIMIT_DOCTOR_LINES)
			judge(f, FIND_KEY_UNUSED, key_is_used(signing, e.key),
			      table_name(t),
			      ARGS(e.key,
				   machine_number(m, table_line(t, e.at))));
	}
	if (t && !told)
		judge(f, FIND_KEY_LINE, true, table_name(t),
		      ARGS(table_name(t)));
}

static void check_overruled(struct findings *f, const struct machine *m)
{
	static const char *const names[] = { "Selector", "KeyFile" };
	bool told = false;

	for (size_t i = 0;
	     m->signer.conf->key_table.p && i < sizeof names / sizeof *names;
	     i++) {
		const struct conf_value *v = set(m, names[i]);
		bool gone = v && i == 1 &&
			    !tree_has(&m->tree, machine_cstr(m, v->value));

		if (!v)
			continue;
		told = true;
		judge(f, FIND_SELECTOR_UNUSED, false, m->signer.path,
		      ARGS(str_of(names[i]), v->value,
			   gone ? STR("; there is no such file") : STR("")));
	}
	if (!told)
		judge(f, FIND_SELECTOR_UNUSED, true, m->signer.path, NULL);
}

static void check_headers(struct findings *f, const struct machine *m)
{
	static const str wanted[] = { STR_INIT("Message-ID"),
				      STR_INIT("MIME-Version"),
				      STR_INIT("Content-Type") };
	struct buf missing = buf_of(m->arena, 256);

	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		if (!dkim_names_hold(m->signer.headers, wanted[i]) &&
		    !dkim_names_hold(m->signer.oversigned, wanted[i])) {
			buf_put(&missing, missing.n ? STR(", ") : STR(""));
			buf_put(&missing, wanted[i]);
		}
	judge(f, FIND_HEADERS, missing.n == 0, m->signer.path,
	      ARGS(buf_str(&missing)));
}

static void check_form(struct findings *f, const struct machine *m)
{
	const struct conf *c = m->signer.conf;
	struct conf_canon canon = c->canonicalization;
	struct buf b = buf_of(m->arena, 32);

	buf_printf(&b, "%s/%s", canon.header_relaxed ? "relaxed" : "simple",
		   canon.body_relaxed ? "relaxed" : "simple");
	judge(f, FIND_CANON, canon.header_relaxed && canon.body_relaxed,
	      m->signer.path, ARGS(buf_str(&b)));
	if (!m->signer.ours)
		judge(f, FIND_RESOLVER, c->nameservers.n > 0, m->signer.path,
		      ARGS(c->nameservers.n ? c->nameservers
					    : STR("127.0.0.53")));
}

bool signs_elsewhere(const struct machine *m)
{
	static const char *const folders[] = { "/etc/rspamd", "/etc/amavis",
					       "/etc/dkimpy-milter" };

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (!m->signer.there && tree_has(&m->tree, folders[i]))
			return true;
	return false;
}

void check_signer(struct findings *f, const struct machine *m)
{
	const struct signer *s = &m->signer;

	if (signs_elsewhere(m)) {
		finding_skip(f, FIND_SIGNER, STR("/etc"),
			     N_("rspamd, amavis or dkimpy-milter is there, "
				"whose files are not read"));
		return;
	}
	judge(f, FIND_SIGNER, s->there, s->path.p ? s->path : STR("/etc"),
	      ARGS(s->path));
	if (!s->there)
		return;
	check_settings(f, m);
	check_anchor(f, m);
	check_units(f, m);
	judge(f, FIND_MODE, s->rules.sign, s->path,
	      ARGS(set(m, "Mode") ? set(m, "Mode")->value : STR("sv")));
	if (!s->rules.sign)
		return;
	check_tables(f, m);
	check_patterns(f, m);
	check_signing_keys(f, m);
	check_alignment(f, m);
	check_key_lines(f, m);
	check_overruled(f, m);
	check_headers(f, m);
	check_form(f, m);
}

/* ---- whose mail is signed */

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
		   key_for(m, domain),
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
				   key_for(m, domains[i])));
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
	bool file = h && is_file(h->table);
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
	str file = h && is_file(h->table) ? table_name(h->table)
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
	str folder = keys && is_file(keys) ? table_name(keys)
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
