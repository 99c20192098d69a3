/* plan_tables: KeyTable, SigningTable, TrustedHosts and the keys,
 * from those that are there or from nothing. */
#include "base/buf.h"
#include "base/limits.h"
#include "base/tr.h"
#include "conf/dataset.h"
#include "crypto/privkey.h"
#include "dns/name.h"
#include "setup/conf_file.h"
#include "setup/plan.h"
#include "setup/postfix_file.h"
#include "sign/hosts.h"
#include "sign/signtable.h"

#include <dirent.h>
#include <limits.h>

enum { KEYS_PER_DOMAIN = 100, PATTERN_MAX = 1024 };

static const struct signing_source *source_of(const struct plan *p)
{
	return p->take_over       ? &p->m->opendkim
	       : p->m->inkan.path ? &p->m->inkan
				  : NULL;
}

static const char *key_path(const struct plan *p, str domain, str selector)
{
	struct buf b = buf_of(p->m->arena, PATH_MAX);

	buf_printf(&b, SETUP_KEYS_DIR "/%.*s/%.*s.private", STR_ARG(domain),
		   STR_ARG(selector));
	return arena_cstr(p->m->arena, buf_str(&b));
}

static const char *key_dir(const struct plan *p, str domain)
{
	return path_join(p->m->arena, SETUP_KEYS_DIR,
			 arena_cstr(p->m->arena, domain));
}

static void add_key(struct plan *p, str selector, const char *path, bool is_new)
{
	if (p->n_keys < KEYS_PER_DOMAIN)
		p->key[p->n_keys++] = (struct plan_key){ selector,
							 site_path(p->m, path),
							 is_new };
}

/* path will hold a key: `from` again, or a new one. */
static void plan_key(struct plan *p, str domain, const char *path,
		     const char *from, enum key_type type)
{
	const struct account root = { true, 0, 0 };
	struct stat st;

	plan_dir(p, key_dir(p, domain), 0711, root);
	if (stat(site_path(p->m, path), &st) == 0)
		return;
	*plan_add(p) = (struct change){
		.kind = CHANGE_KEY,
		.path = site_path(p->m, path),
		.from = from,
		.type = type,
		.after = { .exists = true,
			   .mode = 0600,
			   .uid = p->inkan.uid,
			   .gid = p->inkan.gid },
	};
}

/* A key that was opendkim's: readable, and what lies in its new place (of an
 * earlier run) is the same. */
static bool check_taken(struct plan *p, const char *from, const char *to,
			struct err *e)
{
	struct privkey *key = privkey_read(from, PRIVKEY_ANY, e);
	struct privkey *there = NULL;
	struct stat st;
	bool same = true;

	if (!key)
		return false;
	if (stat(to, &st) == 0) {
		there = privkey_read(to, PRIVKEY_ANY, e);
		same = there && str_eq(privkey_public(key, p->m->arena),
				       privkey_public(there, p->m->arena));
		if (there && !same)
			(void)err_set(e, ERR_CREATE,
				      _("%s is another key than %s: a key is "
					"never overwritten, move it away"),
				      to, from);
	}
	privkey_free(there);
	privkey_free(key);
	return same;
}

/* The KeyTable's text with every key's path below /etc/inkan/keys. */
static bool take_keys(struct plan *p, const struct signing_source *s, str *text,
		      struct err *e)
{
	const struct site *m = p->m;

	/* from the end, so that the places before stay right */
	for (size_t i = s->n_keys; i-- > 0;) {
		const struct signing_key *k = &s->keys[i];
		const char *path = NULL;

		if (k->path.p && p->take_over) {
			const char *from = site_path(m, arena_cstr(m->arena,
								   k->path));

			path = key_path(p, k->domain, k->selector);
			if (!check_taken(p, from, site_path(m, path), e))
				return false;
			plan_key(p, k->domain, path, from, KEY_RSA);
			str piece = { text->p + (k->path.p - s->key_table.p),
				      k->path.n };

			*text = text_replace(m->arena, *text, piece,
					     str_of(path));
		} else if (k->path.p) {
			path = arena_cstr(m->arena, k->path);
		}
		if (path && str_ieq(k->domain, p->wanted.domain))
			add_key(p, k->selector, path, false);
	}
	return true;
}

