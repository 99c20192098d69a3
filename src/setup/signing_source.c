#include "setup/signing_source.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/tr.h"
#include "setup/conf_file.h"
#include "sign/keytable.h"

enum { KEYS_MAX = 400 };

/* "file:/x", "refile:/x", "/x": the path; else absent. */
static str dataset_path(str value, bool *patterns)
{
	*patterns = str_istarts(value, STR("refile:"));
	if (*patterns)
		return str_trim(str_skip(value, sizeof "refile:" - 1));
	if (str_istarts(value, STR("file:")))
		return str_trim(str_skip(value, sizeof "file:" - 1));
	return value.n && value.p[0] == '/' ? value : (str){ NULL, 0 };
}

/* The text of the table that a setting names; empty when it is not set. */
static bool read_table(struct site *m, const struct signing_source *s, str name,
		       bool *patterns, str *text, struct err *e)
{
	str value = conffile_get(s->conf, name);
	struct file_state f;
	str path;

	*text = STR("");
	if (!value.n)
		return true;
	path = dataset_path(value, patterns);
	if (!path.n)
		return err_set(e, ERR_CONFIG,
			       _("%s: %.*s is \"%.*s\", and setup takes over "
				 "files only: put it into a file and name "
				 "that, or start inkand with this "
				 "configuration as it is"),
			       s->path, STR_ARG(name),
			       STR_ARG(str_head(value, 80)));

	const char *there = site_path(m, arena_cstr(m->arena, path));

	if (!file_look(m->arena, there, &f, e))
		return false;
	if (!f.exists)
		return err_set(e, ERR_CONFIG,
			       _("%s names %s %s, which is not there"), s->path,
			       arena_cstr(m->arena, name), there);
	*text = f.bytes;
	return true;
}

static bool take_key(struct site *m, struct signing_source *s,
		     const struct table *t, const struct table_entry *entry,
		     struct signing_key *out, struct err *e)
{
	struct key_entry k;
	const char *wrong = key_entry_parse(entry, &k);

	(void)m;
	if (!wrong && key_entry_has_percent(&k))
		wrong = _("has a \"%\", which setup cannot take over: start "
			  "inkand with this configuration as it is");
	if (wrong)
		return err_set(e, ERR_CONFIG, _("KeyTable of %s, line %u: %s"),
			       s->path, table_line(t, entry->at), wrong);
	*out = (struct signing_key){ k.domain, k.selector,
				     k.is_path ? k.key : (str){ NULL, 0 } };
	return true;
}

static bool read_keys(struct site *m, struct signing_source *s, struct err *e)
{
	struct table_spec spec = { .kind = TABLE_FILE,
				   .name = STR("KeyTable"),
				   .text = s->key_table,
				   .seed = { 1, 2 } };
	struct table *t = table_new(m->arena, &spec, e);
	struct table_entry entry;
	struct signing_key *keys;
	size_t at = 0;

	if (!t)
		return false;
	if (table_count(t) > KEYS_MAX)
		return err_set(e, ERR_CONFIG,
			       _("the KeyTable of %s has more than %d keys: "
				 "start inkand with it as it is"),
			       s->path, KEYS_MAX);
	keys = arena_array_of(m->arena, struct signing_key, table_count(t) + 1);
	while (table_next(t, &at, &entry)) {
		if (!take_key(m, s, t, &entry, &keys[s->n_keys], e))
			return false;
		s->n_keys++;
	}
	s->keys = keys;
	return true;
}

