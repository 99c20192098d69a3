#include "sqltable/dsn.h"

#include "base/ascii.h"
#include "base/buf.h"

enum { DSN_MAX = 8192 };

/* "=20" is a blank; "=" before anything else is itself. */
static str decoded(struct arena *arena, str s)
{
	char *out = arena_alloc(arena, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '=' && i + 2 < s.n &&
		    ascii_hex(s.p[i + 1]) >= 0 && ascii_hex(s.p[i + 2]) >= 0) {
			out[n++] = (char)(ascii_hex(s.p[i + 1]) * 16 +
					  ascii_hex(s.p[i + 2]));
			i += 2;
		} else {
			out[n++] = s.p[i];
		}
	}
	out[n] = '\0';
	return (str){ out, n };
}

/* What is written into the statement as it is. */
static bool is_name(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is(s.p[i], ASCII_ALPHA | ASCII_DIGIT) &&
		    s.p[i] != '_' && s.p[i] != '.' && s.p[i] != '$')
			return false;
	return s.n > 0 && !(s.p[0] >= '0' && s.p[0] <= '9');
}

static bool wrong_name(const char *what, str s, struct err *e)
{
	return err_set(e, ERR_CONFIG,
		       "dsn: %s=%.*s is no name of SQL: letters, digits, _, $ "
		       "and . are meant (a view can rename the others)",
		       what, STR_ARG(str_head(s, 80)));
}

static bool take_columns(struct dsn *d, str list, struct err *e)
{
	str one;

	while (str_split(&list, ',', &one)) {
		one = str_trim(one);
		if (!is_name(one))
			return wrong_name("datacol", one, e);
		if (d->n_columns == DSN_COLUMNS)
			return err_set(e, ERR_CONFIG,
				       "dsn: datacol names more than %d "
				       "columns",
				       DSN_COLUMNS);
		d->columns[d->n_columns++] = one;
	}
	return true;
}

static bool take_option(struct arena *arena, struct dsn *d, str option,
			struct err *e)
{
	size_t equals = str_find(option, '=');
	str name = str_head(option, equals);
	str value = decoded(arena, str_skip(option, equals + 1));

	if (str_ieq(name, STR("table")))
		d->table = value;
	else if (str_ieq(name, STR("keycol")))
		d->key = value;
	else if (str_ieq(name, STR("filter")))
		d->filter = value;
	else if (str_ieq(name, STR("datacol")))
		return take_columns(d, value, e);
	else
		return err_set(e, ERR_CONFIG,
			       "dsn: \"%.*s\" is not known: table=, keycol=, "
			       "datacol= and filter= are",
			       STR_ARG(str_head(name, 40)));
	return true;
}

static bool take_options(struct arena *arena, struct dsn *d, str options,
			 struct err *e)
{
	str one;

	if (str_find(options, '=') == options.n)
		options = STR(""); /* it is the database's name */
	while (str_split(&options, '?', &one))
		if (one.n && !take_option(arena, d, one, e))
			return false;
	if (!d->table.n || !d->key.n || !d->n_columns)
		return err_set(e, ERR_CONFIG,
			       "dsn: %s is missing: /table=T?keycol=K?"
			       "datacol=A,B,C stands behind the database",
			       !d->table.n ? "table="
			       : !d->key.n ? "keycol="
					   : "datacol=");
	if (!is_name(d->table))
		return wrong_name("table", d->table, e);
	return is_name(d->key) || wrong_name("keycol", d->key, e);
}

static bool take_backend(struct dsn *d, str name, struct err *e)
{
	if (str_ieq(name, STR("pgsql")) || str_ieq(name, STR("postgresql")))
		d->backend = DSN_PGSQL;
	else if (str_ieq(name, STR("sqlite3")) || str_ieq(name, STR("sqlite")))
		d->backend = DSN_SQLITE;
	else
		return err_set(e, ERR_CONFIG,
			       "dsn: \"%.*s\" is not read: pgsql and sqlite3 "
			       "are. Export the rows of another database into "
			       "a text file (KEY VALUE lines) and name it with "
			       "file:",
			       STR_ARG(str_head(name, 40)));
	return true;
}

