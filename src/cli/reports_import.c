/* inkan reports import. */
#include "base/buf.h"
#include "cli/reports.h"
#include "cli/reports_imap.h"
#include "store/originals.h"

#include <unistd.h>

struct importing {
	struct cli *cli;
	const char *set_aside; /* or NULL */
	const char *path; /* that is being read */
	json_t *failed;
	bool named; /* the path was named, and something in it is bad */
	bool named_failed;
	struct err aside; /* why the last piece could not be set aside */
	bool terminal;
	int64_t keep; /* days that reports are kept as they came */
	uint64_t done, total, files;
	int shown; /* per mille on the bar */
};

/* A bar on a terminal: how far, and how many files. */
static void show(struct importing *im)
{
	enum { WIDTH = 30 };
	char bar[WIDTH + 1];
	int mille = im->total ? (int)(im->done / (im->total / 1000 + 1)) : 0;

	if (!im->terminal || mille == im->shown)
		return;
	im->shown = mille;
	for (int i = 0; i < WIDTH; i++)
		bar[i] = i < mille * WIDTH / 1000 ? '#' : '-';
	bar[WIDTH] = '\0';
	fprintf(stderr, "\r[%s] %3d %%  ", bar, mille / 10);
}

static void clear(struct importing *im)
{
	if (im->terminal && im->shown >= 0)
		fprintf(stderr, "\r%*s\r", 44, "");
	im->shown = -1;
}

static void on_failed(void *arg, str name, str piece, const char *why)
{
	struct importing *im = arg;
	struct err e;

	im->named_failed |= im->named;
	clear(im);
	(void)err_set(&e, ERR_DATA, "%.*s: %s", STR_ARG(str_head(name, 300)),
		      _(why));
	out_warning(e.text);
	json_array_append_new(im->failed,
			      json_pack("{s:o, s:s}", "file", json_of(name),
					"reason", why));
	if (im->set_aside && piece.p &&
	    !reports_set_aside(im->cli, im->set_aside, name, piece, why, &e)) {
		im->aside = e;
		out_warning(e.text);
	}
}

/* What comes by a pipe is nowhere else: it is kept beside the store. */
static const char *beside_store(struct cli *cli)
{
	str url = str_of(reports_store_url(cli));
	size_t slash;
	struct buf b = buf_of(cli->arena, 8192);

	if (!str_starts(url, STR("sqlite:")))
		return "/var/lib/inkan/set-aside";
	url = str_skip(url, sizeof "sqlite:" - 1);
	slash = str_rfind(url, '/');
	buf_put(&b, slash < url.n ? str_head(url, slash + 1) : STR("./"));
	buf_put(&b, STR("set-aside"));
	buf_putc(&b, '\0');
	return buf_str(&b).p;
}

static bool take(struct importing *im, struct importer *importer,
		 const struct reports_file *f, struct err *e, bool *fatal)
{
	const char *asked = args_get(&im->cli->args, "set-aside");
	bool standard = strcmp(f->path, "-") == 0;
	struct reports_loaded l;
	bool ok;

	*fatal = false;
	im->path = f->path;
	im->named = f->named;
	im->set_aside = asked ? asked : standard ? beside_store(im->cli) : NULL;
	if (!reports_load(f->path, &l, e))
		return false;
	ok = importer_take(importer, l.octets,
			   standard ? STR("stdin") : str_of(f->path),
			   f->named || !f->mail, e);
	reports_unload(&l);
	*fatal = !ok;
	return ok;
}

/* A file that cannot be opened is told of, the others are read. */
static bool take_all(struct importing *im, struct importer *importer,
		     const struct reports_files *files, int *status,
		     struct err *e)
{
	bool fatal;

	for (size_t i = 0; i < files->n; i++) {
		show(im);
		if (!take(im, importer, &files->file[i], e, &fatal)) {
			clear(im);
			if (fatal)
				return false;
			*status = out_error(e);
			json_array_append_new(im->failed,
					      json_pack("{s:s, s:s}", "file",
							files->file[i].path,
							"reason", e->text));
		}
		im->done += files->file[i].size;
		im->files++;
	}
	clear(im);
	return importer_commit(importer, e);
}

