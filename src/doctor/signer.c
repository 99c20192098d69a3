/* signer: opendkim.conf or inkan.conf of a tree, and the tables it names, as
 * inkand and opendkim read them. */
#include "base/limits.h"
#include "conf/dataset.h"
#include "conf/lex.h"
#include "conf/names.h"
#include "doctor/machine.h"

static void complain(struct signer *s, str file, unsigned line,
		     const char *text)
{
	problem_add(&s->problems, PROBLEM_ERROR, file, line, "%s", text);
}

/* "FILE:LINE", which is what set a value. */
static str place(const struct machine *m, str file, unsigned line)
{
	struct buf b = buf_of(m->arena, 4200);

	buf_printf(&b, "%.*s:%u", STR_ARG(file), line);
	buf_putc(&b, '\0');
	return (str){ b.p, b.n - 1 };
}

/* Recursion: bounded by LIMIT_INCLUDES. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static bool read_settings(struct machine *m, const char *path, unsigned depth)
{
	struct signer *s = &m->signer;
	str file = str_of(path), text, name, value;
	struct err e;
	struct lex l;

	if (!tree_read(&m->tree, m->arena, path, LIMIT_CONFIG_BYTES, &text,
		       &e)) {
		if (depth)
			complain(s, file, 0, e.text);
		return false;
	}
	l = lex_of(text);
	while (lex_next(&l, &name, &value))
		if (!str_ieq(name, STR("Include")))
			(void)conf_set(s->conf, name, value,
				       place(m, file, l.line));
		else if (depth < LIMIT_INCLUDES)
			(void)read_settings(m, machine_cstr(m, value),
					    depth + 1);
	return true;
}

static bool read_text(struct machine *m, str name, str path,
		      struct table_spec *spec, struct err *e)
{
	bool list = spec->kind == TABLE_LIST;

	spec->name = list ? name : path;
	spec->text = path;
	return list || tree_read(&m->tree, m->arena, machine_cstr(m, path),
				 LIMIT_CONFIG_BYTES, &spec->text, e);
}

/* Of a database: only this machine's is asked. */
static const struct table *open_rows(struct machine *m, str name, str text,
				     bool fold)
{
	struct dataset_options options = { .fold = fold, .seed = m->seed };
	struct signer *s = &m->signer;

	if (m->tree.live)
		return dataset_open(s->conf, name, text, &options);
	complain(s, conf_file(s->conf, name), 0,
		 "a table in a database (dsn:) is not read for files that are "
		 "looked at elsewhere (--root)");
	return NULL;
}

/* The table that a setting's value names; NULL: none, or it cannot be read. */
static const struct table *open_table(struct machine *m, str name, str text,
				      bool fold)
{
	struct table_spec spec = { .fold = fold, .seed = m->seed };
	struct signer *s = &m->signer;
	const struct table *t = NULL;
	struct err e;
	str path;

	if (!text.n)
		return NULL;
	if (dataset_parse(text, &spec.kind, &path, &e)) {
		if (spec.kind == TABLE_ROWS)
			return open_rows(m, name, text, fold);
		if (read_text(m, name, path, &spec, &e))
			t = table_new(m->arena, &spec, &e);
	}
	if (!t)
		complain(s, conf_file(s->conf, name), 0, e.text);
	return t;
}

static const struct hosts *open_hosts(struct machine *m, str name, str text)
{
	const struct table *t = open_table(m, name, text, true);

	return t ? hosts_new(m->arena, t, m->seed) : NULL;
}

static void open_rules(struct machine *m)
{
	struct signer *s = &m->signer;
	const struct conf *c = s->conf;
	struct sign_rules *r = &s->rules;
	str wrong;

	r->sign = (c->mode & CONF_MODE_SIGN) != 0;
	r->verify = (c->mode & CONF_MODE_VERIFY) != 0;
	r->multiple = c->multiple_signatures;
	r->sub_domains = c->sub_domains;
	r->peers = open_hosts(m, STR("PeerList"), c->peer_list);
	r->internal = open_hosts(m, STR("InternalHosts"), c->internal_hosts);
	r->exempt = open_table(m, STR("ExemptDomains"), c->exempt_domains,
			       true);
	r->mta = open_table(m, STR("MTA"), c->mta, false);
	r->macros = open_table(m, STR("MacroList"), c->macro_list, false);
	r->domains = open_table(m, STR("Domain"), c->domain, true);
	r->signing = open_table(m, STR("SigningTable"), c->signing_table, true);
	r->keys = open_table(m, STR("KeyTable"), c->key_table, false);
	r->selector = c->selector;
	r->key_file = c->key_file;
	s->headers = names_edit(m->arena,
				open_table(m, STR("SignHeaders"),
					   c->sign_headers, true),
				dkim_names_opendkim, &wrong);
	s->oversigned = names_edit(m->arena,
				   open_table(m, STR("OversignHeaders"),
					      c->oversign_headers, true),
				   (struct dkim_names){ NULL, 0 }, &wrong);
}

/* Older packages of opendkim take the socket from here. */
static void read_default(struct machine *m)
{
	str text, line, value = { NULL, 0 };
	struct err e;

	if (!tree_read(&m->tree, m->arena, "/etc/default/opendkim",
		       LIMIT_MACHINE_FILE, &text, &e))
		return;
	while (str_split(&text, '\n', &line))
		if (str_starts(line, STR("SOCKET=")))
			value = str_trim(str_skip(line, 7));
	if (value.n > 1 && (*value.p == '"' || *value.p == '\''))
		value = (str){ value.p + 1, value.n - 2 };
	if (value.n && str_find(value, '$') == value.n)
		(void)conf_set(m->signer.conf, STR("Socket"), value,
			       STR("/etc/default/opendkim"));
}

void signer_read(struct machine *m, const char *config)
{
	static const char *const paths[] = { "/etc/inkan/inkan.conf",
					     "/etc/opendkim.conf" };
	struct signer *s = &m->signer;

	problems_init(&s->problems, m->arena);
	s->conf = conf_new(m->arena, &s->problems);
	for (size_t i = 0; !config && i < sizeof paths / sizeof *paths; i++)
		if (tree_has(&m->tree, paths[i]))
			config = paths[i];
	if (!config)
		return;
	s->path = arena_str(m->arena, str_of(config));
	s->ours = str_iends(s->path, STR("/inkan.conf"));
	s->there = read_settings(m, config, 0);
	if (!s->conf->socket.n && !s->ours)
		read_default(m);
	(void)conf_finish(s->conf);
	if (s->there)
		open_rules(m);
}

static void add(str domains[MACHINE_DOMAINS_MAX], size_t *n, str domain)
{
	if (!domain.n || *n == MACHINE_DOMAINS_MAX ||
	    str_find(domain, '%') < domain.n)
		return;
	for (size_t i = 0; i < *n; i++)
		if (str_ieq(domains[i], domain))
			return;
	domains[(*n)++] = domain;
}

size_t machine_domains(const struct machine *m,
		       str domains[MACHINE_DOMAINS_MAX])
{
	const struct sign_rules *r = &m->signer.rules;
	const struct table *t = r->keys ? r->keys : r->domains;
	struct table_entry e;
	size_t n = 0, at = 0;

	while (t && table_next(t, &at, &e)) {
		struct key_entry k;

		if (t == r->domains)
			add(domains, &n, e.key);
		else if (!key_entry_parse(&e, &k))
			add(domains, &n, k.domain);
	}
	if (!n && m->postfix.there)
		add(domains, &n, postfix_value(m, NULL, STR("mydomain")));
	return n;
}