/* Domain, Selector and KeyFile as the tables that mean the same. */
static void tables_of_key_file(struct site *m, struct signing_source *s,
			       str file)
{
	struct buf keys = buf_of(m->arena, LIMIT_CONFIG_BYTES);
	struct buf table = buf_of(m->arena, LIMIT_CONFIG_BYTES);
	str selector = conffile_get(s->conf, STR("Selector"));
	str rest = conffile_get(s->conf, STR("Domain")), domain;

	while (selector.n && str_split(&rest, ',', &domain)) {
		domain = str_trim(domain);
		if (!domain.n || strpbrk(arena_cstr(m->arena, domain), "*/:"))
			continue;
		buf_printf(&keys, "%.*s._domainkey.%.*s %.*s:%.*s:%.*s\n",
			   STR_ARG(selector), STR_ARG(domain), STR_ARG(domain),
			   STR_ARG(selector), STR_ARG(file));
		buf_printf(&table, "*@%.*s %.*s._domainkey.%.*s\n",
			   STR_ARG(domain), STR_ARG(selector), STR_ARG(domain));
	}
	s->key_table = buf_str(&keys);
	s->signing_table = buf_str(&table);
	s->patterns = true;
}

/* InternalHosts, one entry a line.  The tutorials make a TrustedHosts beside
 * the KeyTable and name it nowhere: what it says is meant. */
static bool read_hosts(struct site *m, struct signing_source *s, struct err *e)
{
	str value = conffile_get(s->conf, STR("InternalHosts")), element;
	struct buf b = buf_of(m->arena, LIMIT_CONFIG_BYTES);
	struct file_state f;
	bool patterns;
	str path;

	if (!value.n) {
		str table = dataset_path(conffile_get(s->conf, STR("KeyTable")),
					 &patterns);

		path = str_head(table, str_rfind(table, '/'));
		if (!path.n)
			return true;
		if (!file_look(m->arena,
			       site_path(m,
					 path_join(m->arena,
						   arena_cstr(m->arena, path),
						   "TrustedHosts")),
			       &f, e))
			return false;
		s->hosts = f.exists ? f.bytes : STR("");
		return true;
	}
	if (dataset_path(value, &patterns).n)
		return read_table(m, s, STR("InternalHosts"), &patterns,
				  &s->hosts, e);
	while (str_split(&value, ',', &element))
		buf_printf(&b, "%.*s\n", STR_ARG(str_trim(element)));
	s->hosts = buf_str(&b);
	return true;
}

/* Old Debian packages said it in their own file. */
static str socket_of(struct site *m, const struct signing_source *s)
{
	str value = conffile_get(s->conf, STR("Socket")), line;
	struct file_state f;
	struct err ignored;

	if (!str_eq(str_of(s->path), STR(SETUP_OPENDKIM_CONF)) ||
	    !file_look(m->arena, site_path(m, "/etc/default/opendkim"), &f,
		       &ignored))
		return value;
	while (str_split(&f.bytes, '\n', &line)) {
		line = str_trim(line);
		if (!str_starts(line, STR("SOCKET=")))
			continue;
		line = str_trim(str_skip(line, sizeof "SOCKET=" - 1));
		if (line.n > 1 && (line.p[0] == '"' || line.p[0] == '\''))
			line = str_skip(str_head(line, line.n - 1), 1);
		if (line.n && str_find(line, '$') == line.n && !value.n)
			value = line;
	}
	return value;
}

bool signing_source_read(struct site *m, const char *path,
			 struct signing_source *out, struct err *e)
{
	struct signing_source s = { .path = path };
	struct file_state f;
	bool ignored;
	str file, pid;

	*out = (struct signing_source){ .path = NULL };
	if (!file_look(m->arena, site_path(m, path), &f, e))
		return false;
	if (!f.exists)
		return true;
	s.conf = f.bytes;
	s.socket = socket_of(m, &s);
	pid = conffile_get(s.conf, STR("PidFile"));
	s.pid_file = pid.n ? arena_cstr(m->arena, pid) : NULL;
	file = conffile_get(s.conf, STR("KeyFile"));
	if (!read_table(m, &s, STR("KeyTable"), &ignored, &s.key_table, e) ||
	    !read_table(m, &s, STR("SigningTable"), &s.patterns,
			&s.signing_table, e))
		return false;
	if (!conffile_get(s.conf, STR("KeyTable")).n && file.n)
		tables_of_key_file(m, &s, file);
	if (!read_keys(m, &s, e) || !read_hosts(m, &s, e))
		return false;
	if (s.n_keys)
		*out = s;
	return true;
}
