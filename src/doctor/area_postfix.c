/* Postfix's files themselves, and what it needs to run: lines, names, maps,
 * relaying, TLS. */
#include "base/ascii.h"
#include "base/limits.h"
#include "doctor/areas.h"
#include "doctor/postlex.h"

#define MAIN STR("/etc/postfix/main.cf")
#define MASTER STR("/etc/postfix/master.cf")

str service_name(const struct machine *m, const struct mastercf_service *s)
{
	struct buf b = buf_of(m->arena, s->name.n + s->type.n + 2);

	buf_put(&b, s->name);
	buf_putc(&b, '/');
	buf_put(&b, s->type);
	return buf_str(&b);
}

void judge_file(struct findings *f, const struct machine *m,
		enum finding_code code, str path, str subject, const str *args)
{
	const char *p = machine_cstr(m, path);

	if (tree_hides(&m->tree, p))
		finding_skip(f, code, path,
			     N_("only root may look there: run this as root"));
	else
		judge(f, code, tree_has(&m->tree, p), subject, args);
}

static void check_lines(struct findings *f, const struct machine *m)
{
	unsigned main = m->postfix.main.bad_line,
		 master = m->postfix.master.bad_line;
	bool told = false;

	judge(f, FIND_POSTFIX_SYNTAX, !main, MAIN,
	      ARGS(machine_number(m, main)));
	judge(f, FIND_POSTFIX_SYNTAX, !master, MASTER,
	      ARGS(machine_number(m, master)));
	for (size_t i = 0; i < m->postfix.main.n; i++) {
		const struct maincf_setting *s = m->postfix.main.in_order[i];

		for (const struct maincf_setting *e = s->earlier; e;
		     e = e->earlier) {
			told = true;
			judge(f, FIND_POSTFIX_TWICE, false, MAIN,
			      ARGS(s->name, machine_number(m, e->line),
				   machine_number(m, e->end),
				   machine_number(m, s->line)));
		}
	}
	if (!told)
		judge(f, FIND_POSTFIX_TWICE, true, MAIN, NULL);
}

/* The text behind a key at the beginning of a line. */
static str line_value(str text, const char *key)
{
	const char *at = text.n ? memmem(text.p, text.n, key, strlen(key))
				: NULL;
	str rest;

	if (!at)
		return (str){ NULL, 0 };
	rest = str_skip(text, (size_t)(at - text.p) + strlen(key));
	return str_trim(str_head(rest, str_find(rest, '\n')));
}

/* "3.7" of the installed package, by dpkg; else by the distribution. */
static str postfix_version(const struct machine *m)
{
	static const struct {
		const char *line, *version;
	} systems[] = {
		{ "VERSION_ID=\"18.04\"", "3.3" },
		{ "VERSION_ID=\"20.04\"", "3.4" },
		{ "VERSION_ID=\"22.04\"", "3.6" },
		{ "VERSION_ID=\"24.04\"", "3.8" },
		{ "VERSION_ID=\"10\"", "3.4" },
		{ "VERSION_ID=\"11\"", "3.5" },
		{ "VERSION_ID=\"12\"", "3.7" },
		{ "VERSION_ID=\"13\"", "3.10" },
	};
	struct err e;
	str text, rest;

	if (tree_read(&m->tree, m->arena, "/var/lib/dpkg/status",
		      LIMIT_CONFIG_BYTES, &text, &e)) {
		const char *at = memmem(text.p, text.n, "Package: postfix\n",
					17);

		rest = at ? str_skip(text, (size_t)(at - text.p))
			  : (str){ NULL, 0 };
		rest = line_value(rest, "\nVersion: ");
		if (rest.n)
			return rest;
	}
	if (!tree_read(&m->tree, m->arena, "/etc/os-release",
		       LIMIT_MACHINE_FILE, &text, &e))
		return (str){ NULL, 0 };
	for (size_t i = 0; i < sizeof systems / sizeof *systems; i++)
		if (memmem(text.p, text.n, systems[i].line,
			   strlen(systems[i].line)))
			return str_of(systems[i].version);
	return (str){ NULL, 0 };
}