static void print(struct importing *im, const struct import_counts *c)
{
	char a[32], b[32];

	if (im->cli->json) {
		out_json(json_pack(
			"{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:O}", "reports",
			reports_count(c->store.reports), "records",
			reports_count(c->store.records), "duplicates",
			reports_count(c->store.duplicates), "reused_ids",
			reports_count(c->store.reused), "mended",
			reports_count(c->mended), "rows_skipped",
			reports_count(c->skipped), "other_mail",
			reports_count(c->other), "failed", im->failed));
		return;
	}
	printf(_("imported: %s reports with %s rows\n"),
	       show_number(c->store.reports, a),
	       show_number(c->store.records, b));
	if (c->store.duplicates)
		printf(_("known already: %s\n"),
		       show_number(c->store.duplicates, a));
	if (c->store.reused)
		printf(_("under the id of another, both kept: %s\n"),
		       show_number(c->store.reused, a));
	if (c->mended)
		printf(_("not as the standard says, read all the same: %s\n"),
		       show_number(c->mended, a));
	if (c->skipped)
		printf(_("rows left out, without an address or a count: %s\n"),
		       show_number(c->skipped, a));
	if (c->failed)
		printf(_("not readable: %s\n"), show_number(c->failed, a));
	if (c->other)
		printf(_("other mail, left alone: %s\n"),
		       show_number(c->other, a));
}

/* The same of mailboxes elsewhere. */
static bool take_boxes(struct importing *im, struct importer *importer,
		       const char *const *paths, size_t n, int *status)
{
	struct cli *cli = im->cli;
	bool fatal;

	im->named = false;
	im->set_aside = args_get(&cli->args, "set-aside");
	for (size_t i = 0; i < n; i++) {
		if (!reports_is_imap(paths[i]) ||
		    reports_import_imap(cli, importer, paths[i], &fatal))
			continue;
		if (fatal)
			return false;
		*status = cli_fail(cli);
		json_array_append_new(im->failed,
				      json_pack("{s:s, s:s}", "file", paths[i],
						"reason", cli->err.text));
	}
	return true;
}

/* Names what is not there, goes on with the rest. */
static int find_all(struct cli *cli, const char *const *paths, size_t n,
		    struct importing *im, struct reports_files *files)
{
	int status = 0;

	for (size_t i = 0; i < n; i++)
		if (!reports_is_imap(paths[i]) &&
		    !reports_find(cli, paths[i], files)) {
			status = cli_fail(cli);
			json_array_append_new(im->failed,
					      json_pack("{s:s, s:s}", "file",
							paths[i], "reason",
							cli->err.text));
		}
	return status;
}

static int import_into(struct store *s, struct importing *im,
		       const struct reports_files *files,
		       const char *const *paths, size_t n, int status)
{
	struct cli *cli = im->cli;
	struct import_sink sink = { im, on_failed };
	struct importer *importer = importer_new(s, cli->now, &sink, &cli->err);
	bool ok;

	if (!importer)
		return cli_fail(cli);
	if (im->keep)
		importer_keep(importer);
	ok = take_all(im, importer, files, &status, &cli->err) &&
	     take_boxes(im, importer, paths, n, &status);
	print(im, importer_counts(importer));
	importer_free(importer);
	ok = ok && store_prune_originals(s, cli->now / 86400 - im->keep + 1,
					 &cli->err);
	if (!ok)
		return cli_fail(cli);
	if (im->aside.code)
		return err_exit(&im->aside);
	return im->named_failed && !status ? 65 : status;
}

int reports_import(struct cli *cli, const char *const *paths, size_t n)
{
	struct importing im = {
		.cli = cli,
		.failed = json_array(),
		.terminal = isatty(STDERR_FILENO) != 0,
		.shown = -1,
	};
	struct reports_files files = { 0 };
	struct store *s;
	int status;

	if (!args_number(&cli->args, "keep-xml", 0, 36500, 90, &im.keep,
			 &cli->err)) {
		json_decref(im.failed);
		return cli_fail(cli);
	}
	status = find_all(cli, paths, n, &im, &files);
	s = reports_store(cli, true);

	im.total = files.bytes;
	if (s)
		status = import_into(s, &im, &files, paths, n, status);
	else
		status = cli_fail(cli);
	store_close(s);
	json_decref(im.failed);
	return status;
}
