/* tables: see rotate/tables.h. */
#include "rotate/tables.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/tr.h"
#include "conf/dataset.h"
#include "conf/file.h"
#include "crypto/privkey.h"
#include "file/replace.h"
#include "sign/keytable.h"
#include "sign/signtable.h"

#include <stdlib.h>
#include <unistd.h>

static bool path_of(struct arena *arena, const char *setting, str value,
		    const char **out, struct err *e)
{
	enum table_kind kind;
	char *real;
	str path;

	if (!value.n)
		return err_set(e, ERR_CONFIG,
			       _("the configuration has no %s: inkan rotate "
				 "changes KeyTable and SigningTable, so make "
				 "them first"),
			       setting);
	if (!dataset_parse(value, &kind, &path, e))
		return false;
	if (kind == TABLE_LIST)
		return err_set(e, ERR_CONFIG,
			       _("%s is a list in the configuration itself: "
				 "write it into a file, so that it can be "
				 "changed at once"),
			       setting);
	if (kind == TABLE_ROWS)
		return err_set(e, ERR_CONFIG,
			       _("%s is a table in a database (dsn:): inkan "
				 "rotate changes files only. Publish a new "
				 "record with inkan keygen and inkan records, "
				 "then change the row"),
			       setting);
	real = realpath(arena_cstr(arena, path), NULL);
	if (!real)
		return err_sys(e, _("cannot open %s"), arena_cstr(arena, path));
	*out = arena_cstr(arena, str_of(real));
	free(real);
	return true;
}

bool tables_find(struct arena *arena, const char *config,
		 struct rotate_tables *out, struct err *e)
{
	struct problems problems;
	struct conf *c;

	problems_init(&problems, arena);
	c = conf_new(arena, &problems);
	if (!conf_read(c, config))
		return err_set(e, ERR_CONFIG,
			       _("%s cannot be used: inkand -n -x %s says "
				 "why"),
			       config, config);
	out->socket = c->socket.n ? arena_cstr(arena, c->socket) : NULL;
	out->pid_file = c->pid_file.n ? arena_cstr(arena, c->pid_file) : NULL;
	return path_of(arena, "KeyTable", c->key_table, &out->key_table, e) &&
	       path_of(arena, "SigningTable", c->signing_table,
		       &out->signing_table, e);
}

static struct table *table_of(struct arena *arena, str text, struct err *e)
{
	struct table_spec spec = { .kind = TABLE_FILE,
				   .name = STR("table"),
				   .text = text };

	return table_new(arena, &spec, e);
}

static bool read_table(struct arena *arena, const char *path, str *text,
		       struct table **out, struct err *e)
{
	if (!file_read(arena, path, LIMIT_CONFIG_BYTES, text, e))
		return false;
	*out = table_of(arena, *text, e);
	return *out;
}

/* An address that the pattern matches; empty: none is seen easily. */
static str sender_of(struct arena *arena, str pattern)
{
	struct buf b = buf_of(arena, 512);

	if (str_starts(pattern, STR("*@")))
		buf_printf(&b, "inkan-rotate%.*s",
			   STR_ARG(str_skip(pattern, 1)));
	else if (str_find(pattern, '@') < pattern.n)
		buf_put(&b, pattern);
	else
		buf_printf(&b, "inkan-rotate@%.*s", STR_ARG(pattern));
	if (str_find(buf_str(&b), '*') < b.n)
		return (str){ "", 0 };
	return buf_str(&b);
}

/* The first line of the SigningTable that names the key. */
static bool find_sender(struct arena *arena, const struct table *signing,
			str key_name, str *sender)
{
	struct table_entry e;
	struct sign_entry s;
	bool found = false;
	size_t at = 0;

	*sender = (str){ "", 0 };
	while (table_next(signing, &at, &e)) {
		if (!sign_entry_parse(&e, &s) || !str_eq(s.key_name, key_name))
			continue;
		found = true;
		if (!sender->n)
			*sender = sender_of(arena, e.key);
	}
	return found;
}

static bool take_key(struct arena *arena, struct rotation *r,
		     const struct key_entry *k, str sender, struct err *e)
{
	struct rotate_key *to = &r->keys[r->n_keys];
	struct privkey *key;

	if (k->is_path && !str_starts(k->key, STR("/")))
		return err_set(e, ERR_CONFIG,
			       _("the KeyTable names the file of key %.*s "
				 "without its folder: write the whole path"),
			       STR_ARG(k->name));
	if (!k->is_path)
		return err_set(e, ERR_CONFIG,
			       _("the KeyTable holds the key %.*s itself, not "
				 "a file: write it into a file"),
			       STR_ARG(k->name));
	if (r->n_keys == ROTATE_KEYS_MAX)
		return err_set(e, ERR_CONFIG, _("too many keys of %.*s"),
			       STR_ARG(r->domain));
	key = privkey_read(arena_cstr(arena, k->key), PRIVKEY_ANY, e);
	if (!key)
		return false;
	*to = (struct rotate_key){ .old = { k->name, k->selector, k->key },
				   .type = privkey_type(key),
				   .bits = privkey_bits(key),
				   .sender = sender };
	privkey_free(key);
	r->n_keys++;
	return true;
}

bool tables_keys(struct arena *arena, const struct rotate_tables *t,
		 struct rotation *r, struct err *e)
{
	struct table *keys, *signing;
	struct table_entry entry;
	str text, sender;
	size_t at = 0;