static bool at_least_3_6(str version)
{
	struct cur c = cur_of(version);
	uint32_t major = 0, minor = 0;

	return cur_uint(&c, 1000, &major) && cur_char(&c, '.') &&
	       cur_uint(&c, 1000, &minor) &&
	       (major > 3 || (major == 3 && minor >= 6));
}

static void check_level(struct findings *f, const struct machine *m)
{
	str level = postfix_value(m, NULL, STR("compatibility_level"));
	str version = postfix_version(m);
	bool dotted = str_find(level, '.') < level.n;

	if (dotted && !version.p)
		finding_put(f, FIND_POSTFIX_LEVEL, FINDING_NOTE, MAIN,
			    ARGS(level, STR("?")));
	else
		judge(f, FIND_POSTFIX_LEVEL, !dotted || at_least_3_6(version),
		      MAIN, ARGS(level, version.p ? version : STR("?")));
}

str postfix_origin(const struct machine *m, str *file)
{
	str value = postfix_value(m, NULL, STR("myorigin")), text;
	struct err e;

	*file = (str){ NULL, 0 };
	if (!str_starts(value, STR("/")))
		return value;
	*file = value;
	if (!tree_read(&m->tree, m->arena, machine_cstr(m, value),
		       LIMIT_MACHINE_FILE, &text, &e))
		return (str){ NULL, 0 };
	text = str_trim(text);
	return str_head(text, str_find(text, '\n'));
}

static void check_origin(struct findings *f, const struct machine *m)
{
	str file, origin = postfix_origin(m, &file);

	judge(f, FIND_POSTFIX_ORIGIN_FILE, origin.n > 0, MAIN,
	      ARGS(file, postfix_value(m, NULL, STR("mydomain"))));
}

struct map_kind {
	str type;
	const char *ending;
};

