/* opendkim.conf or inkan.conf: its settings and the tables they name. */
#include "base/limits.h"
#include "conf/dataset.h"
#include "dkim/sign.h"
#include "doctor/areas.h"
#include "sign/signtable.h"

static const struct conf_value *set(const struct machine *m, const char *name)
{
	return conf_found(m->signer.conf, str_of(name));
}

bool signer_is_file(const struct table *t)
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

str signer_key_for(const struct machine *m, str domain)
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
		      ARGS(e.key, se.key_name, signer_key_for(m, domain)));
	}
	if (t && keys && !told)
		judge(f, FIND_SIGNING_KEY, true, table_name(t),
		      ARGS(STR("SigningTable")));
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
