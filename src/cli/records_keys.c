/* records_keys: the DKIM keys whose records are wanted: those named by options,
 * those in a directory, or those that the configuration signs with. */
#include "base/buf.h"
#include "cli/config.h"
#include "cli/records.h"
#include "dns/name.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

enum { KEYS_MAX = 100 };

static void free_key(void *key)
{
	privkey_free(key);
}

static bool has(const struct records_wanted *w, str selector)
{
	for (size_t i = 0; i < w->n_keys; i++)
		if (str_ieq(w->keys[i].selector, selector))
			return true;
	return false;
}

/* Takes over the key. */
static void add(struct cli *cli, struct records_wanted *w, str selector,
		struct privkey *key)
{
	struct arena_slot *slot = arena_defer_slot(cli->arena, free_key);

	arena_defer_set(slot, key);
	if (w->n_keys < KEYS_MAX && !has(w, selector))
		w->keys[w->n_keys++] = (struct records_key){
			arena_str(cli->arena, selector), key
		};
}

static bool add_file(struct cli *cli, struct records_wanted *w, str selector,
		     const char *path)
{
	struct privkey *key;

	if (!dns_name_is_domain(selector, true))
		return err_set(&cli->err, ERR_USAGE,
			       _("\"%.*s\" is not a selector"),
			       STR_ARG(str_head(selector, 100)));
	key = cli_key(cli, path);
	if (!key)
		return false;
	add(cli, w, selector, privkey_share(key));
	return true;
}

static bool from_options(struct cli *cli, struct records_wanted *w)
{
	size_t selectors, keys;
	struct args *a = &cli->args;
	const char *const *s = args_all(a, cli->arena, "selector", &selectors);
	const char *const *k = args_all(a, cli->arena, "key", &keys);

	if (selectors != keys)
		return err_set(&cli->err, ERR_USAGE,
			       _("give --selector and --key in step: one of "
				 "each for every key"));
	for (size_t i = 0; i < keys; i++)
		if (!add_file(cli, w, str_of(s[i]), k[i]))
			return false;
	return true;
}

static int is_private(const struct dirent *d)
{
	str name = str_of(d->d_name);

	return name.n > sizeof ".private" - 1 &&
	       str_iends(name, STR(".private"));
}

/* Every SELECTOR.private, as keygen leaves them. */
static bool from_directory(struct cli *cli, struct records_wanted *w,
			   const char *path)
{
	struct dirent **found;
	int n = scandir(path, &found, is_private, alphasort);
	bool ok = true;

	if (n < 0)
		return err_sys(&cli->err, _("cannot read directory %s"), path);
	for (int i = 0; i < n; i++) {
		struct buf b = buf_of(cli->arena, 8192);
		str name = str_of(found[i]->d_name);

		buf_printf(&b, "%s/%s", path, found[i]->d_name);
		ok = ok &&
		     add_file(cli, w,
			      str_head(name, name.n - sizeof ".private" + 1),
			      arena_cstr(cli->arena, buf_str(&b)));
		free(found[i]);
	}
	free(found);
	return ok;
}

static bool add_entry(struct cli *cli, struct records_wanted *w,
		      const struct snapshot *s, const struct key_entry *k)
{
	enum keystore_news news;
	struct privkey *key;

	if (!str_ieq(k->domain, w->domain))
		return true;
	key = snapshot_key(s, k, &news, &cli->err);
	if (!key)
		return false;
	add(cli, w, k->selector, key);
	return true;
}

/* Every KeyTable line that signs for the domain; "%" stands for it. */
static bool from_table(struct cli *cli, struct records_wanted *w,
		       const struct snapshot *s)
{
	struct table_entry e;
	struct key_entry k;
	size_t at = 0;

	while (table_next(s->rules.keys, &at, &e))
		if (!keytable_find(s->rules.keys, cli->arena, e.key, w->domain,
				   &k) &&
		    !add_entry(cli, w, s, &k))
			return false;
	return true;
}

/* Domain, Selector and KeyFile. */
static bool from_key_file(struct cli *cli, struct records_wanted *w,
			  const struct snapshot *s)
{
	struct table_entry e;
	struct key_entry k = {
		.domain = w->domain,
		.selector = s->rules.selector,
		.key = s->rules.key_file,
		.is_path = true,
	};

	if (!table_find(s->rules.domains, w->domain, &e) || !k.key.n ||
	    !k.selector.n)
		return true;
	return add_entry(cli, w, s, &k);
}

static bool from_config(struct cli *cli, struct records_wanted *w)
{
	struct snapshot *s = cli_key_tables(cli);
	bool ok = true;

	if (!s)
		return false;
	if (s->rules.keys)
		ok = from_table(cli, w, s);
	else if (s->rules.domains)
		ok = from_key_file(cli, w, s);
	snapshot_release(s);
	return ok;
}

/* What inkan's own layout has. */
static bool from_own_directory(struct cli *cli, struct records_wanted *w)
{
	struct buf b = buf_of(cli->arena, 1024);
	const char *path;

	buf_printf(&b, "/etc/inkan/keys/%.*s", STR_ARG(w->domain));
	path = arena_cstr(cli->arena, buf_str(&b));
	return access(path, R_OK | X_OK) != 0 || from_directory(cli, w, path);
}

bool records_find_keys(struct cli *cli, struct records_wanted *w)
{
	const char *directory = args_get(&cli->args, "directory");

	w->keys = arena_array_of(cli->arena, struct records_key, KEYS_MAX);
	if (args_has(&cli->args, "key") || args_has(&cli->args, "selector"))
		return from_options(cli, w);
	if (directory)
		return from_directory(cli, w, directory);
	if (args_has(&cli->args, "config"))
		return from_config(cli, w);
	/* nobody asked for these: trouble with them is said, and no more */
	if ((conf_default_path() && !from_config(cli, w)) ||
	    !from_own_directory(cli, w))
		(void)out_error(&cli->err);
	return true;
}
