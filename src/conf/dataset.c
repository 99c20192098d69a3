#include "conf/dataset.h"

#include "base/ip.h"
#include "conf/file.h"
#include "sqltable/rows.h"

/* Of a table; its lines are bounded by LIMIT_TABLE_ENTRIES. */
#define TABLE_BYTES_MAX ((size_t)UINT32_MAX - 1)

static const struct {
	str prefix;
	const char *advice;
} refused[] = {
	{ STR_INIT("db"), "Berkeley DB tables are not read: write the entries "
			  "into a text file (KEY VALUE lines) and name it with "
			  "file:" },
	{ STR_INIT("ldap"), "LDAP is not asked: export into a text file" },
	{ STR_INIT("ldaps"), "LDAP is not asked: export into a text file" },
	{ STR_INIT("ldapi"), "LDAP is not asked: export into a text file" },
	{ STR_INIT("lua"), "Lua scripts are not run: use file: or refile:" },
	{ STR_INIT("memcache"),
	  "memcached is not asked: use file: or refile:" },
	{ STR_INIT("mdb"), "LMDB tables are not read: use file: or refile:" },
	{ STR_INIT("lmdb"), "LMDB tables are not read: use file: or refile:" },
	{ STR_INIT("erlang"), "Erlang is not asked: use file: or refile:" },
	{ STR_INIT("socket"), "sockets are not asked: use file: or refile:" },
	{ STR_INIT("repute"), "reputation services are not asked" },
	{ STR_INIT("redis"), "Redis is not asked: use file: or refile:" },
	{ STR_INIT("http"), "web servers are not asked: use file: or refile:" },
	{ STR_INIT("https"),
	  "web servers are not asked: use file: or refile:" },
	{ STR_INIT("vault"), "Vault is not asked: use file: or refile:" },
};

static bool refuse(str prefix, struct err *e)
{
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if (str_ieq(prefix, refused[i].prefix))
			return err_set(e, ERR_CONFIG, "%s", refused[i].advice);
	return err_set(
		e, ERR_CONFIG,
		"there is no kind of table called \"%.*s\": file:, "
		"refile:, dsn: and csl: are known (a list whose first element "
		"holds a colon begins with csl:)",
		STR_ARG(str_head(prefix, 40)));
}

/* "::1,127.0.0.1" is meant as a list; opendkim takes "" for a kind. */
static bool begins_with_address(str text)
{
	struct ip_prefix p;
	str first = str_trim(str_head(text, str_find(text, ',')));

	if (str_starts(first, STR("!")))
		first = str_skip(first, 1);
	return str_starts(first, STR("[")) || ip_prefix_parse(first, &p);
}

bool dataset_parse(str text, enum table_kind *kind, str *path, struct err *e)
{
	str head = str_head(text, str_find(text, ','));
	size_t colon = str_find(head, ':');
	str prefix = str_head(head, colon);
	str rest = str_skip(text, colon + 1);

	*kind = TABLE_LIST;
	*path = text;
	if (str_starts(text, STR("/"))) {
		*kind = TABLE_FILE;
		return !str_iends(text, STR(".db")) || refuse(STR("db"), e);
	}
	if (colon == head.n)
		return !str_iends(text, STR(".db")) || refuse(STR("db"), e);
	*path = rest;
	if (str_ieq(prefix, STR("csl")))
		return true;
	if (str_ieq(prefix, STR("dsn"))) {
		*path = text; /* all of it: filter= may hold a comma */
		*kind = TABLE_ROWS;
		return true;
	}
	if (str_ieq(prefix, STR("file")) || str_ieq(prefix, STR("refile"))) {
		*kind = str_ieq(prefix, STR("file")) ? TABLE_FILE
						     : TABLE_PATTERNS;
		return rest.n > 0 ||
		       err_set(e, ERR_CONFIG, "%.*s: names no file",
			       STR_ARG(prefix));
	}
	*path = text;
	return begins_with_address(text) || refuse(prefix, e);
}

/* "KeyTable" in a message about a table; where the setting stands. */
static void complain(struct conf *c, str name, enum problem_level level,
		     const char *text)
{
	problem_add(c->problems, level, conf_file(c, name), conf_line(c, name),
		    "%.*s: %s", STR_ARG(name), text);
}

static void tell_left_out(struct conf *c, str name, const struct rows *rows)
{
	struct buf b = buf_of(c->arena, 512);

	buf_printf(&b,
		   "%zu rows are left out, the first is of \"%s\": only the "
		   "last column may hold a colon%c",
		   rows->left_out, rows->left_key, '\0');
	complain(c, name, PROBLEM_WARNING, b.p);
}

static bool load_rows(struct conf *c, str name, struct table_spec *spec,
		      str text, struct err *e)
{
	struct dsn *from = arena_new_of(c->arena, struct dsn);
	struct conf_rows *kept;
	struct rows rows;

	if (!dsn_parse(c->arena, text, from, e) ||
	    !rows_read(c->arena, from, TABLE_BYTES_MAX, &rows, e))
		return false;
	spec->name = dsn_label(c->arena, from);
	spec->text = arena_str(c->arena, buf_str(&rows.text));
	if (rows.left_out)
		tell_left_out(c, name, &rows);
	rows_free(&rows);
	kept = arena_new_of(c->arena, struct conf_rows);
	*kept = (struct conf_rows){ c->rows, name, from, spec->text };
	c->rows = kept;
	return true;
}

bool dataset_rows_differ(const struct conf_rows *rows, struct err *e)
{
	struct arena *arena = arena_new(4096);
	struct rows now;
	bool differ = false;

	e->code = ERR_NONE;
	if (!arena || !arena_enter(arena)) {
		arena_free(arena);
		return err_set(e, ERR_INTERNAL, "out of memory");
	}
	if (rows_read(arena, rows->from, TABLE_BYTES_MAX, &now, e)) {
		differ = !str_eq(buf_str(&now.text), rows->text);
		rows_free(&now);
	}
	arena_leave(arena);
	arena_free(arena);
	return differ;
}

static bool load(struct conf *c, str name, struct table_spec *spec, str path,
		 struct err *e)
{
	if (spec->kind == TABLE_ROWS)
		return load_rows(c, name, spec, path, e);
	if (spec->kind == TABLE_LIST) {
		str file = conf_file(c, name);

		spec->name = file.p ? file : STR("built-in default");
		spec->line = conf_line(c, name);
		spec->text = path;
		return true;
	}
	spec->name = path;
	return file_read(c->arena, path.p, TABLE_BYTES_MAX, &spec->text, e);
}

const struct table *dataset_open(struct conf *c, str name, str text,
				 const struct dataset_options *options)
{
	struct table_spec spec = { .fold = options->fold,
				   .seed = options->seed };
	const struct table *t = NULL;
	struct err e;
	str path;

	if (!text.n)
		return NULL;
	if (dataset_parse(text, &spec.kind, &path, &e) &&
	    load(c, name, &spec, path, &e))
		t = table_new(c->arena, &spec, &e);
	if (!t) {
		complain(c, name, PROBLEM_ERROR, e.text);
		return NULL;
	}
	if (table_count(t) == 0)
		complain(c, name,
			 options->required ? PROBLEM_ERROR : PROBLEM_NOTE,
			 "the table has no entries");
	if (table_slow_patterns(t) > 100)
		complain(c, name, PROBLEM_NOTE,
			 "more than 100 patterns have no plain text at either "
			 "end, or are regular expressions: each mail tries "
			 "them one by one");
	return t;
}