static const struct map_kind *map_kind(str type)
{
	static const struct map_kind kinds[] = {
		{ STR_INIT("hash"), ".db" },   { STR_INIT("btree"), ".db" },
		{ STR_INIT("lmdb"), ".lmdb" }, { STR_INIT("cdb"), ".cdb" },
		{ STR_INIT("dbm"), ".pag" },   { STR_INIT("sdbm"), ".pag" },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (str_eq(kinds[i].type, type))
			return &kinds[i];
	return NULL;
}

/* A "type:path" of a setting; others are left alone. */
static void check_map(struct findings *f, const struct machine *m, str setting,
		      str word)
{
	struct buf b = buf_of(m->arena, 4096);
	const struct map_kind *kind;
	str path;

	if (str_starts(word, STR("proxy:")))
		word = str_skip(word, 6);
	path = str_skip(word, str_find(word, ':') + 1);
	kind = map_kind(str_head(word, str_find(word, ':')));
	if (!kind || !str_starts(path, STR("/")))
		return;
	buf_put(&b, path);
	buf_put(&b, str_of(kind->ending));
	judge(f, FIND_POSTFIX_ALIASES,
	      tree_has(&m->tree, machine_cstr(m, buf_str(&b))), MAIN,
	      ARGS(setting, path, buf_str(&b),
		   str_starts(setting, STR("alias_")) ? STR("postalias")
						      : STR("postmap"),
		   word));
}

static void check_maps_of(struct findings *f, const struct machine *m,
			  str setting)
{
	struct cur c = cur_of(postfix_value(m, NULL, setting));
	str word;

	while (postlex_word(&c, &word))
		check_map(f, m, setting, word);
}

static void check_maps(struct findings *f, const struct machine *m)
{
	str database = postfix_value(m, NULL, STR("alias_database"));

	check_maps_of(f, m, STR("alias_database"));
	if (!str_eq(database, postfix_value(m, NULL, STR("alias_maps"))))
		check_maps_of(f, m, STR("alias_maps"));
	for (size_t i = 0; i < m->postfix.main.n; i++) {
		str name = m->postfix.main.in_order[i]->name;

		if (str_iends(name, STR("_maps")) &&
		    !str_eq(name, STR("alias_maps")))
			check_maps_of(f, m, name);
	}
}

/* Mail of strangers comes to an end before anything lets all of it through. */
static bool ends_for_strangers(str list)
{
	static const str ends[] = {
		STR_INIT("reject_unauth_destination"),
		STR_INIT("defer_unauth_destination"),
		STR_INIT("reject"),
		STR_INIT("defer"),
	};
	struct cur c = cur_of(list);
	str word;

	while (postlex_word(&c, &word)) {
		if (str_ieq(word, STR("permit")))
			return false;
		for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
			if (str_ieq(word, ends[i]))
				return true;
	}
	return false;
}

static void check_relay(struct findings *f, const struct machine *m,
			const struct mastercf_service *s)
{
	str relay = postfix_value(m, s, STR("smtpd_relay_restrictions"));
	str rcpt = postfix_value(m, s, STR("smtpd_recipient_restrictions"));
	str name = service_name(m, s);

	judge(f, FIND_POSTFIX_RELAY,
	      ends_for_strangers(relay) || ends_for_strangers(rcpt), name,
	      ARGS(relay, name));
}

static void check_networks(struct findings *f, const struct machine *m)
{
	str all = postfix_value(m, NULL, STR("mynetworks")), word;
	struct cur c = cur_of(all);

	while (postlex_word(&c, &word)) {
		struct ip_prefix p;

		if (hosts_entry_network(word, &p) && p.bits < 7) {
			judge(f, FIND_POSTFIX_WORLD, false, MAIN, ARGS(word));
			return;
		}
	}
	judge(f, FIND_POSTFIX_WORLD, true, MAIN, ARGS(all));
}

/* "@SECLEVEL=2" and "!aNULL" name nothing. */
static bool names_a_cipher(str list)
{
	size_t i = 0;

	while (i < list.n) {
		size_t start = i;

		while (i < list.n && list.p[i] != ':' && list.p[i] != ',' &&
		       list.p[i] != ' ')
			i++;
		if (i > start && str_find(STR("@!-+"), list.p[start]) == 4)
			return true;
		i++;
	}
	return false;
}

/* Is the grade used anywhere? */
static bool grade_used(const struct machine *m, str grade)
{
	static const str settings[] = {
		STR_INIT("smtpd_tls_ciphers"),
		STR_INIT("smtpd_tls_mandatory_ciphers"),
		STR_INIT("smtp_tls_ciphers"),
		STR_INIT("smtp_tls_mandatory_ciphers"),
	};
	const struct mastercf_service *s = NULL;

	do {
		for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
			if (str_ieq(postfix_value(m, s, settings[i]), grade))
				return true;
		s = s ? s->next : m->postfix.master.first;
	} while (s);
	return false;
}

static void check_ciphers(struct findings *f, const struct machine *m)
{
	static const struct {
		str setting, grade;
	} lists[] = {
		{ STR_INIT("tls_high_cipherlist"), STR_INIT("high") },
		{ STR_INIT("tls_medium_cipherlist"), STR_INIT("medium") },
		{ STR_INIT("tls_low_cipherlist"), STR_INIT("low") },
	};

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		str list = postfix_value(m, NULL, lists[i].setting);
		bool set = maincf_find(&m->postfix.main, lists[i].setting);
		bool good = !set || names_a_cipher(list);

		if (i == 0 || set)
			finding_put(f, FIND_POSTFIX_CIPHERS,
				    good ? FINDING_OK
				    : grade_used(m, lists[i].grade)
					    ? FINDING_FAIL
					    : FINDING_WARN,
				    lists[i].setting, ARGS(list));
	}
}

/* In a tree without the folder nothing can be said about the file. */
static bool can_say(const struct machine *m, str path)
{
	str folder = str_head(path, str_rfind(path, '/'));

	return m->tree.live || !folder.n ||
	       tree_has(&m->tree, machine_cstr(m, folder));
}