static str appended(struct arena *arena, str text, const char *line)
{
	struct buf b = buf_of(arena, LIMIT_CONFIG_BYTES);

	buf_put(&b, text);
	if (text.n && text.p[text.n - 1] != '\n')
		buf_putc(&b, '\n');
	buf_put(&b, str_of(line));
	buf_putc(&b, '\n');
	return buf_str(&b);
}

static str key_name(const struct plan *p, str selector)
{
	struct buf b = buf_of(p->m->arena, 512);

	buf_printf(&b, "%.*s._domainkey.%.*s", STR_ARG(selector),
		   STR_ARG(p->wanted.domain));
	return buf_str(&b);
}

static str key_line(const struct plan *p, str selector, const char *path)
{
	struct buf b = buf_of(p->m->arena, PATH_MAX + 1024);
	str name = key_name(p, selector);

	buf_printf(&b, "%.*s %.*s:%.*s:%s", STR_ARG(name),
		   STR_ARG(p->wanted.domain), STR_ARG(selector), path);
	return buf_str(&b);
}

static void put_key(struct plan *p, str selector, const char *from,
		    enum key_type type, str *table)
{
	const char *path = key_path(p, p->wanted.domain, selector);
	str line = key_line(p, selector, path);

	plan_key(p, p->wanted.domain, path, from, type);
	add_key(p, selector, path, from == NULL);
	*table = appended(p->m->arena, *table, arena_cstr(p->m->arena, line));
}

/* Keys of an earlier setup that was taken back: their records may be in DNS.
 * True: there are some. */
static bool use_kept_keys(struct plan *p, const char *kept, str *table)
{
	struct arena *arena = p->m->arena;
	const char *dir = path_join(arena, kept,
				    arena_cstr(arena, p->wanted.domain));
	DIR *d = opendir(dir);
	const struct dirent *entry;

	if (!d)
		return false;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	while ((entry = readdir(d)) && p->n_keys < KEYS_PER_DOMAIN) {
		str name = str_of(entry->d_name);

		if (str_iends(name, STR(".private")) && name.p[0] != '.')
			put_key(p,
				arena_str(arena,
					  str_head(name,
						   name.n - (sizeof ".private" -
							     1))),
				path_join(arena, dir, entry->d_name), KEY_RSA,
				table);
	}
	closedir(d);
	return p->n_keys > 0;
}

static void make_keys(struct plan *p, const char *kept, str *table)
{
	static const struct {
		const char *suffix;
		enum key_type type;
	} made[] = { { "r", KEY_RSA }, { "e", KEY_ED25519 } };

	if (use_kept_keys(p, kept, table))
		return;
	for (size_t i = 0; i < 2; i++) {
		struct buf b = buf_of(p->m->arena, 256);

		buf_printf(&b, "%.*s%s", STR_ARG(p->wanted.selector),
			   made[i].suffix);
		put_key(p, buf_str(&b), NULL, made[i].type, table);
	}
	plan_reason(p, "keys",
		    _("two keys sign every mail, RSA-2048, which everyone "
		      "reads, and Ed25519; mode 0600, inkan's own"));
}

/* Does the table sign for the domain already? */
static bool table_covers(const struct plan *p, str text, bool patterns)
{
	struct table_spec spec = { .kind = patterns ? TABLE_PATTERNS
						    : TABLE_FILE,
				   .fold = true,
				   .name = STR("SigningTable"),
				   .text = text,
				   .seed = { 1, 2 } };
	struct err ignored;
	struct table *t = table_new(p->m->arena, &spec, &ignored);
	struct signtable_walk w;
	struct sign_entry found;

	if (!t)
		return false;
	signtable_start(&w, t, p->m->arena, STR("postmaster"),
			p->wanted.domain);
	return signtable_next(&w, &found);
}