	r->n_keys = 0;
	if (!read_table(arena, t->key_table, &text, &keys, e) ||
	    !read_table(arena, t->signing_table, &text, &signing, e))
		return false;
	while (table_next(keys, &at, &entry)) {
		struct key_entry k;

		if (key_entry_parse(&entry, &k) ||
		    !find_sender(arena, signing, k.name, &sender))
			continue;
		if (key_entry_has_percent(&k) && str_eq(k.domain, STR("%")))
			return err_set(e, ERR_CONFIG,
				       _("key %.*s of the KeyTable signs for "
					 "every domain (%%): give each domain "
					 "a line of its own first"),
				       STR_ARG(k.name));
		if (str_ieq(k.domain, r->domain) &&
		    !take_key(arena, r, &k, sender, e))
			return false;
	}
	return r->n_keys || err_set(e, ERR_CONFIG,
				    _("no key of %s signs for %.*s: the "
				      "SigningTable must name one"),
				    t->key_table, STR_ARG(r->domain));
}

static bool has_key(const struct table *keys, str name)
{
	struct table_entry e;
	size_t at = 0;

	while (table_next(keys, &at, &e))
		if (str_eq(e.key, name))
			return true;
	return false;
}

bool tables_have(struct arena *arena, const struct rotate_tables *t, str name,
		 bool *out, struct err *e)
{
	struct table *keys;
	str text;

	if (!read_table(arena, t->key_table, &text, &keys, e))
		return false;
	*out = has_key(keys, name);
	return true;
}

static struct buf text_buf(struct arena *arena)
{
	return buf_of(arena, (size_t)LIMIT_CONFIG_BYTES * 2);
}

str tables_add_keys(struct arena *arena, str text, const struct rotation *r)
{
	struct buf b = text_buf(arena);
	struct err e;
	struct table *keys = table_of(arena, text, &e);

	buf_put(&b, text);
	for (size_t i = 0; i < r->n_keys; i++) {
		const struct rotate_side *n = &r->keys[i].new;

		if (keys && has_key(keys, n->name))
			continue;
		if (b.n && b.p[b.n - 1] != '\n')
			buf_putc(&b, '\n');
		buf_printf(&b, "%.*s %.*s:%.*s:%.*s\n", STR_ARG(n->name),
			   STR_ARG(r->domain), STR_ARG(n->selector),
			   STR_ARG(n->path));
	}
	return buf_str(&b);
}

static bool is_old(const struct rotation *r, str name)
{
	for (size_t i = 0; i < r->n_keys; i++)
		if (str_eq(r->keys[i].old.name, name))
			return true;
	return false;
}

str tables_remove_keys(struct arena *arena, str text, const struct rotation *r)
{
	struct buf b = text_buf(arena);
	struct err e;

	while (text.n) {
		size_t end = str_find(text, '\n');
		str line = str_head(text, end + 1);
		struct table *one = table_of(arena, line, &e);
		struct table_entry entry;
		size_t at = 0;

		if (!one || !table_next(one, &at, &entry) ||
		    !is_old(r, entry.key))
			buf_put(&b, line);
		text = str_skip(text, line.n);
	}
	return buf_str(&b);
}

/* The name of the key in a SigningTable's line, where it stands in the text. */
static bool key_name_in(const struct table_entry *e, str *out)
{
	struct sign_entry s;

	if (!sign_entry_parse(e, &s))
		return false;
	*out = s.key_name;
	return true;
}

str tables_rename_keys(struct arena *arena, str text, const struct rotation *r)
{
	struct buf b = text_buf(arena);
	struct table_entry entry;
	struct err e;
	struct table *signing = table_of(arena, text, &e);
	const char *done = text.p;
	size_t at = 0;
	str name;

	while (signing && table_next(signing, &at, &entry)) {
		if (!key_name_in(&entry, &name))
			continue;
		for (size_t i = 0; i < r->n_keys; i++) {
			if (!str_eq(r->keys[i].old.name, name))
				continue;
			buf_put(&b, (str){ done, (size_t)(name.p - done) });
			buf_put(&b, r->keys[i].new.name);
			done = name.p + name.n;
			break;
		}
	}
	buf_put(&b, (str){ done, (size_t)(text.p + text.n - done) });
	return buf_str(&b);
}

static bool rewrite(struct arena *arena, const char *path,
		    const struct rotation *r,
		    str (*change)(struct arena *, str, const struct rotation *),
		    struct err *e)
{
	struct stat st;
	str text, after;

	if (stat(path, &st) < 0)
		return err_sys(e, _("cannot open %s"), path);
	if (!file_read(arena, path, LIMIT_CONFIG_BYTES, &text, e))
		return false;
	after = change(arena, text, r);
	return str_eq(text, after) || replace_file(path, after, &st, e);
}

bool tables_switch(struct arena *arena, const struct rotate_tables *t,
		   const struct rotation *r, struct err *e)
{
	return rewrite(arena, t->key_table, r, tables_add_keys, e) &&
	       rewrite(arena, t->signing_table, r, tables_rename_keys, e);
}

bool tables_clean(struct arena *arena, const struct rotate_tables *t,
		  const struct rotation *r, struct err *e)
{
	struct table *signing;
	str text, sender;

	if (!read_table(arena, t->signing_table, &text, &signing, e))
		return false;
	for (size_t i = 0; i < r->n_keys; i++)
		if (find_sender(arena, signing, r->keys[i].old.name, &sender))
			return err_set(e, ERR_CONFIG,
				       _("%s names the old key %.*s again: it "
					 "cannot be revoked; inkan rotate "
					 "abort goes back to it"),
				       t->signing_table,
				       STR_ARG(r->keys[i].old.name));
	return rewrite(arena, t->key_table, r, tables_remove_keys, e);
}