static void check_certificate_file(struct findings *f, const struct machine *m,
				   str setting)
{
	str path = postfix_value(m, NULL, setting);
	str host = postfix_value(m, NULL, STR("myhostname"));

	if (str_eq(path, STR("none")) || !path.n)
		judge(f, FIND_POSTFIX_CERT, false, MAIN,
		      ARGS(setting, STR("\"\""),
			   host_is_full(host) ? host : STR("HOST.DOMAIN")));
	else if (!can_say(m, path))
		finding_skip(f, FIND_POSTFIX_CERT, path,
			     N_("its folder is not in this tree"));
	else
		judge_file(f, m, FIND_POSTFIX_CERT, path, MAIN,
			   ARGS(setting, path,
				host_is_full(host) ? host
						   : STR("HOST.DOMAIN")));
}

static void check_tls(struct findings *f, const struct machine *m)
{
	str out = postfix_value(m, NULL, STR("smtp_tls_security_level"));

	if (postfix_value(m, NULL, STR("smtpd_tls_chain_files")).n) {
		check_certificate_file(f, m, STR("smtpd_tls_chain_files"));
	} else {
		check_certificate_file(f, m, STR("smtpd_tls_cert_file"));
		if (postfix_value(m, NULL, STR("smtpd_tls_key_file")).n)
			check_certificate_file(f, m, STR("smtpd_tls_key_file"));
	}
	judge(f, FIND_POSTFIX_TLS_OUT,
	      (out.n && !str_eq(out, STR("none"))) ||
		      postfix_is_yes(m, NULL, STR("smtp_use_tls")),
	      MAIN, ARGS(out));
}

static void check_arrival(struct findings *f, const struct machine *m,
			  const struct mastercf_service *s)
{
	str in = postfix_value(m, s, STR("smtpd_tls_security_level"));

	if (postfix_port(s) == 25 && !postfix_is_loopback(s))
		judge(f, FIND_POSTFIX_STARTTLS,
		      (in.n && !str_eq(in, STR("none"))) ||
			      postfix_is_yes(m, s, STR("smtpd_use_tls")),
		      service_name(m, s), ARGS(in));
}

static void check_size(struct findings *f, const struct machine *m)
{
	str size = postfix_value(m, NULL, STR("message_size_limit"));
	struct cur c = cur_of(size);
	uint32_t n = UINT32_MAX;
	bool read = cur_uint(&c, UINT32_MAX, &n);

	judge(f, FIND_SIZE, !read || n == 0 || n > 14000000, MAIN, ARGS(size));
}

static void check_instances(struct findings *f, const struct machine *m)
{
	str all = postfix_value(m, NULL, STR("multi_instance_directories"));
	struct cur c = cur_of(all);
	str word;

	while (postlex_word(&c, &word))
		finding_skip(f, FIND_POSTFIX, word,
			     N_("another instance of Postfix, whose files are "
				"not read"));
}

void check_postfix(struct findings *f, const struct machine *m)
{
	bool main = tree_has(&m->tree, "/etc/postfix/main.cf");

	judge(f, FIND_POSTFIX, m->postfix.whole, STR("/etc/postfix"),
	      ARGS(main ? MASTER : MAIN));
	if (!m->postfix.there)
		return;
	check_instances(f, m);
	check_lines(f, m);
	check_level(f, m);
	check_origin(f, m);
	judge_host(f, m, postfix_value(m, NULL, STR("myhostname")));
	check_maps(f, m);
	check_networks(f, m);
	check_ciphers(f, m);
	check_tls(f, m);
	check_size(f, m);
	for (const struct mastercf_service *s = m->postfix.master.first; s;
	     s = s->next)
		if (postfix_is_smtpd(s)) {
			check_relay(f, m, s);
			check_arrival(f, m, s);
		}
}

void check_machine(struct findings *f, const struct machine *m)
{
	check_postfix(f, m);
	if (m->postfix.there) {
		check_certificate(f, m);
		check_submission(f, m);
	}
	check_signer(f, m);
	if (m->signer.there && m->signer.rules.sign) {
		check_senders(f, m);
		check_keys(f, m);
	}
	if (m->postfix.there)
		check_milter(f, m);
}