static str signing_table(struct plan *p, const struct signing_source *s,
			 bool *patterns)
{
	str text = s ? s->signing_table : STR("");
	bool stars = str_find(text, '*') < text.n;

	*patterns = !text.n || s->patterns || stars;
	if (text.n && stars && !s->patterns)
		plan_reason(p, "signing-table",
			    _("the SigningTable has patterns but was not read "
			      "as refile:, so nothing matched and mail left "
			      "unsigned"));
	if (table_covers(p, text, *patterns))
		return text;
	for (size_t i = 0; i < p->n_keys; i++) {
		struct buf b = buf_of(p->m->arena, PATTERN_MAX);
		str name = key_name(p, p->key[i].selector);

		buf_printf(&b, "%s%.*s %.*s", *patterns ? "*@" : "",
			   STR_ARG(p->wanted.domain), STR_ARG(name));
		text = appended(p->m->arena, text,
				arena_cstr(p->m->arena, buf_str(&b)));
	}
	return text;
}

static bool has_network(str text, struct ip_prefix wanted)
{
	str line;

	while (str_split(&text, '\n', &line)) {
		struct ip_prefix p;

		if (hosts_entry_network(str_trim(line), &p) &&
		    p.bits == wanted.bits && ip_equal(p.ip, wanted.ip))
			return true;
	}
	return false;
}

/* "[::1]/128" as "::1/128" */
static str without_brackets(struct arena *arena, str element)
{
	struct buf b = buf_of(arena, element.n + 1);

	for (size_t i = 0; i < element.n; i++)
		if (element.p[i] != '[' && element.p[i] != ']')
			buf_putc(&b, element.p[i]);
	return buf_str(&b);
}

/* InternalHosts: who may send without a password may also have it signed. */
static str trusted_hosts(struct plan *p, const struct signing_source *s)
{
	struct arena *arena = p->m->arena;
	str text = s ? s->hosts : STR("");
	str rest = str_of(site_postfix(p->m, "mynetworks")), element;
	static const char *const always[] = { "127.0.0.1", "::1" };
	bool added = false;

	for (size_t i = 0; i < 2; i++) {
		struct ip_prefix ip;

		if (ip_prefix_parse(str_of(always[i]), &ip) &&
		    !has_network(text, ip)) {
			text = appended(arena, text, always[i]);
			added = true;
		}
	}
	while (postfix_list_next(&rest, &element)) {
		str plain = without_brackets(arena, element);
		struct ip_prefix ip;

		if (ip_prefix_parse(plain, &ip) && !has_network(text, ip)) {
			text = appended(arena, text, arena_cstr(arena, plain));
			added = true;
		}
	}
	if (added || (s && !conffile_get(s->conf, STR("InternalHosts")).n))
		plan_reason(
			p, "internal-hosts",
			_("InternalHosts names your TrustedHosts, and every "
			  "network of mynetworks is in it: mail of your own "
			  "machines is signed too"));
	return text;
}

bool plan_tables(struct plan *p, const char *kept, struct err *e)
{
	const struct signing_source *s = source_of(p);
	str keys = s ? s->key_table : STR("");
	bool patterns;
	str signing;

	p->key = arena_array_of(p->m->arena, struct plan_key, KEYS_PER_DOMAIN);
	if (s && conffile_get(s->conf, STR("Include")).p)
		return err_set(e, ERR_CONFIG,
			       _("%s uses Include, which setup does not take "
				 "over: put everything into one file"),
			       s->path);
	if (s && !take_keys(p, s, &keys, e))
		return false;
	if (p->take_over)
		plan_reason(p, "take-over",
			    _("OpenDKIM's keys, selectors and tables go on "
			      "under inkand: no DNS record changes; its own "
			      "files stay as they are"));
	if (!p->n_keys)
		make_keys(p, kept, &keys);
	signing = signing_table(p, s, &patterns);
	return plan_file(p, SETUP_KEY_TABLE, keys, e) &&
	       plan_file(p, SETUP_SIGNING_TABLE, signing, e) &&
	       plan_file(p, SETUP_TRUSTED_HOSTS, trusted_hosts(p, s), e) &&
	       plan_conf(p, s, patterns, e);
}
