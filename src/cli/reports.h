/* reports: what the commands of "inkan reports" share. */
#ifndef CLI_REPORTS_H
#define CLI_REPORTS_H

#include "cli/cli.h"
#include "report/show.h"
#include "store/query.h"

/* The store that --store names, or the usual one.  NULL: cli->err. */
struct store *reports_store(struct cli *cli, bool create);
/* Until it is closed all questions see one state of it: sums move between its
 * tables. */
struct store *reports_reading(struct cli *cli);
const char *reports_store_url(struct cli *cli);
/* --domain, --since, --until, --failing.  False: cli->err. */
bool reports_filter(struct cli *cli, struct store_filter *f);
/* An option that names a day; *day stays without it.  False: cli->err. */
bool reports_day_option(struct cli *cli, const char *name, int64_t *day);

int reports_import(struct cli *cli, const char *const *paths, size_t n);
int reports_summary(struct cli *cli);
int reports_sources(struct cli *cli);
int reports_list(struct cli *cli);
int reports_advise(struct cli *cli);
int reports_serve(struct cli *cli);
int reports_pages(struct cli *cli, const char *dir);
int reports_export(struct cli *cli, const char *dir);
int reports_send(struct cli *cli);
int reports_digest(struct cli *cli);
int reports_suppress(struct cli *cli, const char *const *rest, size_t n);

json_t *reports_count(uint64_t n);

/* The files below a path: a file, a directory, a Maildir. */
struct reports_file {
	const char *path;
	uint64_t size;
	bool named; /* on the command line, not found in a directory */
	bool mail; /* in a Maildir: other mail may be there */
};
struct reports_files {
	struct reports_file *file;
	size_t n, cap;
	uint64_t bytes;
};
bool reports_find(struct cli *cli, const char *path, struct reports_files *out);

/* A file's octets: read, or mapped when it is large.  Ends with
 * reports_unload. */
struct reports_loaded {
	str octets;
	void *memory;
	bool mapped;
};
bool reports_load(const char *path, struct reports_loaded *out, struct err *e);
void reports_unload(struct reports_loaded *l);

/* Keeps a piece in the directory, with a file beside it that says why. */
bool reports_set_aside(struct cli *cli, const char *dir, str name, str piece,
		       const char *why, struct err *e);

#endif
