/* inkan reports export: everything as CSV and as JSON, a file for each kind of
 * row. */
#include "cli/reports.h"
#include "report/tables.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Rows that are of one state of the store, and in memory for some tables. */
enum { AT_ONCE = 20000 };

struct writing {
	const struct table *t;
	FILE *csv, *json;
	struct buf text;
	uint64_t rows;
	uint64_t n; /* of those at once */
	struct table_place last;
};

static void flush(struct writing *w, FILE *to)
{
	(void)fwrite(buf_str(&w->text).p, 1, w->text.n, to);
	w->text.n = 0;
	w->text.overflow = false;
}

static bool take_row(void *arg, const str *values)
{
	struct writing *w = arg;

	table_csv(&w->text, w->t, values);
	flush(w, w->csv);
	buf_put(&w->text, w->rows++ ? STR(",\n") : STR("[\n"));
	table_json(&w->text, w->t, values);
	flush(w, w->json);
	if (++w->n == AT_ONCE)
		table_place(w->t, values, &w->last);
	return true;
}

static bool next_rows(struct writing *w, struct store *s,
		      const struct store_filter *f, struct arena *arena,
		      struct err *e)
{
	const str *after = w->rows ? w->last.key : NULL;
	bool ok;

	arena_reset(arena);
	if (!arena_enter(arena))
		return err_set(e, ERR_INTERNAL, _("out of memory"));
	w->n = 0;
	ok = store_read_begin(s, e);
	if (ok) {
		ok = table_rows(s, w->t, f, after, AT_ONCE, arena, take_row, w,
				e);
		store_read_end(s);
	}
	arena_leave(arena);
	return ok;
}

static bool write_rows(struct writing *w, struct store *s,
		       const struct store_filter *f, struct err *e)
{
	struct arena *arena = arena_new(1 << 16);
	bool ok = arena || err_set(e, ERR_INTERNAL, _("out of memory"));

	while (ok) {
		ok = next_rows(w, s, f, arena, e);
		if (w->n < AT_ONCE)
			break;
	}
	arena_free(arena);
	return ok;
}

/* DIR/NAME.SUFFIX, or with ".new" behind it until it is whole. */
static const char *path_of(struct cli *cli, const char *dir, const char *name,
			   const char *suffix)
{
	size_t n = strlen(dir) + strlen(name) + strlen(suffix) + 2;
	char *path = arena_alloc(cli->arena, n);

	(void)snprintf(path, n, "%s/%s%s", dir, name, suffix);
	return path;
}

static bool finish(FILE *f, const char *from, const char *to, struct err *e)
{
	bool ok = !ferror(f) && fflush(f) == 0 && fsync(fileno(f)) == 0;

	if (fclose(f) == 0 && ok && rename(from, to) == 0)
		return true;
	(void)err_sys(e, _("cannot write %s"), to);
	e->code = ERR_CREATE;
	return false;
}

static bool export_table(struct cli *cli, struct store *s, const char *dir,
			 const struct table *t, const struct store_filter *f)
{
	const char *csv = path_of(cli, dir, t->name, ".csv");
	const char *json = path_of(cli, dir, t->name, ".json");
	const char *new_csv = path_of(cli, dir, t->name, ".csv.new");
	const char *new_json = path_of(cli, dir, t->name, ".json.new");
	struct writing w = { .t = t, .text = buf_of(NULL, TABLE_ROW_MAX) };
	bool ok;

	w.csv = fopen(new_csv, "we");
	w.json = w.csv ? fopen(new_json, "we") : NULL;
	if (!w.json) {
		(void)err_sys(&cli->err, _("cannot write to %s"), dir);
		cli->err.code = ERR_CREATE;
		if (w.csv)
			fclose(w.csv);
		return false;
	}
	table_csv_head(&w.text, t);
	flush(&w, w.csv);
	ok = write_rows(&w, s, f, &cli->err);
	fputs(w.rows ? "\n]\n" : "[]\n", w.json);
	buf_free(&w.text);
	if (!ok) {
		fclose(w.csv);
		fclose(w.json);
		return false;
	}
	ok = finish(w.csv, new_csv, csv, &cli->err);
	return finish(w.json, new_json, json, &cli->err) && ok;
}

int reports_export(struct cli *cli, const char *dir)
{
	struct store_filter f;
	struct store *s;
	bool ok = true;

	if (!reports_filter(cli, &f) || !(s = reports_store(cli, false)))
		return cli_fail(cli);
	if (mkdir(dir, 0750) != 0 && errno != EEXIST) {
		(void)err_sys(&cli->err, _("cannot create %s"), dir);
		cli->err.code = ERR_CREATE;
		ok = false;
	}
	for (size_t i = 0; ok && tables[i].name; i++)
		ok = export_table(cli, s, dir, &tables[i], &f);
	store_close(s);
	if (!ok)
		return cli_fail(cli);
	if (cli->json)
		out_json(json_pack("{s:s}", "directory", dir));
	else
		printf(_("written: reports, records, traffic, tls and failures "
			 "as .csv and .json in %s\n"),
		       dir);
	return 0;
}