/* [USER[:PASSWORD]@][PORT+]HOST */
static void take_server(struct arena *arena, struct dsn *d, str s)
{
	size_t at = str_rfind(s, '@');

	if (at < s.n) {
		str who = str_head(s, at);
		size_t colon = str_find(who, ':');

		d->user = decoded(arena, str_head(who, colon));
		if (colon < who.n)
			d->password = decoded(arena, str_skip(who, colon + 1));
		s = str_skip(s, at + 1);
	}

	size_t plus = str_find(s, '+');

	if (plus < s.n) {
		d->port = decoded(arena, str_head(s, plus));
		s = str_skip(s, plus + 1);
	}
	if (s.n)
		d->host = decoded(arena, s);
}

/* "/var/lib/x.db", "localhost/var/lib/x.db" (absolute), "x.db" */
static void take_path(struct arena *arena, struct dsn *d, str s)
{
	str local = STR("localhost/");

	if (str_starts(s, local))
		s = str_skip(s, local.n - 1);
	d->database = decoded(arena, s);
}

bool dsn_parse(struct arena *arena, str text, struct dsn *out, struct err *e)
{
	str rest = text, place;
	size_t i;

	*out = (struct dsn){ 0 };
	if (str_istarts(rest, STR("dsn:")))
		rest = str_skip(rest, 4);
	if (text.n > DSN_MAX)
		return err_set(e, ERR_CONFIG, "dsn: is too long");
	i = str_find(rest, ':');
	if (!str_starts(str_skip(rest, i), STR("://")))
		return err_set(e, ERR_CONFIG,
			       "dsn: begins with BACKEND://, as in "
			       "dsn:pgsql://USER:PASSWORD@HOST/DATABASE/"
			       "table=T?keycol=K?datacol=A,B,C");
	if (!take_backend(out, str_head(rest, i), e))
		return false;
	rest = str_skip(rest, i + 3);
	/* the options begin at the last "/" in front of the first "?" */
	i = str_rfind(str_head(rest, str_find(rest, '?')), '/');
	place = str_head(rest, i);
	if (!take_options(arena, out, str_skip(rest, i + 1), e))
		return false;
	if (out->backend == DSN_SQLITE) {
		take_path(arena, out, place);
	} else {
		i = str_find(place, '/');
		take_server(arena, out, str_head(place, i));
		out->database = decoded(arena, str_skip(place, i + 1));
	}
	return out->database.n > 0 ||
	       err_set(e, ERR_CONFIG, "dsn: names no database");
}

str dsn_label(struct arena *arena, const struct dsn *d)
{
	struct buf b = buf_of(arena, DSN_MAX);

	if (d->backend == DSN_SQLITE)
		buf_printf(&b, "SQLite %.*s", STR_ARG(d->database));
	else
		buf_printf(&b, "PostgreSQL %.*s%s%.*s", STR_ARG(d->host),
			   d->host.n ? "/" : "", STR_ARG(d->database));
	buf_printf(&b, " table %.*s", STR_ARG(d->table));
	return buf_str(&b);
}

str dsn_query(struct arena *arena, const struct dsn *d)
{
	struct buf b = buf_of(arena, (size_t)2 * DSN_MAX);

	buf_printf(&b, "SELECT %.*s", STR_ARG(d->key));
	for (unsigned i = 0; i < d->n_columns; i++)
		buf_printf(&b, ", %.*s", STR_ARG(d->columns[i]));
	buf_printf(&b, " FROM %.*s", STR_ARG(d->table));
	if (d->filter.n)
		buf_printf(&b, " WHERE (%.*s)", STR_ARG(d->filter));
	/* one state of the database gives one text, so that two can be
	 * compared */
	buf_put(&b, STR(" ORDER BY 1"));
	for (unsigned i = 0; i < d->n_columns; i++)
		buf_printf(&b, ", %u", i + 2);
	buf_putc(&b, '\0');
	b.n--;
	return buf_str(&b);
}
